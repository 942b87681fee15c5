//! Expressions as Rust source: from a root through its functions into a column.

mod events;
mod fit;
mod objects;
mod printer;
mod roots;
mod shared;
mod store;

use super::columns::base;
use super::readers::Readers;
use super::shapes::Shapes;
use crate::function;
pub use crate::function::code::Unwritable;
use crate::function::code::{Code, Yields};
use crate::model::{Root, Type, Value};
use printer::ValuePrinter;
use shared::Prefix;
pub use shared::Shared;

/// Reaction to a value that can't be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failing {
    /// The whole call fails, and names the column.
    Fails,
    /// The whole call fails, and names the field: there are no columns.
    NamesField,
    /// The column gets its default: a dead letter is stored whatever is wrong with it.
    GivesDefault,
}

/// Writer of expressions.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// The shapes, for JSON, arrays and maps.
    pub shapes: &'a Shapes,
    /// The views, for names of fields.
    pub readers: &'a Readers,
    /// Reaction to a value that can't be made.
    pub failing: Failing,
    /// True if app events have no views: their fields are read one by one, by their numbers.
    pub by_path: bool,
}

impl Writer<'_> {
    /// Statements that append one value to the column that `target` is bound to.
    pub fn store(
        &self,
        target: &str,
        column: &str,
        ty: &Type,
        value: &Value,
        shared: &mut Shared,
    ) -> Result<Vec<String>, Unwritable> {
        let code = self.code(column, value, shared)?;
        let code = self.fit(column, base(ty), code)?;
        let stored = self.put(target, ty, &code)?;
        let mut statements = shared.statements();
        statements.push(match &code.attempt {
            None => stored,
            Some(attempt) => format!(
                "match {attempt} {{ Ok(value) => {{ {stored} }} Err(_) => {target}.default(), }}"
            ),
        });
        Ok(statements)
    }

    /// An expression that yields an owned text, for a routing key.
    pub fn text(&self, name: &str, value: &Value) -> Result<String, Unwritable> {
        let code = self.code(name, value, &mut Shared::default())?;
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

    /// An expression that yields an owned text of a text or a whole number, empty if it isn't there.
    pub fn key(&self, name: &str, value: &Value) -> Result<String, Unwritable> {
        let code = self.code(name, value, &mut Shared::default())?;
        match (&code.yields, code.optional) {
            (Yields::I32 | Yields::I64 | Yields::U32 | Yields::U64, false) => {
                Ok(format!("{}.to_string()", code.rust))
            }
            (Yields::I32 | Yields::I64 | Yields::U32 | Yields::U64, true) => Ok(format!(
                "{}.map(|key| key.to_string()).unwrap_or_default()",
                code.rust
            )),
            _ => self.text(name, value),
        }
    }

    /// The value's code, with a variable for what it has in common with others.
    fn code(&self, column: &str, value: &Value, shared: &mut Shared) -> Result<Code, Unwritable> {
        let mut prefix = Prefix::of(&value.root);
        let said = value.functions.split_first().and_then(|(first, rest)| {
            let scalar = function::of(first).scalar.as_ref()?;
            Some((first, scalar, rest))
        });
        let (code, functions) = match (&value.root, said) {
            // The declared type of a value inside a Struct decides how it is read.
            (Root::Untyped { fields, keys }, Some((first, scalar, rest))) => {
                prefix.push(first);
                let code = roots::untyped(fields, keys, scalar.read, (scalar.yields)());
                (code, rest)
            }
            (root, _) => (self.root(root)?, &value.functions[..]),
        };
        let printer = ValuePrinter {
            writer: self,
            column,
        };
        let mut code = shared.bind(&prefix, code);
        for step in functions {
            let definition = function::of(step);
            if let Some(open) = &definition.open {
                code = (open.print)(&printer, code)?;
                code = shared.bind(&prefix.opened(open), code);
            }
            code = (definition.print)(&printer, &step.arguments, code)?;
            prefix.push(step);
            code = shared.bind(&prefix, code);
        }
        Ok(code)
    }
}
