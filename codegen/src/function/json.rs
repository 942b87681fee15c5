//! `json`: a message, a Struct or a map as a JSON column.

use super::definition::Definition;

pub(crate) const JSON: Definition = Definition {
    name: "json",
    usage: "json",
    input: "a message, a Struct, an object inside one, `$payload`, `body`, `$headers`",
    output: "JSON",
    is_label: true,
    ..Definition::OBJECT
};
