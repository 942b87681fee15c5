//! Rebuild of a ClickHouse table with a longer sorting key: a new table beside it is filled, and takes its place.

use super::ddl;
use crate::model::{ClickHouse, Table};
use crate::store::{TableFacts, VERSION};

/// Memory, threads and time of a copy. It may take long, and must leave the server room for everybody else.
const COPY: &str = "max_threads = 2, max_insert_threads = 1, max_memory_usage = 4000000000, max_execution_time = 0";

/// What an insert may take on a server, and a little more: those that began before the exchange may still write to the
/// old table until then.
const WAIT: &str = "65 s";

/// The time by which a part may look older than the moment from which its rows were visible.
const MARGIN: &str = "INTERVAL 1 HOUR";

/// The only engine of which the tables that are made here can take another one's place: the replicas of others would
/// each keep the old one.
const ENGINE: &str = "ReplacingMergeTree";

/// The sorting key as the lock and declarations write it.
fn written(key: &[String]) -> String {
    key.join(", ")
}

/// True if the declaration says that the table is to be made anew from the key that it has.
pub(super) fn is_meant(own: &ClickHouse, before: &TableFacts) -> bool {
    let key = written(&own.order_by);
    key != before.order_by && written(&own.rebuilt_from) == before.order_by
}

/// The reason why a rebuild can't be done, if it can't.
pub(super) fn hindrance(own: &ClickHouse, table: &Table) -> Option<String> {
    if own.divided().is_some() {
        return Some("on a cluster each of its tables would have to be made anew".into());
    }
    if engine(own) != ENGINE {
        return Some(format!(
            "only tables of {ENGINE} can be rebuilt by a migration"
        ));
    }
    let gone = own
        .rebuilt_from
        .iter()
        .find(|key| !own.order_by.contains(key));
    if let Some(gone) = gone {
        return Some(format!(
            "without `{gone}` in the key, rows that differ in nothing else would become one"
        ));
    }
    match added(own, table) {
        Some(_) => None,
        None => Some(
            "a rebuild adds a column to the key that no expression of the former key has".into(),
        ),
    }
}

/// A column that is in the new key and in nothing of the old one. On the server it tells one table from the other: each
/// column that an expression of the key needs counts as one of the key there.
fn added<'a>(own: &'a ClickHouse, table: &Table) -> Option<&'a str> {
    let is_column = |key: &&String| table.columns.iter().any(|column| column.name == **key);
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mentions = |key: &str, name: &str| key.split(|c| !is_word(c)).any(|word| word == name);
    let is_new = |key: &&String| own.rebuilt_from.iter().all(|old| !mentions(old, key));
    let mut new = own.order_by.iter().filter(is_new);
    new.find(is_column).map(String::as_str)
}

/// What a rebuild costs.
pub(super) fn cost(own: &ClickHouse, table: &Table) -> String {
    format!(
        "table {} is rebuilt with the sorting key ({}) instead of ({}): each of its rows is read and written once more, \
         one partition after the other, while it is in use; until the old table, {}_before_…, is dropped by hand, both \
         take room. `event-grpc migrate --check` says how many rows and bytes that is on a server (docs/rebuild.md)",
        table.name,
        written(&own.order_by),
        written(&own.rebuilt_from),
        table.name
    )
}

/// Statements that rebuild the table after those that `change` what is there. Each can be carried out again, until the
/// last one has been.
pub(super) fn statements(own: &ClickHouse, table: &Table, change: Vec<String>) -> Vec<String> {
    let Some(added) = added(own, table) else {
        return change;
    };
    let names = Names::of(table);
    let column = ddl::text(added);
    let exchanged = format!(
        "FROM system.columns WHERE database = currentDatabase() AND table = {} AND name = {column} AND \
         is_in_sorting_key",
        names.here_text
    );
    let until = format!("-- if: SELECT count() = 0 {exchanged}");
    let mut statements: Vec<String> = change
        .iter()
        .map(|statement| format!("{until}\n{statement}"))
        .collect();
    let undone = ddl::text(&format!(
        "{} still has its old sorting key, because two migrations ran at the same time; run one again",
        table.name
    ));
    let swap_with = Swap {
        what: format!(
            "Table {} is rebuilt with another sorting key; docs/rebuild.md describes the steps.",
            names.here
        ),
        check: check(table, &names),
        create: format!(
            "CREATE TABLE IF NOT EXISTS {} AS {}\n{}",
            names.after,
            names.here,
            ddl::keeping(own, table, &own.engine)
        ),
        settings: COPY,
        done: format!("SELECT throwIf(count() = 0, {undone})\n{exchanged}\nFORMAT Null"),
        until,
    };
    statements.extend(swap(&names, &swap_with));
    statements
}

/// A new table that takes the place of one that is there.
pub(super) struct Swap {
    /// What is done, as a sentence.
    pub(super) what: String,
    /// The condition that holds until the tables are exchanged.
    pub(super) until: String,
    /// A statement that fails where the new table can't take the old one's place.
    pub(super) check: String,
    /// The statement that makes the new table.
    pub(super) create: String,
    /// Settings of copies.
    pub(super) settings: &'static str,
    /// A statement that fails unless the tables are exchanged.
    pub(super) done: String,
}

/// Statements that make the new table, fill it, and exchange the two.
pub(super) fn swap(names: &Names, swap: &Swap) -> Vec<String> {
    let Names {
        here,
        after,
        before,
        here_text,
        after_text,
    } = names;
    let Swap {
        what,
        until,
        check,
        create,
        settings,
        done,
    } = swap;
    vec![
        format!("-- {what}\n{until}\n{check}"),
        format!("{until}\n{create}"),
        format!(
            "-- Each partition that is there, as FINAL shows it.\n{until}\n-- for each partition: {}\n{}",
            partitions(
                here_text,
                "",
                &format!(
                    "ifNull((SELECT toString(uuid) FROM system.tables WHERE database = currentDatabase() AND name = {after_text}), '')"
                )
            ),
            copy(here, after, "", settings)
        ),
        format!(
            "-- What came meanwhile, so that little is missing after the exchange.\n{until}\n{}",
            latest((here, here_text), (after, after_text), settings)
        ),
        format!("{until}\nEXCHANGE TABLES {here} AND {after}"),
        format!(
            "-- What the old table got since the new one was made. A row that is copied twice is one row.\n\
             -- if: SELECT count() > 0 FROM system.parts WHERE database = currentDatabase() AND table = {after_text} AND active\n\
             -- wait: {WAIT}\n{}",
            latest((after, after_text), (here, here_text), settings)
        ),
        done.clone(),
        format!(
            "-- A table that was empty leaves nothing behind.\n\
             -- if: SELECT count() > 0 FROM system.tables WHERE database = currentDatabase() AND name = {after_text} AND total_rows = 0\n\
             DROP TABLE IF EMPTY {after}"
        ),
        format!(
            "-- The old table stays until somebody drops it.\n\
             -- if: SELECT count() > 0 FROM system.tables WHERE database = currentDatabase() AND name = {after_text}\n\
             RENAME TABLE {after} TO {before}"
        ),
    ]
}

/// The names of the two tables, as names and as texts.
pub(super) struct Names {
    pub(super) here: String,
    pub(super) after: String,
    before: String,
    here_text: String,
    after_text: String,
}

impl Names {
    pub(super) fn of(table: &Table) -> Self {
        let after = format!("{}_after_{VERSION}", table.name);
        Names {
            here: ddl::name(&table.name),
            before: ddl::name(&format!("{}_before_{VERSION}", table.name)),
            here_text: ddl::text(&table.name),
            after_text: ddl::text(&after),
            after: ddl::name(&after),
        }
    }
}

/// A statement that fails where another table can't take this one's place.
pub(super) fn check(table: &Table, names: &Names) -> String {
    let name = &table.name;
    let by_hand = "; rebuild it by hand as docs/rebuild.md says, or change that first";
    let refuse = |when: &str, why: &str| {
        let why = ddl::text(&format!("{name} {why}{by_hand}"));
        format!("    throwIf({when}, {why})")
    };
    let reasons = [
        refuse(
            &format!("engine != '{ENGINE}'"),
            &format!("has another engine than {ENGINE}"),
        ),
        refuse(
            "storage_policy != 'default' OR position(engine_full, ' TTL ') > 0",
            "has a storage policy or a TTL, which the new table would lack",
        ),
        refuse(
            "notEmpty(dependencies_table)",
            "is read by a materialized view, which would get its rows twice",
        ),
        refuse(
            "(SELECT any(engine) FROM system.databases WHERE name = currentDatabase()) != 'Atomic'",
            "is in a database whose engine isn't Atomic, which can't exchange tables",
        ),
    ];
    format!(
        "SELECT\n{}\nFROM system.tables WHERE database = currentDatabase() AND name = {}\nFORMAT Null",
        reasons.join(",\n"),
        names.here_text
    )
}

/// A query for partitions of a table: their ids, rows and bytes, and what a finished copy of them is remembered by;
/// nothing for one that is not.
fn partitions(table: &str, which: &str, once: &str) -> String {
    format!(
        "SELECT partition_id, sum(rows), sum(bytes_on_disk), {once} FROM system.parts WHERE database = currentDatabase() \
         AND table = {table} AND active{which} GROUP BY partition_id ORDER BY partition_id"
    )
}

/// A copy of the parts that are not known to be older than the new table, which is either of the two. Parts may be merged
/// while it is prepared: those that nothing is known of are copied, too.
fn latest((from, from_text): (&str, &str), (to, to_text): (&str, &str), settings: &str) -> String {
    let age = |than: &str| {
        format!(
            "modification_time + {MARGIN} {than} (SELECT metadata_modification_time FROM system.tables WHERE database = \
             currentDatabase() AND name = {to_text})"
        )
    };
    let parts = format!(
        "\n    AND _part NOT IN (SELECT name FROM system.parts WHERE database = currentDatabase() AND table = {from_text}\n    \
         AND {})",
        age("<")
    );
    let each = partitions(from_text, &format!(" AND {}", age(">=")), "''");
    format!(
        "-- for each partition: {each}\n{}",
        copy(from, to, &parts, settings)
    )
}

fn copy(from: &str, to: &str, which: &str, settings: &str) -> String {
    format!(
        "INSERT INTO {to} SELECT * FROM {from} FINAL WHERE _partition_id = {{partition:String}}{which}\nSETTINGS {settings}"
    )
}

fn engine(own: &ClickHouse) -> &str {
    own.engine.split('(').next().unwrap_or_default().trim()
}
