//! `without("key")`: the object without a member.

use super::definition::{Definition, text};
use super::reading::Parameter;

pub(super) const WITHOUT: Definition = Definition {
    name: "without",
    usage: "without(\"key\")",
    input: "as `with`",
    output: "the object without that member",
    parameters: &[Parameter::Text],
    print: |_, arguments, on| on.through_object("without", &[text(arguments, 0)]),
    makes_object: true,
    variable: "object",
    ..Definition::OBJECT
};
