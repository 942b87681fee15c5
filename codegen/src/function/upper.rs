//! `upper`: text in upper case.

use super::definition::Definition;

pub(super) const UPPER: Definition = Definition {
    name: "upper",
    usage: "upper",
    output: "the text in upper case",
    print: |printer, _, on| printer.text(on)?.mapped("upper"),
    variable: "text",
    ..Definition::TEXT
};
