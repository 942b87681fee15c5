//! Expressions as Rust source: from a root through its functions into a column.

mod code;
mod fit;
mod functions;
mod roots;
mod store;

use super::columns::base;
use super::readers::Readers;
use super::shapes::Shapes;
use crate::model::{Function, Root, Scalar, Type, Value};
use code::{Code, Yields};

/// What to do when a value can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// The whole call fails, and names the column.
    Fails,
    /// The whole call fails, and names the field: there are no columns.
    NamesField,
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

    /// An expression that yields an owned JSON object.
    pub fn object(&self, name: &str, value: &Value) -> Result<String, Unwritable> {
        let code = self.code(name, value)?;
        match (&code.yields, code.optional) {
            (Yields::Made, true) if makes_its_own(value) => {
                Ok(format!("{}.unwrap_or_default()", code.rust))
            }
            (Yields::Made, false) if makes_its_own(value) => Ok(code.rust),
            (Yields::Object | Yields::Made, true) => Ok(format!(
                "{}.map(function::copy).unwrap_or_default()",
                code.rust
            )),
            (Yields::Object | Yields::Made, false) => Ok(format!("function::copy({})", code.rust)),
            _ => Err("a body is an object of a JSON message".into()),
        }
    }

    /// An expression that yields an `Option` of what becomes a JSON value.
    pub fn member(&self, name: &str, value: &Value) -> Result<String, Unwritable> {
        let code = self.code(name, value)?;
        let code = match code.yields {
            Yields::Enum(_) => self.fit(name, &Type::String, code)?,
            _ => code,
        };
        let owned = match (&code.yields, code.optional) {
            (Yields::Made, _) if makes_its_own(value) => code.rust,
            (Yields::Object | Yields::Made, true) => format!("{}.map(function::copy)", code.rust),
            (Yields::Object | Yields::Made, false) => format!("function::copy({})", code.rust),
            (
                Yields::Bool
                | Yields::I32
                | Yields::I64
                | Yields::U32
                | Yields::U64
                | Yields::F32
                | Yields::F64
                | Yields::Str
                | Yields::Cow
                | Yields::Owned,
                _,
            ) => code.rust,
            (other, _) => return Err(format!("JSON has no {}", other.name())),
        };
        Ok(match code.optional {
            true => owned,
            false => format!("Some({owned})"),
        })
    }

    fn code(&self, column: &str, value: &Value) -> Result<Code, Unwritable> {
        let (mut code, functions) = match (&value.root, &value.functions[..]) {
            // What a value inside a Struct is decides how it is read.
            (Root::Untyped { fields, keys }, [Function::As(scalar), rest @ ..]) => {
                let (function, yields) = match scalar {
                    Scalar::Text => ("text", Yields::Cow),
                    Scalar::Integer => ("int64", Yields::I64),
                    Scalar::Number => ("double", Yields::F64),
                    Scalar::Boolean => ("boolean", Yields::Bool),
                };
                (roots::untyped(fields, keys, function, yields), rest)
            }
            (root, functions) => (self.root(root)?, functions),
        };
        for function in functions {
            code = self.apply(column, function, code)?;
        }
        Ok(code)
    }
}

/// Whether the last function gives an object that nobody else has.
fn makes_its_own(value: &Value) -> bool {
    matches!(
        value.functions.last(),
        Some(Function::Without(_) | Function::WithoutNulls | Function::ParseJson)
    )
}
