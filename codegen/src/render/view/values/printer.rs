//! Printer of the functions of a value.

use super::{Shared, Writer};
use crate::function::code::{Code, Printer, Unwritable, Yields};
use crate::model::{Type, Value};

/// Prints the functions of one column's value.
pub(super) struct ValuePrinter<'a> {
    pub(super) writer: &'a Writer<'a>,
    pub(super) column: &'a str,
}

impl Printer for ValuePrinter<'_> {
    fn text(&self, on: Code) -> Result<Code, Unwritable> {
        match self.writer.fit(self.column, &Type::String, on)? {
            // A String column takes any bytes, a function on text doesn't.
            Code {
                yields: Yields::Bytes,
                ..
            } => Err("a field of bytes is not text".to_owned()),
            text => Ok(text),
        }
    }

    fn value(&self, value: &Value) -> Result<Code, Unwritable> {
        self.writer.code(self.column, value, &mut Shared::default())
    }

    fn attempt(&self, call: String, yields: Yields, optional: bool) -> Code {
        self.writer.attempt(self.column, call, yields, optional)
    }
}
