//! Expressions as Rust source: from a root through its functions into a column.

use prost_reflect::{FieldDescriptor, Kind};

use super::columns::base;
use super::names::literal;
use super::readers::{Readers, is_run};
use super::shapes::Shapes;
use crate::model::{ErrorField, Function, Root, Type, Value};

/// What to do when a value can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// The whole call fails.
    Fails,
    /// The column gets its default: a dead letter is stored whatever is wrong with it.
    GivesDefault,
}

/// What expressions are written with.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The shapes, for JSON, arrays and maps.
    pub shapes: &'a Shapes,
    /// The views, for names of fields.
    pub readers: &'a Readers,
    /// What happens to a value that can't be made.
    pub failing: Failing,
}

/// A Rust expression and what it yields.
#[derive(Debug, Clone)]
struct Code {
    rust: String,
    yields: Yields,
    /// Whether it yields an `Option`.
    optional: bool,
    /// With `Failing::GivesDefault`: a `Result` whose success is called `value` in `rust`.
    attempt: Option<String>,
}

/// What an expression yields.
#[derive(Debug, Clone, PartialEq)]
enum Yields {
    Bool,
    I32,
    I64,
    U32,
    U64,
    F32,
    F64,
    /// `&str`
    Str,
    /// `Cow<str>`
    Cow,
    /// `String`
    Owned,
    Bytes,
    /// An enum's number.
    Enum(FieldDescriptor),
    /// The bytes of a message.
    Message(FieldDescriptor),
    /// The bytes of the payload, whose shape is known only at run time.
    Payload,
    /// The occurrences of a repeated field.
    List(FieldDescriptor),
    /// The occurrences of a map field.
    Map(FieldDescriptor),
    /// A JSON object.
    Object,
    Seconds,
    Millis,
}

/// Where the expression can't be written, and why.
pub type Unwritable = String;

impl Writer<'_> {
    /// Statements that append one value to the column that `target` is bound to.
    pub fn store(
        &self,
        target: &str,
        column: &str,
        ty: &Type,
        value: &Value,
    ) -> Result<Vec<String>, Unwritable> {
        let code = self.code(column, value)?;
        let code = self.fit(column, base(ty), code)?;
        let stored = self.put(target, ty, &code)?;
        Ok(vec![match &code.attempt {
            None => stored,
            Some(attempt) => format!(
                "match {attempt} {{ Ok(value) => {{ {stored} }} Err(_) => {target}.default(), }}"
            ),
        }])
    }

    /// An expression that yields an owned text, for a routing key.
    pub fn text(&self, name: &str, value: &Value) -> Result<String, Unwritable> {
        let code = self.code(name, value)?;
        let code = self.fit(name, &Type::String, code)?;
        let rust = match code.optional {
            true => format!("{}.unwrap_or_default()", code.rust),
            false => code.rust,
        };
        match code.yields {
            Yields::Str => Ok(format!("{rust}.to_owned()")),
            Yields::Cow => Ok(format!("{rust}.into_owned()")),
            Yields::Owned => Ok(rust),
            _ => Err("a routing key is text".into()),
        }
    }

    fn code(&self, column: &str, value: &Value) -> Result<Code, Unwritable> {
        let mut code = self.root(&value.root)?;
        for function in &value.functions {
            code = self.apply(column, function, code)?;
        }
        Ok(code)
    }

    fn root(&self, root: &Root) -> Result<Code, Unwritable> {
        match root {
            Root::Now => Ok(code("cx.now_ms", Yields::Millis)),
            Root::TypeName => Ok(code("group.kind.name", Yields::Str)),
            Root::Id => Ok(code("message.id", Yields::Str)),
            Root::Payload => Ok(code("event.payload", Yields::Payload)),
            Root::Header(path) => self.path("header", path),
            Root::Event(path) => self.path("event", path),
            Root::PayloadField(path) => self.path("payload", path),
            Root::Body(path) => body(path),
            Root::WholeBody => Ok(code("message.body", Yields::Object)),
            Root::Error(field) => Ok(error(*field)),
        }
    }

    /// A field, in the view that its parents were read into.
    fn path(&self, root: &str, path: &[FieldDescriptor]) -> Result<Code, Unwritable> {
        let Some((last, parents)) = path.split_last() else {
            return Err(format!("`{root}` alone is no value"));
        };
        let place = self.variable(root, parents);
        let rust = format!("{place}.{}", self.readers.field(last));
        let yields = match last.kind() {
            _ if last.is_map() => Yields::Map(last.clone()),
            _ if last.is_list() => Yields::List(last.clone()),
            Kind::Bool => Yields::Bool,
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Yields::I32,
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Yields::I64,
            Kind::Uint32 | Kind::Fixed32 => Yields::U32,
            Kind::Uint64 | Kind::Fixed64 => Yields::U64,
            Kind::Float => Yields::F32,
            Kind::Double => Yields::F64,
            Kind::String => Yields::Str,
            Kind::Bytes => Yields::Bytes,
            Kind::Enum(_) => Yields::Enum(last.clone()),
            Kind::Message(_) => Yields::Message(last.clone()),
        };
        Ok(Code {
            rust,
            yields,
            optional: !is_run(last) && last.supports_presence(),
            attempt: None,
        })
    }

    /// The variable that holds the view below `root` at the end of `parents`.
    pub fn variable(&self, root: &str, parents: &[FieldDescriptor]) -> String {
        let mut name = root.to_owned();
        for parent in parents {
            name.push('_');
            name.push_str(&self.readers.field(parent));
        }
        name
    }

    fn apply(&self, column: &str, function: &Function, on: Code) -> Result<Code, Unwritable> {
        match function {
            Function::Json | Function::LowCardinality => Ok(on),
            Function::EpochMillis => self.epoch(column, "epoch_millis", on),
            Function::EpochSeconds => self.epoch(column, "epoch_seconds", on),
            Function::NotAfterNow => not_after_now(on),
            Function::DateTime { format, zone } => {
                let text = self.fit(column, &Type::String, on)?;
                let call = format!(
                    "function::datetime({}, {}, {})",
                    text.as_str()?,
                    literal(format),
                    literal(zone)
                );
                Ok(self.attempt(column, call, Yields::Seconds, true))
            }
            Function::Upper => self.fit(column, &Type::String, on)?.mapped("upper"),
            Function::Lower => self.fit(column, &Type::String, on)?.mapped("lower"),
            Function::Default(text) => self.default(column, text, on),
        }
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
                let text = self.fit(column, &Type::String, on)?;
                format!("function::{name}({})", text.as_str()?)
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

    /// A call that may fail.
    fn attempt(&self, column: &str, call: String, yields: Yields, optional: bool) -> Code {
        match self.failing {
            Failing::Fails => Code {
                rust: format!(
                    "{call}.map_err(|reason| Bad::value({}, reason))?",
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

    fn default(&self, column: &str, text: &str, on: Code) -> Result<Code, Unwritable> {
        let number = |on: Code, suffix: &str| match on.optional {
            true => Ok(Code {
                rust: format!("{}.unwrap_or({text}{suffix})", on.rust),
                optional: false,
                ..on
            }),
            false => Err("`default` stands in for a value that can be absent".to_owned()),
        };
        match on.yields {
            Yields::Bool => number(on, ""),
            Yields::I32 => number(on, "_i32"),
            Yields::I64 => number(on, "_i64"),
            Yields::U32 => number(on, "_u32"),
            Yields::U64 => number(on, "_u64"),
            Yields::F32 => number(on, "_f32"),
            Yields::F64 => number(on, "_f64"),
            _ => {
                let on = self.fit(column, &Type::String, on)?;
                let fallback = literal(text);
                let given = match on.optional {
                    true => on.rust.clone(),
                    false => format!("Some({})", on.rust),
                };
                let rust = match on.yields {
                    Yields::Str => {
                        format!("{given}.filter(|text| !text.is_empty()).unwrap_or({fallback})")
                    }
                    _ => format!(
                        "{given}.filter(|text| !text.is_empty()).unwrap_or_else(|| {fallback}.into())"
                    ),
                };
                Ok(Code {
                    rust,
                    optional: false,
                    ..on
                })
            }
        }
    }

    /// The expression with what a column of this type takes.
    fn fit(&self, column: &str, to: &Type, on: Code) -> Result<Code, Unwritable> {
        let same = |on: Code| Ok(on);
        match (to, &on.yields) {
            (Type::Bool, Yields::Bool)
            | (Type::Int32, Yields::I32)
            | (Type::Int64, Yields::I64)
            | (Type::UInt32, Yields::U32)
            | (Type::UInt64, Yields::U64)
            | (Type::Float32, Yields::F32)
            | (Type::Float64, Yields::F64)
            | (Type::String, Yields::Str | Yields::Cow | Yields::Owned | Yields::Bytes)
            | (Type::DateTime, Yields::Seconds)
            | (Type::Millis, Yields::Millis)
            | (Type::Json, Yields::Message(_) | Yields::Payload | Yields::Object)
            | (Type::Array(_), Yields::List(_))
            | (Type::Map(..), Yields::Map(_)) => same(on),
            (Type::Int32, Yields::Enum(_)) => Ok(Code {
                yields: Yields::I32,
                ..on
            }),
            (Type::Int64, Yields::I32 | Yields::U32) => Ok(on.widened("i64", Yields::I64)),
            (Type::UInt64, Yields::U32) => Ok(on.widened("u64", Yields::U64)),
            (Type::Float64, Yields::F32 | Yields::I32 | Yields::U32) => {
                Ok(on.widened("f64", Yields::F64))
            }
            (Type::String, Yields::Enum(field)) => {
                let Kind::Enum(names) = field.kind() else {
                    return Err("an enum has names".into());
                };
                let names = format!("shapes::{}", self.shapes.enum_path(&names));
                Ok(Code {
                    rust: match on.optional {
                        true => format!(
                            "{}.map(|value| function::enum_name({names}, value))",
                            on.rust
                        ),
                        false => format!("function::enum_name({names}, {})", on.rust),
                    },
                    yields: Yields::Cow,
                    ..on
                })
            }
            (Type::Micros, Yields::Message(_)) => {
                let call = match on.optional {
                    true => format!("{}.map(function::timestamp_micros).transpose()", on.rust),
                    false => format!("function::timestamp_micros({})", on.rust),
                };
                Ok(self.attempt(column, call, Yields::I64, on.optional))
            }
            (to, from) => Err(format!(
                "{} has no way into a column of type {}",
                from.name(),
                to
            )),
        }
    }

    /// The statement that appends it.
    fn put(&self, target: &str, ty: &Type, code: &Code) -> Result<String, Unwritable> {
        let rust = &code.rust;
        if !code.optional {
            return self.call(target, ty, &code.yields, rust);
        }
        if ty.is_nullable() {
            let stored = self.call(target, ty, &code.yields, "value")?;
            let stored = stored.trim_end_matches(';');
            return Ok(format!(
                "match {rust} {{ Some(value) => {stored}, None => {target}.null()?, }}"
            ));
        }
        match code.yields {
            Yields::Object => {
                let stored = self.call(target, ty, &code.yields, "value")?;
                let stored = stored.trim_end_matches(';');
                Ok(format!(
                    "match {rust} {{ Some(value) => {stored}, None => {target}.default(), }}"
                ))
            }
            _ => self.call(
                target,
                ty,
                &code.yields,
                &format!("{rust}.unwrap_or_default()"),
            ),
        }
    }

    /// The call that appends a value that is there.
    fn call(
        &self,
        target: &str,
        ty: &Type,
        yields: &Yields,
        rust: &str,
    ) -> Result<String, Unwritable> {
        let scalar = |method: &str| Ok(format!("{target}.{method}({rust})?;"));
        match (base(ty), yields) {
            (Type::Bool, _) => scalar("bool"),
            (Type::Int32, _) => scalar("i32"),
            (Type::Int64 | Type::Millis | Type::Micros, _) => scalar("i64"),
            (Type::UInt32 | Type::DateTime, _) => scalar("u32"),
            (Type::UInt64, _) => scalar("u64"),
            (Type::Float32, _) => scalar("f32"),
            (Type::Float64, _) => scalar("f64"),
            (Type::String, Yields::Cow) => Ok(format!("{target}.text({rust}.as_bytes())?;")),
            (Type::String, _) => scalar("text"),
            (Type::Json, Yields::Object) => scalar("json_object"),
            (Type::Json, Yields::Payload) => Ok(self.nested(
                target,
                &format!("{target}.json_message(group.kind.shape, {rust})"),
            )),
            (Type::Json, Yields::Message(field)) => {
                let Kind::Message(message) = field.kind() else {
                    return Err("only a message can be JSON".into());
                };
                Ok(self.nested(
                    target,
                    &match message.full_name() {
                        "google.protobuf.Struct" => format!("{target}.json_struct({rust})"),
                        _ => format!(
                            "{target}.json_message(&shapes::{}, {rust})",
                            self.shapes.path(&message)
                        ),
                    },
                ))
            }
            (Type::Array(_), Yields::List(field)) => Ok(self.nested(
                target,
                &format!(
                    "{target}.repeated(&{}, {rust})",
                    self.shapes.kind(field, "shapes::")
                ),
            )),
            (Type::Map(..), Yields::Map(field)) => {
                let Kind::Message(entry) = field.kind() else {
                    return Err("a map has entries".into());
                };
                Ok(self.nested(
                    target,
                    &format!(
                        "{target}.map(&shapes::{}, {rust})",
                        self.shapes.path(&entry)
                    ),
                ))
            }
            (ty, yields) => Err(format!(
                "{} has no way into a column of type {}",
                yields.name(),
                ty
            )),
        }
    }

    /// A call that fails where the bytes inside are bad.
    fn nested(&self, target: &str, call: &str) -> String {
        match self.failing {
            Failing::Fails => format!("{call}?;"),
            Failing::GivesDefault => format!("if {call}.is_err() {{ {target}.default(); }}"),
        }
    }
}

// === impl Code ===

impl Code {
    /// The expression as a `&str`; absent is empty.
    fn as_str(&self) -> Result<String, Unwritable> {
        let rust = match self.optional {
            true => format!("{}.unwrap_or_default()", self.rust),
            false => self.rust.clone(),
        };
        match self.yields {
            Yields::Str => Ok(rust),
            Yields::Cow | Yields::Owned => Ok(format!("&{rust}")),
            _ => Err(format!("{} is no text", self.yields.name())),
        }
    }

    /// Through a function from `&str` to `String`.
    fn mapped(self, function: &str) -> Result<Code, Unwritable> {
        let rust = match (self.optional, &self.yields) {
            (true, Yields::Str) => format!("{}.map(function::{function})", self.rust),
            (true, _) => format!("{}.map(|text| function::{function}(&text))", self.rust),
            (false, _) => format!("function::{function}({})", self.as_str()?),
        };
        Ok(Code {
            rust,
            yields: Yields::Owned,
            ..self
        })
    }

    fn widened(self, to: &str, yields: Yields) -> Code {
        let rust = match self.optional {
            true => format!("{}.map({to}::from)", self.rust),
            false => format!("{to}::from({})", self.rust),
        };
        Code {
            rust,
            yields,
            ..self
        }
    }
}

// === impl Yields ===

impl Yields {
    /// What to call it in a message.
    fn name(&self) -> &'static str {
        match self {
            Yields::Bool => "a bool",
            Yields::I32 | Yields::I64 | Yields::U32 | Yields::U64 => "an integer",
            Yields::F32 | Yields::F64 => "a floating-point number",
            Yields::Str | Yields::Cow | Yields::Owned => "text",
            Yields::Bytes => "a field of bytes",
            Yields::Enum(_) => "an enum",
            Yields::Message(_) | Yields::Payload => "a message",
            Yields::List(_) => "a repeated field",
            Yields::Map(_) => "a map",
            Yields::Object => "a JSON object",
            Yields::Seconds | Yields::Millis => "an instant",
        }
    }
}

fn code(rust: &str, yields: Yields) -> Code {
    Code {
        rust: rust.into(),
        yields,
        optional: false,
        attempt: None,
    }
}

/// What is known of a dead letter.
fn error(field: ErrorField) -> Code {
    match field {
        ErrorField::Id => code("letter.id", Yields::Str),
        ErrorField::Reason => code("letter.reason", Yields::Str),
        ErrorField::Class => code("letter.class", Yields::Str),
        ErrorField::Queue => code("letter.queue", Yields::Str),
        ErrorField::Exchange => code("letter.exchange", Yields::Str),
        ErrorField::RoutingKey => code("letter.routing_key", Yields::Str),
        ErrorField::EventType => code("letter.event_type", Yields::Str),
        ErrorField::Attempts => code("letter.attempts", Yields::U32),
        ErrorField::FirstFailed => code("letter.first_failed_ms", Yields::Millis),
        ErrorField::LastFailed => code("letter.last_failed_ms", Yields::Millis),
        ErrorField::Fingerprint => code("letter.fingerprint", Yields::Str),
        ErrorField::ContentType => code("letter.content_type", Yields::Str),
        ErrorField::Body => code("letter.body", Yields::Bytes),
    }
}

/// A field of a JSON message.
fn body(path: &[FieldDescriptor]) -> Result<Code, Unwritable> {
    let Some(last) = path.last() else {
        return Ok(code("message.body", Yields::Object));
    };
    let (function, yields) = match last.kind() {
        _ if last.is_list() => {
            return Err("a repeated field of a JSON message has no column of its own".into());
        }
        _ if last.is_map() => ("object", Yields::Object),
        Kind::Bool => ("boolean", Yields::Bool),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => ("int32", Yields::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => ("int64", Yields::I64),
        Kind::Uint32 | Kind::Fixed32 => ("uint32", Yields::U32),
        Kind::Uint64 | Kind::Fixed64 => ("uint64", Yields::U64),
        Kind::Float => ("float", Yields::F32),
        Kind::Double => ("double", Yields::F64),
        Kind::String | Kind::Enum(_) => ("text", Yields::Cow),
        Kind::Bytes => return Err("bytes have no plain form in a JSON message".into()),
        Kind::Message(_) => ("object", Yields::Object),
    };
    // A message has presence without being marked; only the mark says that the sender may leave it out.
    let optional = match last.kind() {
        Kind::Message(_) => last.field_descriptor_proto().proto3_optional(),
        _ => last.supports_presence(),
    };
    let keys: Vec<String> = path.iter().map(|field| literal(field.name())).collect();
    let prefix = if optional { "optional_" } else { "" };
    Ok(Code {
        rust: format!(
            "json::{prefix}{function}(message.body, &[{}])?",
            keys.join(", ")
        ),
        yields,
        optional,
        attempt: None,
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
