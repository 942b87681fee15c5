//! Texts that an expression gives whatever a message holds: a constant, and defaults.

use std::ops::Range;

use crate::model::{Argument, Root, Value};
use crate::syntax::yaml::Text;

/// What is known of an expression's texts before any message is there.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// The texts that it gives of itself.
    pub(super) texts: Vec<GivenText>,
    /// True if it gives no others.
    pub(super) only: bool,
    /// The function that every other text went through last, if it was one of letters' case.
    pub(super) case: Option<&'static str>,
}

/// A text that an expression gives of itself.
#[derive(Debug, Clone)]
pub(super) struct GivenText {
    /// The text.
    pub(super) text: String,
    /// As it is written, before its letters' case was changed.
    pub(super) written: String,
}

/// Finds out what an expression gives.
pub(super) fn given(value: &Value) -> Given {
    let mut given = Given::default();
    if let Root::Constant(text) = &value.root {
        given.only = true;
        given.add(text);
    }
    for function in &value.functions {
        match (function.name, function.arguments.as_slice()) {
            ("upper" | "lower", _) => {
                given.case = Some(function.name);
                for known in &mut given.texts {
                    known.text = in_case(function.name, &known.text);
                }
            }
            // A constant that isn't empty is never replaced.
            ("default", [Argument::Text(text)]) if !given.only => given.add(text),
            _ => {}
        }
    }
    given
}

impl Given {
    fn add(&mut self, text: &str) {
        self.texts.push(GivenText {
            text: text.to_owned(),
            written: text.to_owned(),
        });
    }

    /// True if the expression can give this text.
    pub(super) fn may_be(&self, text: &str) -> bool {
        let listed = self.texts.iter().any(|known| known.text == text);
        let in_its_case = self.case.is_none_or(|case| in_case(case, text) == text);
        listed || (!self.only && in_its_case)
    }
}

fn in_case(case: &str, text: &str) -> String {
    match case {
        "upper" => text.to_uppercase(),
        _ => text.to_lowercase(),
    }
}

impl GivenText {
    /// Its place in the expression, without quotes.
    pub(super) fn range(&self, expression: &Text) -> Range<usize> {
        let quoted = format!("\"{}\"", self.written);
        match expression.value.find(&quoted) {
            Some(at) => at + 1..at + 1 + self.written.len(),
            None => 0..expression.value.len(),
        }
    }
}
