//! `without_query`: an address without its query and fragment.

use super::definition::Definition;

pub(super) const WITHOUT_QUERY: Definition = Definition {
    name: "without_query",
    usage: "without_query",
    input: "text, an address",
    output: "the address up to its query or fragment",
    print: |printer, _, on| printer.text(on)?.mapped("without_query"),
    ..Definition::TEXT
};
