//! Looks for rows by id or by values, and says which indexes make that quick.

use clickhouse::Row;
use serde::Deserialize;

use super::{ClickHouse, quote};
use crate::contract::{Ddl, Holds, Sharding, Table};
use crate::sink::StoreError;
use crate::sink::found::{FoundRows, Search, column_of, ids_of};

/// Rows of one id and type, as ClickHouse tells them.
#[derive(Debug, Row, Deserialize)]
struct Group {
    f_id: String,
    f_type: String,
    f_first: i64,
    f_last: i64,
    f_copies: u64,
    f_unknown: u64,
}

/// Number of rows of an id under `FINAL`.
#[derive(Debug, Row, Deserialize)]
struct Final {
    f_id: String,
    f_type: String,
    f_rows: u64,
}

impl ClickHouse {
    /// Looks for rows of a table, those that were stored first before others.
    pub async fn find(
        &self,
        table: &'static Table,
        search: &Search,
    ) -> Result<Vec<FoundRows>, StoreError> {
        let name = quote::table(self.address.database(), table.name);
        let conditions = conditions(table, search);
        let (id, kind) = (text_of(table, Holds::Id), text_of(table, Holds::Type));
        let at = column_of(table, Holds::Now).map(millis);
        let at = at.as_deref().unwrap_or("toInt64(0)");
        let unknown = match column_of(table, Holds::Unknown) {
            Some(column) => format!("countIf({} != '')", quote::identifier(column)),
            None => "toUInt64(0)".to_owned(),
        };
        let sql = format!(
            "SELECT {id} AS f_id, {kind} AS f_type, min({at}) AS f_first, max({at}) AS f_last, count() AS f_copies, \
             {unknown} AS f_unknown FROM {name} WHERE {conditions} GROUP BY f_id, f_type ORDER BY f_first, f_id LIMIT {}",
            search.limit
        );
        let groups: Vec<Group> = self.rows(&sql).await?;
        let mut once = Vec::new();
        let repeated = groups.iter().any(|group| group.f_copies > 1);
        if repeated && table.ddl.contains("ReplacingMergeTree") {
            let sql = format!(
                "SELECT {id} AS f_id, {kind} AS f_type, count() AS f_rows FROM {name} FINAL WHERE {conditions} \
                 GROUP BY f_id, f_type"
            );
            once = self.rows::<Final>(&sql).await?;
        }
        let found = groups.into_iter().map(|group| {
            let same = |row: &&Final| row.f_id == group.f_id && row.f_type == group.f_type;
            let rows = once.iter().find(same).map(|row| row.f_rows);
            FoundRows {
                rows: rows.unwrap_or(group.f_copies),
                first_ms: Some(group.f_first).filter(|at| *at > 0),
                last_ms: Some(group.f_last).filter(|at| *at > 0),
                copies: group.f_copies,
                unknown: group.f_unknown,
                id: group.f_id,
                event_type: group.f_type,
            }
        });
        Ok(found.collect())
    }

    /// Query that shows the rows of an id in full.
    pub fn closer(&self, table: &Table, id: &str) -> String {
        let name = quote::table(self.address.database(), table.name);
        let last = match table.ddl.contains("ReplacingMergeTree") {
            true => " FINAL",
            false => "",
        };
        let condition = match column_of(table, Holds::Id) {
            Some(column) if !id.is_empty() => {
                format!(" WHERE {} = {}", quote::identifier(column), quote::text(id))
            }
            _ => String::new(),
        };
        format!("SELECT * FROM {name}{last}{condition}")
    }

    /// Statements that make it quick to find rows of a table by these columns, and by their ids: a bloom filter for each
    /// that the sorting key doesn't begin with and that isn't declared.
    pub fn indexes(&self, table: &Table, columns: &[&str]) -> Vec<String> {
        let database = self.address.database();
        let name = match table.sharding() {
            None => quote::table(database, table.name),
            // The rows are in the table of each shard.
            Some(sharding) => {
                let local = format!("{}{}", table.name, Sharding::LOCAL);
                let local = quote::table(database, &local);
                match sharding.cluster.ddl {
                    Ddl::OnCluster => {
                        let cluster = quote::identifier(sharding.cluster.name);
                        format!("{local} ON CLUSTER {cluster}")
                    }
                    Ddl::Hosts | Ddl::ReplicatedDatabase => local,
                }
            }
        };
        let first = sorted_first(table.ddl);
        let there = |name: &&str| table.columns.iter().any(|column| column.name == *name);
        let mut wanted: Vec<&str> = columns.iter().copied().filter(there).collect();
        for name in ids_of(table) {
            wanted.push(name);
        }
        wanted.sort_unstable();
        wanted.dedup();
        wanted.retain(|name| first.as_deref() != Some(*name) && !has_index(table.ddl, name));
        let mut statements = Vec::new();
        for column in wanted {
            let index = index_name(column);
            let column = quote::identifier(column);
            statements.push(format!(
                "ALTER TABLE {name} ADD INDEX IF NOT EXISTS {index} {column} TYPE bloom_filter(0.01) GRANULARITY 1"
            ));
            statements.push(format!("ALTER TABLE {name} MATERIALIZE INDEX {index}"));
        }
        statements
    }
}

/// Conditions on the columns of a table.
pub(super) fn conditions(table: &Table, search: &Search) -> String {
    let mut all = Vec::new();
    if !search.ids.is_empty() {
        let ids = quote::texts(search.ids.iter().map(String::as_str));
        let any = ids_of(table).map(|name| match is_text(table, name) {
            true => format!("{} IN {ids}", quote::identifier(name)),
            false => format!("toString({}) IN {ids}", quote::identifier(name)),
        });
        all.push(format!("({})", any.collect::<Vec<_>>().join(" OR ")));
    }
    if let (Some(kind), false) = (column_of(table, Holds::Type), search.types.is_empty()) {
        let types = quote::texts(search.types.iter().map(String::as_str));
        all.push(format!("{} IN {types}", quote::identifier(kind)));
    }
    for (name, value) in &search.values {
        let ty = table.columns.iter().find(|column| column.name == name);
        let ty = ty.map_or("", |column| column.ty);
        let column = quote::identifier(name);
        // An index is used only if the column is compared as it is.
        let is_whole = value.parse::<i64>().is_ok();
        all.push(
            match is_whole && (ty.starts_with("Int") || ty.starts_with("UInt")) {
                true => format!("{column} = {value}"),
                false if ty.contains("String") => format!("{column} = {}", quote::text(value)),
                false => format!("toString({column}) = {}", quote::text(value)),
            },
        );
    }
    if let Some(now) = column_of(table, Holds::Now) {
        let now = quote::identifier(now);
        let bound = |at: i64| format!("fromUnixTimestamp64Milli(toInt64({at}))");
        all.extend(search.since_ms.map(|at| format!("{now} >= {}", bound(at))));
        all.extend(search.until_ms.map(|at| format!("{now} < {}", bound(at))));
    }
    match all.is_empty() {
        true => "true".to_owned(),
        false => all.join(" AND "),
    }
}

/// True if a column is one of texts, which are compared as they are: only then an index is used.
fn is_text(table: &Table, name: &str) -> bool {
    let mut columns = table.columns.iter();
    columns.any(|column| column.name == name && column.ty.contains("String"))
}

/// A column that holds this, as a text.
fn text_of(table: &Table, holds: Holds) -> String {
    match column_of(table, holds) {
        Some(name) => format!("toString({})", quote::identifier(name)),
        None => "''".to_owned(),
    }
}

/// A column of times, in milliseconds since the epoch.
fn millis(column: &str) -> String {
    let column = quote::identifier(column);
    format!("toUnixTimestamp64Milli(toDateTime64({column}, 3))")
}

/// The name of the index over a column, as the generator calls it, too.
fn index_name(column: &str) -> String {
    quote::identifier(&format!("find_{column}"))
}

/// True if a table has the index over a column from the start.
fn has_index(ddl: &str, column: &str) -> bool {
    let index = format!("INDEX {} ", index_name(column));
    ddl.lines()
        .any(|line| line.trim_start().starts_with(&index))
}

/// The first column of the sorting key.
fn sorted_first(ddl: &str) -> Option<String> {
    let mut lines = ddl.lines();
    let key = lines.find_map(|line| line.trim().strip_prefix("ORDER BY "))?;
    let key = key.trim().trim_start_matches('(').trim_end_matches(')');
    Some(key.split(',').next()?.trim().trim_matches('`').to_owned())
}

#[cfg(test)]
mod tests {
    use super::sorted_first;

    #[test]
    fn the_first_column_of_a_key_needs_no_index() {
        let ddl = "CREATE TABLE t\n(\n    `a` String\n)\nORDER BY (`event_id`, b)";
        assert_eq!(sorted_first(ddl).as_deref(), Some("event_id"));
        assert_eq!(sorted_first("ORDER BY x").as_deref(), Some("x"));
        assert_eq!(sorted_first("CREATE TABLE t"), None);
    }
}
