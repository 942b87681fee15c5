//! `coalesce(path)`: another value where there is none.

use super::code::{Code, Printer, Unwritable, Yields};
use super::definition::Definition;
use super::reading::{Parameter, Read, Reading};
use crate::base::diagnostic::Diagnostic;
use crate::model::{Argument, Type};
use crate::rules::columns::BAD_ARGUMENT;

pub(super) const COALESCE: Definition = Definition {
    name: "coalesce",
    usage: "coalesce(body.field)",
    takes: "a value that may be absent",
    input: "a value of a JSON message that may be absent",
    output: "the one at the path instead of an absent one, of the same type; inside a Struct it is read as that type",
    parameters: &[Parameter::Path],
    arguments,
    result: |arguments, input| match (arguments, input) {
        ([Argument::Value(other)], Type::Nullable(_)) => Some(other.ty.clone()),
        _ => None,
    },
    print,
    ..Definition::TEXT
};

/// The value in the place of an absent one, which must be of its type.
fn arguments(reading: &Reading<'_>) -> Read<Vec<Argument>> {
    let [other] = &reading.call.arguments[..] else {
        return Ok(Vec::new());
    };
    let present = reading.on.present();
    match reading.values.value(other, reading.text, Some(present))? {
        Some(found) if found.ty.present() == present => Ok(vec![Argument::Value(found)]),
        _ => {
            let message = format!("`{}` can't replace {present}", other.text);
            let found = Diagnostic::new(&BAD_ARGUMENT, message)
                .at(reading.text.part(other.range.clone()), "of another type")
                .help("`coalesce` takes a path of a JSON message to a value of the same type; a constant text is `default(\"TEXT\")`");
            Err(Box::new(found))
        }
    }
}

fn print(printer: &dyn Printer, arguments: &[Argument], on: Code) -> Result<Code, Unwritable> {
    let [Argument::Value(other)] = arguments else {
        return Err("`coalesce` takes a value".into());
    };
    let other = printer.value(other)?;
    let is_text = |code: &Code| {
        matches!(
            code.yields,
            Yields::Str | Yields::Cow | Yields::Owned | Yields::Enum(_)
        )
    };
    let (on, other) = match on.yields == other.yields {
        true => (on, other),
        false if is_text(&on) && is_text(&other) => (
            printer.text(on)?.into_cow(),
            printer.text(other)?.into_cow(),
        ),
        false => return Err("the two values are of different types".into()),
    };
    if !on.optional || on.attempt.is_some() || other.attempt.is_some() {
        return Err("`coalesce` takes a value of a JSON message that may be absent".into());
    }
    let found = if other.optional {
        "Some(value)"
    } else {
        "value"
    };
    Ok(Code {
        rust: format!(
            "match {} {{ Some(value) => {found}, None => {} }}",
            on.rust, other.rust
        ),
        optional: other.optional,
        ..on
    })
}
