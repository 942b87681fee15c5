//! The Rust that expressions are printed as, and what it yields.

use prost_reflect::FieldDescriptor;

use crate::base::literal::literal;
use crate::model::Value;

/// Reason why an expression can't be written, with its position.
pub type Unwritable = String;

/// Interface to the printer of expressions, for functions.
pub(crate) trait Printer {
    /// The expression as text; an enum as its name.
    fn text(&self, on: Code) -> Result<Code, Unwritable>;

    /// The code of another value.
    fn value(&self, value: &Value) -> Result<Code, Unwritable>;

    /// A call that may fail: an expression of type `Result`, with what its success yields.
    fn attempt(&self, call: String, yields: Yields, optional: bool) -> Code;
}

/// A Rust expression and what it yields.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) rust: String,
    pub(crate) yields: Yields,
    /// True if it yields an `Option`.
    pub(crate) optional: bool,
    /// With `Failing::GivesDefault`: a `Result` whose success is called `value` in `rust`.
    pub(crate) attempt: Option<String>,
}

/// Type of an expression's result.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Yields {
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
    /// A JSON object of the message.
    Object,
    /// A list of JSON objects of the message.
    Objects,
    /// A JSON object that was made of others.
    Made,
    /// A parsed user agent.
    Agent,
    Seconds,
    Millis,
    Micros,
}

// === impl Code ===

impl Code {
    /// The expression as a `&str`; absent is empty.
    pub(crate) fn as_str(&self) -> Result<String, Unwritable> {
        let rust = match self.optional {
            true => format!("{}.unwrap_or_default()", self.rust),
            false => self.rust.clone(),
        };
        match self.yields {
            Yields::Str => Ok(rust),
            Yields::Cow | Yields::Owned => Ok(format!("&{rust}")),
            _ => Err(format!("{} is not text", self.yields.name())),
        }
    }

    /// The expression, a text, as a `Cow<str>`.
    pub(crate) fn into_cow(self) -> Code {
        let rust = match (&self.yields, self.optional) {
            (Yields::Cow, _) => self.rust,
            (_, true) => format!("{}.map(function::cow)", self.rust),
            (_, false) => format!("function::cow({})", self.rust),
        };
        Code {
            rust,
            yields: Yields::Cow,
            ..self
        }
    }

    /// Through a function from `&str` to `String`.
    pub(crate) fn mapped(self, function: &str) -> Result<Code, Unwritable> {
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

    /// Through a function from one object of a JSON message to another, whose further arguments are texts.
    pub(crate) fn through_object(self, function: &str, texts: &[&str]) -> Result<Code, Unwritable> {
        if !matches!(self.yields, Yields::Object | Yields::Made) || self.attempt.is_some() {
            return Err(format!("`{function}` takes an object of a JSON message"));
        }
        let arguments: String = texts.iter().map(|t| format!(", {}", literal(t))).collect();
        Ok(Code {
            rust: match self.optional {
                true if arguments.is_empty() => format!("{}.map(function::{function})", self.rust),
                true => format!(
                    "{}.map(|object| function::{function}(object{arguments}))",
                    self.rust
                ),
                false => format!("function::{function}({}{arguments})", self.rust),
            },
            yields: Yields::Made,
            ..self
        })
    }

    /// As another number, which every value of this one is.
    pub(crate) fn widened(self, to: &str, yields: Yields) -> Code {
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
    /// Name in messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Yields::Bool => "a bool",
            Yields::I32 | Yields::I64 | Yields::U32 | Yields::U64 => "an integer",
            Yields::F32 | Yields::F64 => "a floating-point number",
            Yields::Str | Yields::Cow | Yields::Owned => "text",
            Yields::Bytes => "a field of bytes",
            Yields::Enum(_) => "an enum",
            Yields::Message(_) | Yields::Payload => "a message",
            Yields::List(_) | Yields::Objects => "a repeated field",
            Yields::Map(_) => "a map",
            Yields::Object | Yields::Made => "a JSON object",
            Yields::Agent => "a user agent",
            Yields::Seconds | Yields::Millis | Yields::Micros => "an instant",
        }
    }
}

/// An expression that always yields something.
pub(crate) fn code(rust: &str, yields: Yields) -> Code {
    Code {
        rust: rust.into(),
        yields,
        optional: false,
        attempt: None,
    }
}
