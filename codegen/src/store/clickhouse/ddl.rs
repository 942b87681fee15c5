//! SQL for ClickHouse: every name and text is quoted here and nowhere else.

use crate::model::{ClickHouse, Ddl, Table};
use crate::store::{Column, Dialect as _};

/// Retried inserts are recognised by their token, and an insert is on disk before it is answered.
///
/// The columns of an inserted part share one file, however large it is: each path of a JSON column would be several
/// files, and to write and sync those costs more than all the rest of an insert. Parts that were merged, once they have
/// 10 MiB, have files of their own: ClickHouse merges into those column by column, and into one file row by row, which
/// takes several times as long.
const SETTINGS: &str = "non_replicated_deduplication_window = 1000, fsync_after_insert = 1, \
     fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1";

/// The same where replicas recognise a retried insert in Keeper.
const REPLICATED: &str = "fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 10485760, \
     min_level_for_wide_part = 1";

/// The same in ClickHouse Cloud, which has no disks.
const CLOUD: &str = "min_bytes_for_wide_part = 10485760, min_level_for_wide_part = 1";

/// The settings of a table.
pub(super) fn settings(own: &ClickHouse) -> &'static str {
    match own.sharding.as_ref().map(|sharding| &sharding.cluster) {
        None => SETTINGS,
        Some(cluster) if cluster.ddl == Ddl::Cloud => CLOUD,
        Some(cluster) if cluster.replicated => REPLICATED,
        Some(_) => SETTINGS,
    }
}

/// A name between backticks.
pub(super) fn name(name: &str) -> String {
    format!("`{}`", escape(name, '`'))
}

/// A text between quotes, on one line.
pub(super) fn text(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("'{}'", escape(&line, '\''))
}

fn escape(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\\' || c == quote {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `CREATE TABLE` without a semicolon behind it, as one server has the table.
pub(super) fn create(own: &ClickHouse, table: &Table) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {}\n{}\n{}",
        name(&table.name),
        columns_and_indexes(own, table),
        keeping(own, table, &own.engine)
    )
}

/// The columns, in parentheses.
pub(super) fn columns(own: &ClickHouse, table: &Table) -> String {
    listed(own, table, &[])
}

/// The columns and the indexes, in parentheses.
pub(super) fn columns_and_indexes(own: &ClickHouse, table: &Table) -> String {
    listed(own, table, &own.indexes)
}

fn listed(own: &ClickHouse, table: &Table, indexes: &[String]) -> String {
    let columns = own.columns(table);
    let columns = columns.iter().map(definition);
    let indexes = indexes.iter().map(|column| index(column));
    let lines: Vec<String> = columns
        .chain(indexes)
        .map(|line| format!("    {line}"))
        .collect();
    format!("(\n{}\n)", lines.join(",\n"))
}

/// The name of the index over a column, as `event-grpc find --indexes` calls it, too.
pub(super) fn index_name(column: &str) -> String {
    name(&format!("find_{column}"))
}

/// An index as `CREATE` and `ALTER` define it: which granules may have a value.
fn index(column: &str) -> String {
    format!(
        "INDEX {} {} TYPE bloom_filter(0.01) GRANULARITY 1",
        index_name(column),
        name(column)
    )
}

/// `ALTER TABLE` with an index more. Parts that are there have none until it is materialized.
pub(super) fn add_index(target: &str, column: &str) -> String {
    let index = index(column).replacen("INDEX", "INDEX IF NOT EXISTS", 1);
    format!("ALTER TABLE {target} ADD {index}")
}

/// `ALTER TABLE` that makes an index of the parts that are there, in the background.
pub(super) fn materialize_index(target: &str, column: &str) -> String {
    format!("ALTER TABLE {target} {MATERIALIZE} {}", index_name(column))
}

/// Marks such a statement.
pub(super) const MATERIALIZE: &str = "MATERIALIZE INDEX";

/// `ALTER TABLE` without an index.
pub(super) fn drop_index(target: &str, column: &str) -> String {
    format!(
        "ALTER TABLE {target} DROP INDEX IF EXISTS {}",
        index_name(column)
    )
}

/// How a table keeps its rows, as it stands behind its columns.
pub(super) fn keeping(own: &ClickHouse, table: &Table, engine: &str) -> String {
    let mut sql = format!("ENGINE = {engine}");
    if !own.partition_by.is_empty() {
        sql.push_str("\nPARTITION BY ");
        sql.push_str(&own.partition_by);
    }
    sql.push_str(&format!("\nORDER BY ({})", order(own, table)));
    sql.push_str(&format!("\nSETTINGS {}", settings(own)));
    if !table.doc.is_empty() {
        sql.push_str(&format!("\nCOMMENT {}", text(&table.doc)));
    }
    sql
}

/// A column as `CREATE` and `ALTER` define it.
fn definition(column: &Column<'_>) -> String {
    let mut sql = format!("{} {}", name(column.name), column.ty);
    if !column.comment.is_empty() {
        sql.push_str(&format!(" COMMENT {}", text(column.comment)));
    }
    sql
}

/// `ALTER TABLE` with the column behind another one, or in front. `target` is the table, quoted, as in those below.
pub(super) fn add(target: &str, column: &Column<'_>, after: Option<&str>) -> String {
    format!(
        "ALTER TABLE {target} ADD COLUMN IF NOT EXISTS {} {}",
        definition(column),
        place(after)
    )
}

/// `ALTER TABLE` with a column's new type.
pub(super) fn widen(target: &str, column: &Column<'_>) -> String {
    format!(
        "ALTER TABLE {target} MODIFY COLUMN {} {}",
        name(column.name),
        column.ty
    )
}

/// `ALTER TABLE` with all settings; those that don't change cost nothing.
pub(super) fn set(target: &str, own: &ClickHouse) -> String {
    format!("ALTER TABLE {target} MODIFY SETTING {}", settings(own))
}

/// `ALTER TABLE` with a column's new place.
pub(super) fn place_column(target: &str, column: &Column<'_>, after: Option<&str>) -> String {
    format!(
        "ALTER TABLE {target} MODIFY COLUMN {} {} {}",
        name(column.name),
        column.ty,
        place(after)
    )
}

fn place(after: Option<&str>) -> String {
    after.map_or_else(
        || "FIRST".into(),
        |column| format!("AFTER {}", name(column)),
    )
}

/// The sorting key: names of columns quoted, expressions as written.
fn order(own: &ClickHouse, table: &Table) -> String {
    let keys: Vec<String> = own
        .order_by
        .iter()
        .map(|key| match table.columns.iter().any(|c| c.name == *key) {
            true => name(key),
            false => key.clone(),
        })
        .collect();
    keys.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(name("a`b\\"), "`a\\`b\\\\`");
        assert_eq!(text("it's\n  a \\ thing;"), "'it\\'s a \\\\ thing;'");
    }
}
