//! What the declaration of a ClickHouse table says as written.

use crate::base::diagnostic::Diagnostics;
use crate::syntax::spec::{self, Fields, TableDefaults, texts};
use crate::syntax::yaml::Text;

/// What the declaration of a ClickHouse table says.
#[derive(Debug, Default)]
pub(super) struct Declaration {
    /// `database: NAME`, if it isn't in the usual one.
    pub(super) database: Option<Text>,
    /// `engine: ReplacingMergeTree(COLUMN)`, or that of the defaults.
    pub(super) engine: Option<Text>,
    /// `partition_by: EXPRESSION`, in SQL, or `none`.
    pub(super) partition_by: Option<Text>,
    /// `order_by: [COLUMN, ...]`.
    pub(super) order_by: Vec<Text>,
    /// `rebuilt_from: [COLUMN, ...]`: the sorting key that the table had before.
    pub(super) rebuilt_from: Vec<Text>,
    /// `indexes: [COLUMN, ...]`.
    pub(super) indexes: Vec<Text>,
    /// The columns of `indexes` of the defaults, for tables that say nothing.
    pub(super) default_indexes: Vec<Text>,
    /// `shard_by: [COLUMN, ...]`: the columns whose hash says which shard holds a row; empty for the usual ones.
    pub(super) shard_by: Vec<Text>,
}

/// Reads it.
pub(super) fn read(
    table: &spec::Table,
    defaults: &TableDefaults,
    out: &mut Diagnostics,
) -> Declaration {
    let Some(entries) = &table.store.entries else {
        return Declaration::default();
    };
    let what = format!("table `{}`", table.name.value);
    let fields = Fields::of(what, table.name.span, entries);
    let engine = match (fields.get("engine"), &defaults.engine) {
        (None, Some(engine)) => Some(engine.clone()),
        _ => {
            fields.require("engine", out);
            fields.text("engine", out)
        }
    };
    let order_by = fields.require("order_by", out).map(|e| {
        let keys = texts("`order_by`", &e.node, out);
        fields.filled("order_by", keys.is_empty(), e, out);
        keys
    });
    let rebuilt_from = fields.get("rebuilt_from").map(|e| {
        let keys = texts("`rebuilt_from`", &e.node, out);
        fields.filled("rebuilt_from", keys.is_empty(), e, out);
        keys
    });
    let shard_by = fields.get("shard_by").map(|e| {
        let columns = texts("`shard_by`", &e.node, out);
        fields.filled("shard_by", columns.is_empty(), e, out);
        columns
    });
    let indexes = fields
        .get("indexes")
        .map(|e| texts("`indexes`", &e.node, out));
    Declaration {
        default_indexes: match indexes {
            Some(_) => Vec::new(),
            None => defaults.indexes.clone(),
        },
        indexes: indexes.unwrap_or_default(),
        database: fields.text("database", out),
        engine,
        partition_by: fields.text("partition_by", out),
        order_by: order_by.unwrap_or_default(),
        rebuilt_from: rebuilt_from.unwrap_or_default(),
        shard_by: shard_by.unwrap_or_default(),
    }
}
