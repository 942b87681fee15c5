//! The rule about the longest texts of columns.

use crate::base::rule::Rule;

/// The rules of this file.
pub(super) const RULES: &[&Rule] = &[&TEXT_LIMIT];

pub(crate) const TEXT_LIMIT: Rule = Rule {
    code: "EG066",
    name: "text-limit",
    purpose: "A limit applies to a text column, in a table whose messages can be refused.",
    text: "`limits` sets the maximum length of texts in columns: String and LowCardinality, nullable or not. Numbers \
           and instants have the length of their type; a list, a map or JSON is as long as its message, which \
           `max_request` bounds. Columns that a hook fills aren't filled from messages. PostgreSQL has no \
           dictionaries. The dead-letter table keeps everything unchanged, since it is the last resort.",
    bad: "columns: { name: $type, params: $payload | json }\nlimits: { columns: { params: 64KiB } }",
    good: "columns: { name: $type, params: $payload | json }\nlimits: { columns: { name: 256 } }",
};
