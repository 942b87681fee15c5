//! `parse_json`: text that holds a JSON object as a JSON column.

use super::code::Yields;
use super::definition::{Definition, is_text};
use crate::model::Type;

pub(super) const PARSE_JSON: Definition = Definition {
    name: "parse_json",
    usage: "parse_json",
    input: "text that holds a JSON object; empty text is an empty object",
    output: "JSON",
    result: |_, input| is_text(input).then_some(Type::Json),
    print: |printer, _, on| {
        let call = format!("function::parse_json({})", printer.text(on)?.as_str()?);
        Ok(printer.attempt(call, Yields::Made, true))
    },
    makes_object: true,
    variable: "object",
    ..Definition::TEXT
};
