//! `rfc3339`: an instant as text.

use super::code::{Code, Unwritable, Yields};
use super::definition::{Definition, absent_like};
use crate::model::Type;

pub(super) const RFC3339: Definition = Definition {
    name: "rfc3339",
    usage: "rfc3339",
    takes: "an instant",
    input: "an instant from the above",
    output: "text, as in `2025-10-09T08:53:20.123Z`",
    result: |_, input| match input.present() {
        Type::DateTime | Type::Millis | Type::Micros => Some(absent_like(input, Type::String)),
        _ => None,
    },
    print: |_, _, on| print(on),
    variable: "text",
    ..Definition::TEXT
};

fn print(on: Code) -> Result<Code, Unwritable> {
    let micros = |at: &str| match on.yields {
        Yields::Seconds => Ok(format!("i64::from({at}) * 1_000_000")),
        Yields::Millis => Ok(format!("{at} * 1000")),
        Yields::Micros => Ok(at.to_owned()),
        _ => Err(format!(
            "`rfc3339` takes an instant, not {}",
            on.yields.name()
        )),
    };
    Ok(Code {
        rust: match on.optional {
            true if on.yields == Yields::Micros => format!("{}.map(function::rfc3339)", on.rust),
            true => format!("{}.map(|at| function::rfc3339({}))", on.rust, micros("at")?),
            false => format!("function::rfc3339({})", micros(&on.rust)?),
        },
        yields: Yields::Owned,
        ..on
    })
}
