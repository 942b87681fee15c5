//! Definition of a function of the expression language.

use super::code::{Code, Printer, Unwritable, Yields};
use super::reading::{Parameter, Read, Reading};
use crate::base::diagnostic::Diagnostic;
use crate::model::{Argument, Type};
use crate::rules::columns::BAD_ARGUMENT;

/// A function of the expression language.
pub(crate) struct Definition {
    /// Its name.
    pub(crate) name: &'static str,
    /// A call of it as people write it.
    pub(crate) usage: &'static str,
    /// Accepted input, in a few words for a message.
    pub(crate) takes: &'static str,
    /// Accepted input, for the reference; Markdown.
    pub(crate) input: &'static str,
    /// Result, for the reference; Markdown.
    pub(crate) output: &'static str,
    /// Parameters.
    pub(crate) parameters: &'static [Parameter],
    /// Its arguments as the model has them, or what is wrong with them.
    pub(crate) arguments: fn(&Reading<'_>) -> Read<Vec<Argument>>,
    /// The type that it makes of a type; none if it doesn't take it.
    pub(crate) result: fn(&[Argument], &Type) -> Option<Type>,
    /// Shared first step, which doesn't depend on the arguments, so that several calls share it.
    pub(crate) open: Option<Open>,
    /// The Rust that it is printed as.
    pub(crate) print: Print,
    /// Type that it gives to a value inside a Struct.
    pub(crate) scalar: Option<Scalar>,
    /// True if it takes an object of a JSON message, a value inside a Struct among them.
    pub(crate) of_objects: bool,
    /// True if it gives an object that nobody else has.
    pub(crate) makes_object: bool,
    /// True if it only says what a column is, and does nothing to its values.
    pub(crate) is_label: bool,
    /// True if it reads text from bytes, that haven't been found to be UTF-8.
    pub(crate) reads_bytes: bool,
    /// Name of a variable that holds its result.
    pub(crate) variable: &'static str,
    /// Description of a column that holds its result, for the catalogue; empty for none.
    pub(crate) meaning: &'static str,
}

/// Prints a function over what comes before it.
pub(crate) type Print = fn(&dyn Printer, &[Argument], Code) -> Result<Code, Unwritable>;

/// Shared first step of several calls of a function on the same value.
pub(crate) struct Open {
    /// Prints it over what comes before the function.
    pub(crate) print: fn(&dyn Printer, Code) -> Result<Code, Unwritable>,
    /// Name of a variable that holds it.
    pub(crate) variable: &'static str,
}

/// Type that a function gives to a value inside a Struct.
pub(crate) struct Scalar {
    /// Its type.
    pub(crate) ty: fn() -> Type,
    /// The function of `json` that reads it.
    pub(crate) read: &'static str,
    /// Type of the result of that.
    pub(crate) yields: fn() -> Yields,
}

impl Definition {
    /// A function from text to text, that takes no arguments.
    pub(super) const TEXT: Definition = Definition {
        name: "",
        usage: "",
        takes: "text",
        input: "text",
        output: "text",
        parameters: &[],
        arguments: |reading| reading.texts(),
        result: |_, input| is_text(input).then(|| input.clone()),
        open: None,
        print: |_, _, on| Ok(on),
        scalar: None,
        of_objects: false,
        makes_object: false,
        is_label: false,
        reads_bytes: false,
        variable: "value",
        meaning: "",
    };

    /// A function from an object of a JSON message to another.
    pub(super) const OBJECT: Definition = Definition {
        takes: "a message or a Struct",
        result: |_, input| (*input == Type::Json).then_some(Type::Json),
        of_objects: true,
        ..Definition::TEXT
    };

    /// A function that gives a type to a value inside a Struct.
    pub(super) const SCALAR: Definition = Definition {
        takes: "a value inside a Struct",
        input: "a value inside a Struct",
        // It is for values that have no type yet.
        result: |_, _| None,
        print: |_, _, _| Err("only a value inside a Struct has yet to get a type".into()),
        ..Definition::TEXT
    };

    /// The arguments of a call as the model has them.
    pub(crate) fn read(&self, reading: &Reading<'_>) -> Read<Vec<Argument>> {
        if reading.fits(self.parameters) {
            return (self.arguments)(reading);
        }
        let message = format!("`{}` has the wrong arguments", self.name);
        let found = Diagnostic::new(&BAD_ARGUMENT, message)
            .at(reading.place(), "called here")
            .help(format!("it is written `{}`", self.usage));
        Err(Box::new(found))
    }
}

/// True if values of a type are text, if they are there.
pub(super) fn is_text(ty: &Type) -> bool {
    *ty.present() == Type::String
}

/// The type with NULL among its values, if it is among those of the input.
pub(super) fn absent_like(input: &Type, ty: Type) -> Type {
    match input {
        Type::Nullable(_) => Type::Nullable(Box::new(ty)),
        _ => ty,
    }
}

/// The text that an argument is; empty if it is none.
pub(super) fn text(arguments: &[Argument], at: usize) -> &str {
    match arguments.get(at) {
        Some(Argument::Text(text)) => text,
        _ => "",
    }
}
