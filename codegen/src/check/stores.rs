//! Checks that each table's store has of its own, and of the defaults that stores take.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::resolve::{Resolved, Table, repeated};
use crate::rules::keys::{INDEX_COLUMN, UNKNOWN_COLUMN};

/// Lets each store check its tables.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    default_partitions(resolved, out);
    default_indexes(resolved, out);
    for table in &resolved.tables {
        table.store.check(&resolved.typed(table), out);
    }
}

/// A default that fits no table is a typing mistake.
fn default_partitions(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let Some(default) = &resolved.spec.table_defaults.partition_by else {
        return;
    };
    let used = |table: &Table<'_>| {
        let partition_by = resolved.typed(table).partition_by;
        partition_by.is_some_and(|p| p.span == default.span)
    };
    let tables = &resolved.tables;
    if !tables.iter().any(used) && tables.iter().all(|t| t.complete) {
        let message = format!("no table has the columns of `{}`", default.value);
        let found = Diagnostic::new(&UNKNOWN_COLUMN, message).at(default.span, "not in any table");
        out.push(found.help("a table that names no partitions has these, if it has their columns"));
    }
}

/// The same of a column that no table has.
fn default_indexes(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let defaults = &resolved.spec.table_defaults.indexes;
    repeated("`indexes`", defaults, out);
    let tables = &resolved.tables;
    for name in defaults {
        let has = |table: &Table<'_>| {
            let mut columns = table.columns.iter();
            table.store.has_shards() && columns.any(|c| c.column.name == name.value)
        };
        if !tables.iter().any(has) && tables.iter().all(|t| t.complete) {
            let message = format!("no ClickHouse table has a column `{}`", name.value);
            let found = Diagnostic::new(&INDEX_COLUMN, message).at(name.span, "not in any table");
            out.push(
                found.help("tables that name no indexes have these, if they have the columns"),
            );
        }
    }
}
