//! `header("name")`: a header out of an object of headers.

use std::ops::Range;

use super::code::{Code, Unwritable, Yields};
use super::definition::{Definition, text};
use super::reading::{Parameter, Read, Reading};
use crate::base::diagnostic::Diagnostic;
use crate::base::literal::literal;
use crate::base::names::is_header;
use crate::model::{Argument, Type};
use crate::rules::webhooks::HEADER_NAME;
use crate::syntax::yaml::Text;

pub(super) const HEADER: Definition = Definition {
    name: "header",
    usage: "header(\"Referer\")",
    input: "an object of headers, each a text or a list of them; the case of the name doesn't matter",
    output: "text, the first of a list; absent if there is none",
    parameters: &[Parameter::Text],
    arguments,
    result: |_, input| (*input == Type::Json).then(|| Type::Nullable(Box::new(Type::String))),
    print: |_, arguments, on| print(text(arguments, 0), on),
    ..Definition::OBJECT
};

fn arguments(reading: &Reading<'_>) -> Read<Vec<Argument>> {
    let names = reading.call.arguments.iter();
    names
        .map(|name| {
            let known = checked(&name.text, name.range.clone(), reading.text)?;
            Ok(Argument::Text(known))
        })
        .collect()
}

/// A header's name, if HTTP could have it.
pub(crate) fn checked(name: &str, range: Range<usize>, text: &Text) -> Read<String> {
    if is_header(name) {
        return Ok(name.to_owned());
    }
    let message = format!("`{name}` is not a valid header name");
    let found = Diagnostic::new(&HEADER_NAME, message).at(text.part(range), "not a name");
    Err(Box::new(found.help("a name holds letters, digits and -._")))
}

/// The header of this name.
pub(crate) fn print(name: &str, on: Code) -> Result<Code, Unwritable> {
    let name = literal(name);
    let rust = match (on.optional, &on.yields) {
        (true, Yields::Object) => {
            format!(
                "{}.and_then(|headers| function::header(headers, {name}))",
                on.rust
            )
        }
        (false, Yields::Object) => format!("function::header({}, {name})", on.rust),
        _ => return Err("`header` takes an object of a JSON message".into()),
    };
    Ok(Code {
        rust,
        yields: Yields::Cow,
        optional: true,
        ..on
    })
}
