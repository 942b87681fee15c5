//! Other names for ClickHouse tables and columns, with the former ones beside them.

use super::ddl::{add_index, drop_index, materialize_index, name, text};
use crate::store::{FORMER_NAME, TableFacts};

/// Reason why a column can't get another name: the server renames none that its files are sorted, split or merged by.
pub(super) fn keeps_name(before: &TableFacts, column: &str) -> Option<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mentions = |text: &str| text.split(|c| !is_word(c)).any(|word| word == column);
    let keys = [
        ("the table's sorting key", &before.order_by),
        ("the table's partition key", &before.partition_by),
        ("the table's engine", &before.engine),
    ];
    let (what, _) = keys.into_iter().find(|(_, key)| mentions(key))?;
    Some(format!(
        "{what} names it, and ClickHouse renames no column of a key"
    ))
}

/// Statements that give a column another name. Queries find it under the former one; rows are inserted under the new one
/// only.
pub(super) fn column(table: &str, before: &TableFacts, (from, to): (&str, &str)) -> Vec<String> {
    let columns = before.columns.iter();
    let mut ty = columns
        .filter(|(name, _)| name == from)
        .map(|(_, ty)| ty.as_str());
    let ty = ty.next_back().unwrap_or_default();
    let column = format!(
        "FROM system.columns WHERE database = currentDatabase() AND table = {} AND name = {}",
        text(table),
        text(to)
    );
    let comment = text(&format!("Former name of {to}"));
    let renamed = format!(
        "-- Queries find the column under its former name, too; instances of the former build hold their rows back.\n\
             -- if: SELECT count() = 0 {column}\n\
             ALTER TABLE {} RENAME COLUMN {} TO {}, ADD COLUMN {} {ty} ALIAS {} COMMENT {comment}",
        name(table),
        name(from),
        name(to),
        name(from),
        name(to)
    );
    if before.indexes.iter().all(|column| column != from) {
        return vec![renamed];
    }
    let target = name(table);
    vec![
        drop_index(&target, from),
        renamed,
        add_index(&target, to),
        materialize_index(&target, to),
    ]
}

/// Statements that give a table another name. Queries and inserts find it under the former ones.
pub(super) fn table(to: &str, from: &str, others: &[String]) -> Vec<String> {
    let of = |table: &str| {
        format!(
            "FROM system.tables WHERE database = currentDatabase() AND name = {}",
            text(table)
        )
    };
    let why = text(&format!(
        "{from} is a replicated or distributed table; rename it by hand, ON CLUSTER, as docs/changes.md says"
    ));
    let mut statements = vec![
        format!(
            "SELECT throwIf(engine NOT LIKE '%MergeTree' OR engine LIKE 'Replicated%', {why})\n{} AND engine NOT IN \
             ('Alias', 'View')\nFORMAT Null",
            of(from)
        ),
        format!(
            "-- if: SELECT count() > 0 {} AND engine NOT IN ('Alias', 'View')\nRENAME TABLE {} TO {}",
            of(from),
            name(from),
            name(to)
        ),
    ];
    statements.extend(others.iter().map(|former| forget(former)));
    for former in std::iter::once(from).chain(others.iter().map(String::as_str)) {
        let engine = "FROM system.table_engines WHERE name = 'Alias'";
        statements.push(format!(
            "-- Queries and inserts find the table under its former name, too.\n\
             -- if: SELECT count() > 0 {engine}\nCREATE TABLE IF NOT EXISTS {} ENGINE = Alias({})",
            name(former),
            text(to)
        ));
        statements.push(format!(
            "-- A server without such tables: queries find it; instances of the former build hold their rows back.\n\
             -- if: SELECT count() = 0 {engine}\nCREATE VIEW IF NOT EXISTS {} AS SELECT * FROM {}",
            name(former),
            name(to)
        ));
    }
    statements
}

/// Statement that takes the former name of a table away.
pub(in crate::store) fn forget(former: &str) -> String {
    format!(
        "{FORMER_NAME}\n-- if: SELECT count() > 0 FROM system.tables WHERE database = currentDatabase() AND name = {} AND engine \
         IN ('Alias', 'View')\nDROP TABLE IF EXISTS {}",
        text(former),
        name(former)
    )
}

/// Statement that takes the former name of a column away.
pub(in crate::store) fn forget_column(table: &str, former: &str) -> String {
    format!(
        "{FORMER_NAME}\n-- if: SELECT count() > 0 FROM system.columns WHERE database = currentDatabase() AND table = {} AND name = {} \
         AND default_kind = 'ALIAS'\n{}",
        text(table),
        text(former),
        drop_column(table, former)
    )
}

fn drop_column(table: &str, column: &str) -> String {
    format!(
        "ALTER TABLE {} DROP COLUMN IF EXISTS {}",
        name(table),
        name(column)
    )
}
