//! Schema comparison: the tables on the server against the tables of the pipeline.

use std::fmt;

use uuid::Uuid;

use super::engine_text::EngineText;
use super::live::{Live, LiveColumn, LiveTable};
use super::{ClickHouse, clauses, engines, quote, schema};
use crate::contract::{Table, drops_data};
use crate::sink::StoreError;

/// Difference between a table and the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table.
    pub table: &'static str,
    /// Description, to follow the table's name.
    pub text: String,
    /// True if rows are stored, found and deduplicated as promised nevertheless.
    pub harmless: bool,
    /// True if the whole table is missing.
    pub missing: bool,
}

/// Differences between a database and a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Differences, table by table.
    pub differences: Vec<Difference>,
    /// Migrations that have not been applied.
    pub pending: Vec<&'static str>,
    /// Migrations that were edited after they had been applied.
    pub changed: Vec<&'static str>,
    /// What pending migrations cost where that is much: name, and what it does, as in `copies 7 rows`.
    pub costs: Vec<(&'static str, String)>,
}

impl Report {
    /// True if nothing has to be done. A migration that drops stored data waits until somebody asks for it, and rows are stored
    /// meanwhile.
    pub fn fits(&self) -> bool {
        self.pending.iter().all(|name| drops_data(name))
            && self.changed.is_empty()
            && self.differences.iter().all(|d| d.harmless)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let note = if self.harmless { " (harmless)" } else { "" };
        write!(f, "table {} {}{note}", self.table, self.text)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pending = self
            .pending
            .iter()
            .map(|m| format!("migration {m} has not been applied"));
        let costs = self.costs.iter();
        let costs = costs.map(|(name, cost)| format!("migration {name} {cost}"));
        let changed = self
            .changed
            .iter()
            .map(|m| format!("migration {m} was edited after it had been applied"));
        let differences = self.differences.iter().map(Difference::to_string);
        let all: Vec<_> = pending
            .chain(costs)
            .chain(changed)
            .chain(differences)
            .collect();
        f.write_str(&all.join("\n"))
    }
}

/// Differences, one a line.
pub(super) fn lines(differences: &[Difference]) -> String {
    let lines: Vec<_> = differences.iter().map(Difference::to_string).collect();
    lines.join("\n")
}

/// Differences of all tables.
///
/// The same definition can be written in many ways, and ClickHouse shows its own. So the wanted tables are created in a
/// temporary database, and the server's descriptions of both are compared. If the account may not do that, only columns
/// are compared with what this build sends.
pub(super) async fn differences(
    store: &ClickHouse,
    tables: &[&'static Table],
) -> Result<Vec<Difference>, StoreError> {
    let live = store.live(store.address().database(), tables).await?;
    let wanted = wanted(store, tables).await;
    let mut found = Vec::new();
    for table in tables {
        let mut tell = |text: String, harmless: bool, missing: bool| {
            found.push(Difference {
                table: table.name,
                text,
                harmless,
                missing,
            });
        };
        let Some((there, columns)) = live.table(table.name) else {
            tell(String::from("does not exist"), false, true);
            continue;
        };
        for text in schema::misfits(table, &live) {
            tell(text, false, false);
        }
        match &wanted {
            Ok(wanted) => {
                if let Some((want, want_columns)) = wanted.table(table.name) {
                    compare_columns(&want_columns, &columns, |text, harmless| {
                        tell(text, harmless, false);
                    });
                    compare_tables(table, want, there, |text, harmless| {
                        tell(text, harmless, false);
                    });
                }
            }
            Err(error) => tell(
                format!(
                    "could be compared by its columns only, not by engine, keys and settings: {error}"
                ),
                true,
                false,
            ),
        }
    }
    Ok(found)
}

/// The server's description of the wanted tables. The temporary database lives in memory: if it is left behind, it is
/// gone after the server's next start.
async fn wanted(store: &ClickHouse, tables: &[&'static Table]) -> Result<Live, StoreError> {
    let name = format!(
        "{}__wanted_{}",
        store.address().database(),
        Uuid::now_v7().simple()
    );
    let quoted = quote::identifier(&name);
    store
        .run(None, &format!("CREATE DATABASE {quoted} ENGINE = Memory"))
        .await?;
    let catalogue = describe(store, &name, tables).await;
    let dropped = store
        .run(None, &format!("DROP DATABASE IF EXISTS {quoted} SYNC"))
        .await;
    if let Err(error) = dropped {
        tracing::warn!(database = name, %error, "The temporary database of a schema comparison could not be dropped.");
    }
    catalogue
}

async fn describe(
    store: &ClickHouse,
    database: &str,
    tables: &[&'static Table],
) -> Result<Live, StoreError> {
    for table in tables {
        store.shape(database, table.ddl).await?;
    }
    store.live(database, tables).await
}

/// Compares what [`schema::misfits`] doesn't: columns that aren't written, defaults, additional columns, the order.
fn compare_columns(
    wanted: &[&LiveColumn],
    there: &[&LiveColumn],
    mut tell: impl FnMut(String, bool),
) {
    for want in wanted {
        let Some(column) = there.iter().find(|c| c.name == want.name) else {
            continue;
        };
        let defaults = |c: &LiveColumn| match c.default_kind.as_str() {
            "" => String::from("no default"),
            kind => format!("{kind} {}", c.default_expression),
        };
        let (has, should) = (defaults(column), defaults(want));
        if has != should {
            let name = &want.name;
            tell(
                format!("has column `{name}` with {has} (it should be {should})"),
                true,
            );
        }
    }
    for column in there {
        if !wanted.iter().any(|c| c.name == column.name) {
            tell(
                format!(
                    "has column `{}`, which the pipeline doesn't have",
                    column.name
                ),
                true,
            );
        }
    }
    let order = |of: &[&LiveColumn], others: &[&LiveColumn]| -> Vec<String> {
        let both = of
            .iter()
            .filter(|c| others.iter().any(|o| o.name == c.name));
        both.map(|c| c.name.clone()).collect()
    };
    if order(wanted, there) != order(there, wanted) {
        tell(String::from("has its columns in another order"), true);
    }
}

/// Settings that a promise depends on: a repeated insert is recognized, and is on disk when it is answered. Others are
/// for speed; one that the server didn't know when a table was created is no reason to refuse the table once it does.
const PROMISED: [&str; 3] = [
    "non_replicated_deduplication_window",
    "fsync_after_insert",
    "fsync_part_directory",
];

/// Compares everything but the columns.
fn compare_tables(
    table: &Table,
    want: &LiveTable,
    there: &LiveTable,
    mut tell: impl FnMut(String, bool),
) {
    if engines::is_distributed(&there.engine) {
        let text = "is a Distributed table; of its underlying tables only the engine of the one on this server is checked";
        return tell(text.to_owned(), true);
    }
    if engines::is_alias(&there.engine) {
        let text =
            "is another name of a table, an Alias table; of that one only the engine is checked";
        return tell(text.to_owned(), true);
    }
    // That has been reported, and everything else follows from it.
    if engines::misfit(&there.engine, clauses::engine(table.ddl)).is_some() {
        return;
    }
    let has = EngineText::parse(&there.engine_full);
    let should = EngineText::parse(&want.engine_full);
    let shown = |text: &str| match text {
        "" => String::from("none"),
        text => text.to_owned(),
    };
    // Unless it is given explicitly, the primary key is the sorting key, and one difference is enough.
    let (primary, should_primary) = if there.sorting_key == want.sorting_key {
        (there.primary_key.as_str(), want.primary_key.as_str())
    } else {
        ("", "")
    };
    for (what, has, should) in [
        ("engine", has.engine.as_str(), should.engine.as_str()),
        ("sorting key", &there.sorting_key, &want.sorting_key),
        ("primary key", primary, should_primary),
        (
            "partition key",
            bare(&there.partition_key),
            bare(&want.partition_key),
        ),
        ("TTL", &has.ttl, &should.ttl),
    ] {
        if has != should {
            let (has, should) = (shown(has), shown(should));
            tell(
                format!("has the {what} {has} (it should be {should})"),
                false,
            );
        }
    }
    // The server also shows settings that the pipeline doesn't set; those are the operator's.
    let asked = |name: &str| table.ddl.contains(name);
    for (name, value) in should.settings.iter().filter(|(name, _)| asked(name)) {
        let there = has.settings.get(name).map_or("not set", String::as_str);
        if there != value {
            let quoted = quote::identifier(table.name);
            let text = format!(
                "has the setting {name} {there} (ALTER TABLE {quoted} MODIFY SETTING {name} = {value} fixes it)"
            );
            tell(text, !PROMISED.contains(&name.as_str()));
        }
    }
}

/// Key without the parentheses around the whole, which the server keeps as they were written.
fn bare(key: &str) -> &str {
    let Some(inner) = key.strip_prefix('(').and_then(|k| k.strip_suffix(')')) else {
        return key;
    };
    let mut depth = 0_i32;
    for c in inner.chars() {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if depth < 0 {
            // The first and the last don't belong together, as in `(a) + (b)`.
            return key;
        }
    }
    inner
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn only_parentheses_around_the_whole_are_dropped() {
        assert_eq!(bare("(toYYYYMM(at))"), "toYYYYMM(at)");
        assert_eq!(bare("(a) + (b)"), "(a) + (b)");
        assert_eq!(bare("toDate(at)"), "toDate(at)");
        assert_eq!(bare(""), "");
    }
}
