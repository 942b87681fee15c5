//! `limits: { ... }` of tables: the longest texts of their columns, as written.

use std::ops::RangeInclusive;

use super::Located;
use super::scalars::{Fields, map, number, size, word};
use crate::base::diagnostic::{Diagnostics, Span};
use crate::base::names;
use crate::syntax::yaml::{Entry, Node, Text, Value};

/// Stands for a text that may be of any length.
pub(crate) const OFF: u64 = 0;

/// Permitted limits: an id has to fit, and no request is longer than this in any column.
const BOUNDS: RangeInclusive<u64> = 16..=256 << 20;

/// `limits: { mode, keys, dictionaries, columns }`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    /// The place of the key; none if nothing is said.
    pub(crate) span: Option<Span>,
    /// `mode: report` (false) or `enforce`.
    pub(crate) enforce: Option<Located<bool>>,
    /// `keys: SIZE` or `off`.
    pub(crate) keys: Option<Located<u64>>,
    /// `dictionaries: SIZE` or `off`.
    pub(crate) dictionaries: Option<Located<u64>>,
    /// `columns: { NAME: ... }` of a table.
    pub(crate) columns: Vec<ColumnLimit>,
}

/// `NAME: SIZE`, or `NAME: { text: SIZE, mode: MODE }`.
#[derive(Debug, Clone)]
pub(crate) struct ColumnLimit {
    /// The column.
    pub(crate) name: Text,
    /// The size, or `off`; none if it could not be read.
    pub(crate) bytes: Option<Located<u64>>,
    /// `mode`, if it isn't the table's.
    pub(crate) enforce: Option<Located<bool>>,
}

/// Text limits of a table, or of the defaults of tables; only a table has columns of its own.
pub(super) fn limits(fields: &Fields<'_>, table: bool, out: &mut Diagnostics) -> Limits {
    let Some(entry) = fields.get("limits") else {
        return Limits::default();
    };
    let mut known = vec!["mode", "keys", "dictionaries"];
    known.extend(table.then_some("columns"));
    let Some(fields) = Fields::open("`limits`", entry.key.span, &entry.node, &known, out) else {
        return Limits::default();
    };
    let mut sized = |key: &str| fields.get(key).and_then(|e| bytes(key, &e.node, out));
    let (keys, dictionaries) = (sized("keys"), sized("dictionaries"));
    let columns = fields.get("columns").filter(|_| table);
    let columns = columns.and_then(|e| map("`columns` of `limits`", &e.node, out));
    Limits {
        span: Some(entry.key.span),
        enforce: mode(&fields, out),
        keys,
        dictionaries,
        columns: columns
            .into_iter()
            .flatten()
            .map(|e| column(e, out))
            .collect(),
    }
}

fn column(entry: &Entry, out: &mut Diagnostics) -> ColumnLimit {
    let name = entry.key.clone();
    let mut limit = ColumnLimit {
        bytes: None,
        enforce: None,
        name: name.clone(),
    };
    let Value::Map(_) = entry.node.value else {
        limit.bytes = bytes(&name.value, &entry.node, out);
        return limit;
    };
    let what = format!("the limit of `{}`", name.value);
    if let Some(fields) = Fields::open(what, name.span, &entry.node, &["text", "mode"], out) {
        let size = fields.require("text", out);
        limit.bytes = size.and_then(|e| bytes("text", &e.node, out));
        limit.enforce = mode(&fields, out);
    }
    limit
}

fn mode(fields: &Fields<'_>, out: &mut Diagnostics) -> Option<Located<bool>> {
    let modes = [("report", false), ("enforce", true)];
    let entry = fields.get("mode")?;
    word("a limit's `mode`", &entry.node, &modes, out)
}

fn bytes(key: &str, node: &Node, out: &mut Diagnostics) -> Option<Located<u64>> {
    if let Value::Scalar(text) = &node.value
        && text.value == "off"
    {
        return Some(Located {
            value: OFF,
            span: text.span,
        });
    }
    let expected = "a size such as 1KiB or 64KiB, or off";
    number(key, node, expected, size, BOUNDS, &names::size, out)
}
