//! Steps of expressions: functions by name, with their arguments.

use super::{Root, Value};

/// A step of an expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name, as a file of `function/` defines it.
    pub name: &'static str,
    /// Its arguments, as the definition reads them.
    pub arguments: Vec<Argument>,
}

/// An argument of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// A text.
    Text(String),
    /// Another value.
    Value(Value),
}

// === impl Function ===

impl Function {
    /// A function without arguments.
    pub fn new(name: &'static str) -> Self {
        Function {
            name,
            arguments: Vec::new(),
        }
    }

    /// A function whose arguments are texts.
    pub fn of_texts(name: &'static str, texts: &[&str]) -> Self {
        Function {
            name,
            arguments: texts
                .iter()
                .map(|text| Argument::Text((*text).to_owned()))
                .collect(),
        }
    }

    /// A function whose argument is another value.
    pub fn of_value(name: &'static str, value: Value) -> Self {
        Function {
            name,
            arguments: vec![Argument::Value(value)],
        }
    }
}

// === impl Value ===

impl Value {
    /// True if it is made from a message's headers.
    pub fn uses_headers(&self) -> bool {
        self.starts_from(&|root| matches!(root, Root::Headers | Root::HeaderOf(_)))
    }

    /// True if it is made from the server's clock.
    pub fn uses_now(&self) -> bool {
        self.starts_from(&|root| matches!(root, Root::Now))
    }

    /// True if its root, or that of a value among its arguments, is such a one.
    fn starts_from(&self, is: &dyn Fn(&Root) -> bool) -> bool {
        let arguments = self
            .functions
            .iter()
            .flat_map(|function| &function.arguments);
        let mut values = arguments.filter_map(|argument| match argument {
            Argument::Value(value) => Some(value),
            Argument::Text(_) => None,
        });
        is(&self.root) || values.any(|value| value.starts_from(is))
    }
}
