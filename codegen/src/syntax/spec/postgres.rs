//! What a table with `store: postgres` says as written.

use super::Located;
use super::scalars::{Fields, texts, word, wrong};
use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::rules::postgres::OTHER_STORE;
use crate::syntax::yaml::{Entry, Text, Value};

/// Keys that belong to tables of one kind of database only.
const CLICKHOUSE_KEYS: [&str; 6] = [
    "database",
    "engine",
    "partition_by",
    "order_by",
    "replaces",
    "dead_letters",
];
/// See [`CLICKHOUSE_KEYS`].
pub(super) const POSTGRES_KEYS: [&str; 4] = ["unique", "on_conflict", "hook", "indexes"];

/// `store: postgres` and the keys that go with it.
#[derive(Debug)]
pub(crate) struct Upsert {
    /// `unique: [COLUMN, ...]`.
    pub(crate) unique: Vec<Text>,
    /// `on_conflict: keep` (none) or `on_conflict: { replace: COLUMN }`.
    pub(crate) version: Option<Text>,
    /// `hook: NAME`.
    pub(crate) hook: Option<Text>,
    /// `indexes: [COLUMN, [COLUMN, COLUMN]]`.
    pub(crate) indexes: Vec<Vec<Text>>,
}

/// Reads what is PostgreSQL's of a table; none if the table is ClickHouse's.
pub(super) fn read(name: &Text, fields: &Fields<'_>, out: &mut Diagnostics) -> Option<Upsert> {
    let stores = [("clickhouse", false), ("postgres", true)];
    let entry = fields.get("store");
    let store: Option<Located<bool>> =
        entry.and_then(|e| word("a table's `store`", &e.node, &stores, out));
    let Some(store) = store.filter(|store| store.value) else {
        refuse(name, fields, &POSTGRES_KEYS, ("ClickHouse", name.span), out);
        return None;
    };
    refuse(
        name,
        fields,
        &CLICKHOUSE_KEYS,
        ("PostgreSQL", store.span),
        out,
    );
    let unique = fields.require("unique", out).map(|e| {
        let unique = texts("`unique`", &e.node, out);
        fields.filled("unique", unique.is_empty(), e, out);
        unique
    });
    let conflict = fields.require("on_conflict", out);
    Some(Upsert {
        unique: unique.unwrap_or_default(),
        version: conflict.and_then(|e| version(e, out)),
        hook: fields.text("hook", out),
        indexes: fields
            .get("indexes")
            .map(|e| indexes(e, out))
            .unwrap_or_default(),
    })
}

fn refuse(
    name: &Text,
    fields: &Fields<'_>,
    keys: &[&str],
    (store, place): (&str, Span),
    out: &mut Diagnostics,
) {
    for entry in keys.iter().filter_map(|key| fields.get(key)) {
        let message = format!(
            "table `{}` is in {store}, where `{}` has no meaning",
            name.value, entry.key.value
        );
        out.push(
            Diagnostic::new(&OTHER_STORE, message)
                .at(entry.key.span, "not in such a table")
                .and(Some(place), format!("in {store}")),
        );
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
