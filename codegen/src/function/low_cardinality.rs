//! `low_cardinality`: text as a dictionary column.

use super::definition::{Definition, is_text};
use crate::model::Type;

pub(crate) const LOW_CARDINALITY: Definition = Definition {
    name: "low_cardinality",
    usage: "low_cardinality",
    output: "LowCardinality(String); the last function",
    result: |_, input| is_text(input).then(|| Type::LowCardinality(Box::new(input.clone()))),
    is_label: true,
    ..Definition::TEXT
};
