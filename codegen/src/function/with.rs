//! `with("key", body.field)`: the object with one more member, where there is a value for it.

use super::code::{Code, Printer, Unwritable, Yields};
use super::definition::{Definition, text};
use super::reading::{Parameter, Read, Reading};
use crate::base::diagnostic::Diagnostic;
use crate::base::literal::literal;
use crate::model::{Argument, Root, Type};
use crate::rules::columns::BAD_ARGUMENT;

pub(super) const WITH: Definition = Definition {
    name: "with",
    usage: "with(\"key\", body.field)",
    input: "a Struct or a map of the body, `body`; a single value of the body",
    output: "the object with one more member, if there is a value",
    parameters: &[Parameter::Text, Parameter::Path],
    arguments,
    print,
    ..Definition::OBJECT
};

/// The key, and a single value out of the body.
fn arguments(reading: &Reading<'_>) -> Read<Vec<Argument>> {
    let [key, value] = &reading.call.arguments[..] else {
        return Ok(Vec::new());
    };
    if let Some(found) = reading.values.value(value, reading.text, None)?
        && matches!(
            found.root,
            Root::Body(_) | Root::Id | Root::ClientOfMessage | Root::HeaderOf(_)
        )
        && *found.ty.present() != Type::Json
    {
        return Ok(vec![
            Argument::Text(key.text.clone()),
            Argument::Value(found),
        ]);
    }
    let message = format!("`{}` can't be a member of an object", value.text);
    let found = Diagnostic::new(&BAD_ARGUMENT, message)
        .at(reading.text.part(value.range.clone()), "not a single value")
        .help(
            "`with` takes text, a number or a boolean from the body: `with(\"key\", body.field)`",
        );
    Err(Box::new(found))
}

fn print(printer: &dyn Printer, arguments: &[Argument], on: Code) -> Result<Code, Unwritable> {
    let Some(Argument::Value(value)) = arguments.get(1) else {
        return Err("`with` takes a value".into());
    };
    let member = printer.value(value)?;
    let member = match member.optional {
        true => member.rust,
        false => format!("Some({})", member.rust),
    };
    let key = literal(text(arguments, 0));
    let object = match (on.optional, &on.yields) {
        (_, Yields::Object | Yields::Made) if on.attempt.is_none() => &on.rust,
        _ => return Err("`with` takes an object of a JSON message".into()),
    };
    let borrow = if on.yields == Yields::Made { "&" } else { "" };
    Ok(Code {
        rust: match on.optional {
            true => format!(
                "match {object} {{ Some(object) => Some(function::with({borrow}object, {key}, {member})), None => None }}"
            ),
            false => format!("function::with({borrow}{object}, {key}, {member})"),
        },
        yields: Yields::Made,
        ..on
    })
}
