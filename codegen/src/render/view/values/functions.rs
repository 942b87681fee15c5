//! The functions that a value goes through.

use super::code::{Code, Yields};
use super::{Failing, Unwritable, Writer};
use crate::model::{Function, Type, Value};
use crate::render::view::names::literal;

impl Writer<'_> {
    pub(super) fn apply(
        &self,
        column: &str,
        function: &Function,
        on: Code,
    ) -> Result<Code, Unwritable> {
        match function {
            Function::Json | Function::LowCardinality => Ok(on),
            Function::EpochMillis => self.epoch(column, "epoch_millis", on),
            Function::EpochSeconds => self.epoch(column, "epoch_seconds", on),
            Function::NotAfterNow => not_after_now(on),
            Function::DateTime {
                format,
                zone,
                fraction,
            } => {
                let text = self.text_of(column, on)?;
                let (name, yields) = match fraction {
                    true => ("datetime_micros", Yields::Micros),
                    false => ("datetime", Yields::Seconds),
                };
                let call = format!(
                    "function::{name}({}, {}, {})",
                    text.as_str()?,
                    literal(format),
                    literal(zone)
                );
                Ok(self.attempt(column, call, yields, true))
            }
            Function::ParseJson => {
                let text = self.text_of(column, on)?;
                let call = format!("function::parse_json({})", text.as_str()?);
                Ok(self.attempt(column, call, Yields::Made, true))
            }
            Function::UserAgent(part) => {
                let text = self.text_of(column, on)?;
                let found = format!("function::user_agent({}).{}", text.as_str()?, part.name);
                Ok(Code {
                    rust: match part.truth {
                        true => found,
                        false => format!("{found}.as_str()"),
                    },
                    yields: if part.truth {
                        Yields::Bool
                    } else {
                        Yields::Str
                    },
                    optional: false,
                    ..text
                })
            }
            Function::Header(name) => header(name, on),
            Function::WithoutQuery => self.text_of(column, on)?.mapped("without_query"),
            Function::Without(key) => object(on, "without", &format!(", {}", literal(key))),
            Function::WithoutNulls => object(on, "without_nulls", ""),
            Function::Rfc3339 => rfc3339(on),
            Function::With { key, value } => self.with(column, key, value, on),
            Function::Upper => self.text_of(column, on)?.mapped("upper"),
            Function::Lower => self.text_of(column, on)?.mapped("lower"),
            Function::Default(text) => self.default(column, text, on),
            Function::Coalesce(other) => self.coalesce(column, other, on),
            Function::As(_) => Err("only a value inside a Struct has yet to get a type".into()),
        }
    }

    /// The other value where there is none.
    fn coalesce(&self, column: &str, other: &Value, on: Code) -> Result<Code, Unwritable> {
        let other = self.code(column, other)?;
        let is_text = |code: &Code| {
            matches!(
                code.yields,
                Yields::Str | Yields::Cow | Yields::Owned | Yields::Enum(_)
            )
        };
        let (on, other) = match on.yields == other.yields {
            true => (on, other),
            false if is_text(&on) && is_text(&other) => (
                self.text_of(column, on)?.into_cow(),
                self.text_of(column, other)?.into_cow(),
            ),
            false => return Err("the two values are of different types".into()),
        };
        if !on.optional || on.attempt.is_some() || other.attempt.is_some() {
            return Err("`coalesce` takes a value of a JSON message that may be absent".into());
        }
        let found = if other.optional {
            "Some(value)"
        } else {
            "value"
        };
        Ok(Code {
            rust: format!(
                "match {} {{ Some(value) => {found}, None => {} }}",
                on.rust, other.rust
            ),
            optional: other.optional,
            ..on
        })
    }

    /// Text or a number to an instant.
    fn epoch(&self, column: &str, name: &str, on: Code) -> Result<Code, Unwritable> {
        let number = match on.yields {
            Yields::I64 => Some("value"),
            Yields::I32 | Yields::U32 => Some("i64::from(value)"),
            // What i64 can't hold, the column can't either, and the function says so.
            Yields::U64 => Some("i64::try_from(value).unwrap_or(i64::MAX)"),
            _ => None,
        };
        let call = match number {
            None => {
                let text = self.text_of(column, on)?;
                let rust = text.as_str()?;
                // A text that is owned is not by itself bytes; what comes from a view is, or is a `str`.
                match rust.strip_prefix('&') {
                    Some(owned) => format!("function::{name}({owned}.as_bytes())"),
                    None => format!("function::{name}({rust})"),
                }
            }
            Some("value") if on.optional => {
                format!("{}.map_or(Ok(None), function::{name}_int)", on.rust)
            }
            Some(number) if on.optional => format!(
                "{}.map_or(Ok(None), |value| function::{name}_int({number}))",
                on.rust
            ),
            Some(number) => {
                format!(
                    "function::{name}_int({})",
                    number.replace("value", &on.rust)
                )
            }
        };
        Ok(self.attempt(column, call, Yields::Millis, true))
    }

    /// An object with one more member.
    fn with(&self, column: &str, key: &str, value: &Value, on: Code) -> Result<Code, Unwritable> {
        let member = self.code(column, value)?;
        let member = match member.optional {
            true => member.rust,
            false => format!("Some({})", member.rust),
        };
        let key = literal(key);
        let object = match (on.optional, &on.yields) {
            (_, Yields::Object | Yields::Made) if on.attempt.is_none() => &on.rust,
            _ => return Err("`with` takes an object of a JSON message".into()),
        };
        let borrow = if on.yields == Yields::Made { "&" } else { "" };
        Ok(Code {
            rust: match on.optional {
                true => format!(
                    "match {object} {{ Some(object) => Some(function::with({borrow}object, {key}, {member})), None => None }}"
                ),
                false => format!("function::with({borrow}{object}, {key}, {member})"),
            },
            yields: Yields::Made,
            ..on
        })
    }

    /// A call that may fail.
    pub(super) fn attempt(
        &self,
        column: &str,
        call: String,
        yields: Yields,
        optional: bool,
    ) -> Code {
        match self.failing {
            Failing::Fails | Failing::NamesField => Code {
                rust: format!(
                    "{call}.map_err(|reason| Bad::{}({}, reason))?",
                    match self.failing {
                        Failing::NamesField => "field",
                        _ => "value",
                    },
                    literal(column)
                ),
                yields,
                optional,
                attempt: None,
            },
            Failing::GivesDefault => Code {
                rust: "value".into(),
                yields,
                optional,
                attempt: Some(call),
            },
        }
    }

    /// Another text where there is none, or an empty one.
    fn default(&self, column: &str, text: &str, on: Code) -> Result<Code, Unwritable> {
        let on = self.text_of(column, on)?;
        let fallback = literal(text);
        let given = match on.optional {
            true => on.rust.clone(),
            false => format!("Some({})", on.rust),
        };
        let instead = match on.yields {
            Yields::Str => format!("unwrap_or({fallback})"),
            _ => format!("unwrap_or_else(|| {fallback}.into())"),
        };
        Ok(Code {
            rust: format!("{given}.filter(|text| !text.is_empty()).{instead}"),
            optional: false,
            ..on
        })
    }

    /// The expression as text; an enum as its name.
    fn text_of(&self, column: &str, on: Code) -> Result<Code, Unwritable> {
        match self.fit(column, &Type::String, on)? {
            // A String column takes any bytes, a function on text doesn't.
            Code {
                yields: Yields::Bytes,
                ..
            } => Err("a field of bytes is not text".to_owned()),
            text => Ok(text),
        }
    }
}

/// Through a function from one object of a JSON message to another.
fn object(on: Code, function: &str, arguments: &str) -> Result<Code, Unwritable> {
    if !matches!(on.yields, Yields::Object | Yields::Made) || on.attempt.is_some() {
        return Err(format!("`{function}` takes an object of a JSON message"));
    }
    Ok(Code {
        rust: match on.optional {
            true if arguments.is_empty() => format!("{}.map(function::{function})", on.rust),
            true => format!(
                "{}.map(|object| function::{function}(object{arguments}))",
                on.rust
            ),
            false => format!("function::{function}({}{arguments})", on.rust),
        },
        yields: Yields::Made,
        ..on
    })
}

/// An instant as text.
fn rfc3339(on: Code) -> Result<Code, Unwritable> {
    let micros = |at: &str| match on.yields {
        Yields::Seconds => Ok(format!("i64::from({at}) * 1_000_000")),
        Yields::Millis => Ok(format!("{at} * 1000")),
        Yields::Micros => Ok(at.to_owned()),
        _ => Err(format!(
            "`rfc3339` takes an instant, not {}",
            on.yields.name()
        )),
    };
    Ok(Code {
        rust: match on.optional {
            true => format!("{}.map(|at| function::rfc3339({}))", on.rust, micros("at")?),
            false => format!("function::rfc3339({})", micros(&on.rust)?),
        },
        yields: Yields::Owned,
        ..on
    })
}

/// A header out of an object of a JSON message.
pub(super) fn header(name: &str, on: Code) -> Result<Code, Unwritable> {
    let name = literal(name);
    let rust = match (on.optional, &on.yields) {
        (true, Yields::Object) => {
            format!(
                "{}.and_then(|headers| function::header(headers, {name}))",
                on.rust
            )
        }
        (false, Yields::Object) => format!("function::header({}, {name})", on.rust),
        _ => return Err("`header` takes an object of a JSON message".into()),
    };
    Ok(Code {
        rust,
        yields: Yields::Cow,
        optional: true,
        ..on
    })
}

fn not_after_now(on: Code) -> Result<Code, Unwritable> {
    if on.yields != Yields::Millis {
        return Err(format!(
            "`not_after` takes an instant, not {}",
            on.yields.name()
        ));
    }
    let at = match on.optional {
        true => on.rust.clone(),
        false => format!("Some({})", on.rust),
    };
    Ok(Code {
        rust: format!("function::not_after({at}, cx.now_ms)"),
        optional: false,
        ..on
    })
}
