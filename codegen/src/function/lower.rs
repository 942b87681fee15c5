//! `lower`: text in lower case.

use super::definition::Definition;

pub(super) const LOWER: Definition = Definition {
    name: "lower",
    usage: "lower",
    output: "the text in lower case",
    print: |printer, _, on| printer.text(on)?.mapped("lower"),
    variable: "text",
    ..Definition::TEXT
};
