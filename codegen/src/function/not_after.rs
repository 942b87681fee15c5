//! `not_after($now)`: no instant that lies ahead of the server's clock.

use super::code::{Code, Unwritable, Yields};
use super::definition::Definition;
use super::reading::Parameter;
use crate::model::Type;

pub(super) const NOT_AFTER: Definition = Definition {
    name: "not_after",
    usage: "not_after($now)",
    takes: "DateTime64(3, 'UTC'), as `epoch_millis` gives it",
    input: "an instant from the above",
    output: "the same; a later or absent one becomes the server's clock",
    parameters: &[Parameter::Now],
    arguments: |reading| reading.now(),
    result: |_, input| (*input.present() == Type::Millis).then_some(Type::Millis),
    print: |_, _, on| print(on),
    variable: "time",
    meaning: "Where that is missing or lies ahead, the server's clock.",
    ..Definition::TEXT
};

fn print(on: Code) -> Result<Code, Unwritable> {
    if on.yields != Yields::Millis {
        return Err(format!(
            "`not_after` takes an instant, not {}",
            on.yields.name()
        ));
    }
    let at = match on.optional {
        true => on.rust.clone(),
        false => format!("Some({})", on.rust),
    };
    Ok(Code {
        rust: format!("function::not_after({at}, cx.now_ms)"),
        optional: false,
        ..on
    })
}
