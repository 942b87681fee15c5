//! Arguments of calls, and their forms in the model.

use crate::base::diagnostic::{Diagnostic, Span};
use crate::model::{Argument, Root, Type, Value};
use crate::syntax::expression::{self, Call};
use crate::syntax::yaml::Text;

/// Result of reading, or its diagnostic.
pub(crate) type Read<T> = Result<T, Box<Diagnostic>>;

/// Kind of a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// Text in quotes.
    Text,
    /// Text in quotes, that can be left out.
    OptionalText,
    /// A path to another value.
    Path,
    /// `$now`.
    Now,
}

/// Other values that can be named where an expression stands.
pub(crate) trait Values {
    /// The value at a path. With `like` it is one of a JSON message, and read as that type inside a Struct. None if no
    /// single value is there.
    fn value(
        &self,
        path: &expression::Argument,
        text: &Text,
        like: Option<&Type>,
    ) -> Read<Option<Value>>;
}

/// Call, and its context.
pub(crate) struct Reading<'a> {
    /// The call.
    pub(crate) call: &'a Call,
    /// The text that it is in.
    pub(crate) text: &'a Text,
    /// Type of the value that it is called on.
    pub(crate) on: &'a Type,
    /// Other values.
    pub(crate) values: &'a dyn Values,
}

impl Reading<'_> {
    /// The place of the function's name.
    pub(crate) fn place(&self) -> Span {
        self.text.part(self.call.name.range.clone())
    }

    /// True if the arguments are what they have to be.
    pub(crate) fn fits(&self, parameters: &[Parameter]) -> bool {
        let given = &self.call.arguments;
        let needed = parameters.iter().filter(|p| **p != Parameter::OptionalText);
        let is = |(parameter, argument): (&Parameter, &expression::Argument)| match parameter {
            Parameter::Text | Parameter::OptionalText => argument.quoted,
            Parameter::Path => !argument.quoted,
            Parameter::Now => !argument.quoted && argument.text == "$now",
        };
        (needed.count()..=parameters.len()).contains(&given.len())
            && parameters.iter().zip(given).all(is)
    }

    /// The arguments, which are texts, as they stand there.
    pub(crate) fn texts(&self) -> Read<Vec<Argument>> {
        let arguments = self.call.arguments.iter();
        Ok(arguments
            .map(|argument| Argument::Text(argument.text.clone()))
            .collect())
    }

    /// `$now` as the only argument.
    pub(crate) fn now(&self) -> Read<Vec<Argument>> {
        Ok(vec![Argument::Value(Value {
            root: Root::Now,
            functions: Vec::new(),
            ty: Type::Millis,
        })])
    }
}
