//! `user_agent("part")`: a part of a user agent.

use super::code::{Code, Unwritable, Yields};
use super::definition::{Definition, Open, is_text, text};
use super::reading::{Parameter, Read, Reading};
use crate::base::diagnostic::Diagnostic;
use crate::base::names::suggest;
use crate::model::{Argument, Type};
use crate::rules::columns::BAD_ARGUMENT;

/// Parts of a user agent, and true for those that are boolean rather than text.
pub(crate) const PARTS: [(&str, bool); 12] = [
    ("mozilla", false),
    ("platform", false),
    ("os", false),
    ("os_name", false),
    ("os_full_name", false),
    ("os_version", false),
    ("localization", false),
    ("model", false),
    ("browser_name", false),
    ("browser_version", false),
    ("bot", true),
    ("mobile", true),
];

pub(crate) const USER_AGENT: Definition = Definition {
    name: "user_agent",
    usage: "user_agent(\"browser_name\")",
    input: "text; the part is mozilla, platform, os, os_name, os_full_name, os_version, localization, model, \
            browser_name, browser_version, bot or mobile",
    output: "text, empty if the user agent doesn't name it; `bot` and `mobile` are true or false",
    parameters: &[Parameter::Text],
    arguments,
    result: |arguments, input| {
        is_text(input).then_some(match is_truth(text(arguments, 0)) {
            true => Type::Bool,
            false => Type::String,
        })
    },
    // Several columns read one user agent.
    open: Some(Open {
        print: |printer, on| {
            let on = printer.text(on)?;
            Ok(Code {
                rust: format!("function::user_agent({})", on.as_str()?),
                yields: Yields::Agent,
                optional: false,
                ..on
            })
        },
        variable: "agent",
    }),
    print: |_, arguments, on| print(text(arguments, 0), on),
    ..Definition::TEXT
};

fn is_truth(part: &str) -> bool {
    PARTS.contains(&(part, true))
}

fn arguments(reading: &Reading<'_>) -> Read<Vec<Argument>> {
    let known = |part: &str| PARTS.iter().any(|(name, _)| *name == part);
    let wrong = reading.call.arguments.iter().find(|part| !known(&part.text));
    let Some(part) = wrong else {
        return reading.texts();
    };
    let message = format!("a user agent has no part `{}`", part.text);
    let names = PARTS.iter().map(|(name, _)| *name);
    let found = Diagnostic::new(&BAD_ARGUMENT, message)
        .at(reading.text.part(part.range.clone()), "unknown")
        .help(suggest(&part.text, names, "it says"));
    Err(Box::new(found))
}

/// One part of a user agent.
fn print(part: &str, on: Code) -> Result<Code, Unwritable> {
    if on.yields != Yields::Agent {
        return Err("a part of a user agent comes from one".into());
    }
    Ok(match is_truth(part) {
        true => Code {
            rust: format!("{}.{part}", on.rust),
            yields: Yields::Bool,
            ..on
        },
        false => Code {
            rust: format!("{}.{part}.as_str()", on.rust),
            yields: Yields::Str,
            ..on
        },
    })
}
