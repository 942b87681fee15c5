//! What the declaration of a PostgreSQL table says as written.

use crate::base::diagnostic::Diagnostics;
use crate::syntax::spec::{self, Fields, TableDefaults, texts, wrong};
use crate::syntax::yaml::{Entry, Text, Value};

/// What the declaration of a PostgreSQL table says.
#[derive(Debug, Default)]
pub(super) struct Declaration {
    /// `unique: [COLUMN, ...]`.
    pub(super) unique: Vec<Text>,
    /// `on_conflict: keep` (none) or `on_conflict: { replace: COLUMN }`.
    pub(super) version: Option<Text>,
    /// `hook: NAME`.
    pub(super) hook: Option<Text>,
    /// `indexes: [COLUMN, [COLUMN, COLUMN]]`.
    pub(super) indexes: Vec<Vec<Text>>,
}

/// Reads it.
pub(super) fn read(table: &spec::Table, _: &TableDefaults, out: &mut Diagnostics) -> Declaration {
    let Some(entries) = &table.store.entries else {
        return Declaration::default();
    };
    let what = format!("table `{}`", table.name.value);
    let fields = Fields::of(what, table.name.span, entries);
    let unique = fields.require("unique", out).map(|e| {
        let unique = texts("`unique`", &e.node, out);
        fields.filled("unique", unique.is_empty(), e, out);
        unique
    });
    let conflict = fields.require("on_conflict", out);
    let indexes = fields.get("indexes").map(|e| indexes(e, out));
    Declaration {
        unique: unique.unwrap_or_default(),
        version: conflict.and_then(|e| version(e, out)),
        hook: fields.text("hook", out),
        indexes: indexes.unwrap_or_default(),
    }
}

/// The column of `{ replace: COLUMN }`; none for `keep`, or for what can't be read, which is reported.
fn version(entry: &Entry, out: &mut Diagnostics) -> Option<Text> {
    if let Value::Map(_) = entry.node.value {
        let what = "`on_conflict`";
        let fields = Fields::open(what, entry.key.span, &entry.node, &["replace"], out)?;
        fields.require("replace", out)?;
        return fields.text("replace", out);
    }
    match &entry.node.value {
        Value::Scalar(word) if word.value == "keep" => {}
        _ => out.push(wrong("`on_conflict`", "`keep`", &entry.node).help(
            "`keep` (the first row stays), or `{ replace: COLUMN }` (the greatest COLUMN stays)",
        )),
    }
    None
}

fn indexes(entry: &Entry, out: &mut Diagnostics) -> Vec<Vec<Text>> {
    match &entry.node.value {
        Value::List(items) => items.iter().map(|i| texts("an index", i, out)).collect(),
        _ => vec![texts("`indexes`", &entry.node, out)],
    }
}
