//! JSON objects and their members, of which requests are made.

use super::{Shared, Unwritable, Writer};
use crate::function;
use crate::function::code::Yields;
use crate::model::{Type, Value};

impl Writer<'_> {
    /// An expression that yields an owned JSON object.
    pub fn object(
        &self,
        name: &str,
        value: &Value,
        shared: &mut Shared,
    ) -> Result<String, Unwritable> {
        let code = self.code(name, value, shared)?;
        let own = self.by_path || makes_its_own(value);
        match (&code.yields, code.optional) {
            (Yields::Made, true) if own => Ok(format!("{}.unwrap_or_default()", code.rust)),
            (Yields::Made, false) if own => Ok(code.rust),
            (Yields::Object | Yields::Made, true) => Ok(format!(
                "{}.map(function::copy).unwrap_or_default()",
                code.rust
            )),
            (Yields::Object | Yields::Made, false) => Ok(format!("function::copy({})", code.rust)),
            _ => Err("a body is an object of a JSON message".into()),
        }
    }

    /// An expression that yields an `Option` of what becomes a JSON value.
    pub fn member(
        &self,
        name: &str,
        value: &Value,
        shared: &mut Shared,
    ) -> Result<String, Unwritable> {
        let code = self.code(name, value, shared)?;
        let code = match code.yields {
            Yields::Enum(_) => self.fit(name, &Type::String, code)?,
            _ => code,
        };
        let own = self.by_path || makes_its_own(value);
        let owned = match (&code.yields, code.optional) {
            (Yields::Made, _) if own => code.rust,
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
}

/// True if the last function gives an object that nobody else has.
fn makes_its_own(value: &Value) -> bool {
    let last = value.functions.last();
    last.is_some_and(|step| function::of(step).makes_object)
}
