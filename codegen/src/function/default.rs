//! `default("text")`: a text instead of an absent or empty one.

use super::code::{Code, Printer, Unwritable, Yields};
use super::definition::{Definition, is_text, text};
use super::reading::Parameter;
use crate::base::literal::literal;
use crate::model::{Argument, Type};

pub(super) const DEFAULT: Definition = Definition {
    name: "default",
    usage: "default(\"unknown\")",
    output: "the text instead of an absent or empty one",
    parameters: &[Parameter::Text],
    result: |_, input| is_text(input).then_some(Type::String),
    print,
    ..Definition::TEXT
};

fn print(printer: &dyn Printer, arguments: &[Argument], on: Code) -> Result<Code, Unwritable> {
    let on = printer.text(on)?;
    let fallback = literal(text(arguments, 0));
    let given = match on.optional {
        true => on.rust.clone(),
        false => format!("Some({})", on.rust),
    };
    let instead = match on.yields {
        Yields::Str => format!("unwrap_or({fallback})"),
        _ => format!("unwrap_or_else(|| {fallback}.into())"),
    };
    Ok(Code {
        rust: format!("{given}.filter(|text| !text.is_empty()).{instead}"),
        optional: false,
        ..on
    })
}
