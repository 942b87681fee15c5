//! What the example queries of every store need: plain names, and the columns to search by.

use crate::base::names::is_identifier;
use crate::model::{Column, From, Root, Table, Type};

/// Words that a query would take for a part of itself.
const WORDS: [&str; 23] = [
    "all", "and", "array", "as", "by", "desc", "distinct", "end", "final", "format", "from",
    "group", "having", "in", "interval", "limit", "not", "or", "order", "select", "settings",
    "user", "where",
];

/// True if a name needs no quotes in a query.
pub(super) fn is_plain(text: &str) -> bool {
    is_identifier(text) && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// The column with what this root gives.
pub(super) fn column<'a>(table: &'a Table, root: &Root) -> Option<&'a Column> {
    let is = |c: &&Column| matches!(&c.from, From::Value(value) if value.root == *root);
    table.columns.iter().find(is)
}

/// The time to search by: one that `partition_by` names, or else the first that isn't the server's.
pub(super) fn time<'a>(table: &'a Table, partition_by: &str) -> Option<&'a Column> {
    let is_time = |c: &&Column| matches!(c.ty, Type::DateTime | Type::Millis | Type::Micros);
    let words = |c: &&Column| {
        let mut words = partition_by.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        words.any(|word| word == c.name)
    };
    let ours = |c: &&Column| !matches!(&c.from, From::Value(value) if value.root == Root::Now);
    let times = || table.columns.iter().filter(is_time);
    times()
        .find(words)
        .or_else(|| times().find(ours))
        .or_else(|| times().next())
}
