//! Compatibility of table engines: an engine must store what it acknowledges, and deduplicate rows by key, as the
//! wanted one does.

use super::clauses;

/// Engine whose tables hold no rows themselves.
const DISTRIBUTED: &str = "Distributed";

/// Engine of a table that is another name of a table.
const ALIAS: &str = "Alias";

/// True if a table is another name of a table.
pub(super) fn is_alias(engine: &str) -> bool {
    engine == ALIAS
}

/// Database and table that an Alias table stands for, from its engine with arguments; no database is its own.
pub(super) fn alias_of(engine_full: &str) -> Option<(Option<String>, String)> {
    let arguments = engine_full.strip_prefix(ALIAS)?.strip_prefix('(')?;
    let mut names = clauses::texts(arguments).into_iter();
    let first = names.next()?;
    Some(match names.next() {
        Some(table) => (Some(first), table),
        None => (None, first),
    })
}

/// True if an engine passes rows on to the tables of a cluster.
pub(super) fn is_distributed(engine: &str) -> bool {
    engine == DISTRIBUTED
}

/// Database and table behind a Distributed table, from its engine with arguments.
pub(super) fn behind(engine_full: &str) -> Option<(String, String)> {
    let arguments = engine_full.strip_prefix(DISTRIBUTED)?.strip_prefix('(')?;
    let mut arguments = clauses::texts(arguments).into_iter().skip(1);
    Some((arguments.next()?, arguments.next()?))
}

/// Reason why an engine can't replace `wanted`, to follow the table's name; none if it can. Replicated and shared
/// variants are the operator's choice.
pub(super) fn misfit(engine: &str, wanted: &str) -> Option<String> {
    // Unknown, or the same.
    if wanted.is_empty() || family(engine) == family(wanted) {
        return None;
    }
    let why = match engine {
        "Buffer" => {
            "which acknowledges rows before they are on disk, and loses them when the server stops"
        }
        DISTRIBUTED => {
            "whose rows wait in files of one server, because this server doesn't know distributed_foreground_insert"
        }
        "Memory" | "Set" | "Join" => "which loses its rows when the server stops",
        "Null" => "which stores nothing",
        "View" | "MaterializedView" | "LiveView" | "WindowView" | "Dictionary" | ALIAS => {
            "which is a view and not a table"
        }
        "TinyLog" | "StripeLog" | "Log" => {
            "which keeps duplicates, and a part of a block whose insert was interrupted"
        }
        _ => match family(engine) {
            "MergeTree" => "which keeps duplicates",
            of if of.ends_with("MergeTree") => "which merges rows of one key into other rows",
            _ => "which does not store rows as a MergeTree does",
        },
    };
    Some(format!(
        "has the engine {engine}, {why} (it should be {wanted})"
    ))
}

/// Engine without the prefix of replicated or shared variants.
fn family(engine: &str) -> &str {
    ["Replicated", "Shared"]
        .iter()
        .find_map(|prefix| engine.strip_prefix(prefix))
        .unwrap_or(engine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicated_ones_of_the_same_kind_do_and_others_do_not() {
        for good in [
            "ReplacingMergeTree",
            "ReplicatedReplacingMergeTree",
            "SharedReplacingMergeTree",
        ] {
            assert_eq!(misfit(good, "ReplacingMergeTree"), None);
        }
        for (engine, part) in [
            ("MergeTree", "keeps duplicates"),
            ("ReplicatedMergeTree", "keeps duplicates"),
            ("SummingMergeTree", "other rows"),
            ("Buffer", "before they are on disk"),
            ("Memory", "loses its rows"),
            ("Null", "stores nothing"),
            ("MaterializedView", "a view and not a table"),
            ("Kafka", "as a MergeTree does"),
            ("Log", "duplicates"),
        ] {
            let why = misfit(engine, "ReplacingMergeTree").unwrap_or_default();
            assert!(why.contains(part) && why.contains("it should be"), "{why}");
        }
        assert!(misfit("ReplacingMergeTree", "MergeTree").is_some());
    }

    #[test]
    fn what_is_behind_a_distributed_table_is_named_in_it() {
        let both = |database: &str, table: &str| Some((database.to_owned(), table.to_owned()));
        assert_eq!(
            behind("Distributed('main', 'events', 'event_local', cityHash64(id))"),
            both("events", "event_local")
        );
        assert_eq!(behind(r"Distributed('m', 'a\'b', 'c')"), both("a'b", "c"));
        assert_eq!(behind("MergeTree ORDER BY id"), None);
        assert_eq!(alias_of("Alias('b')"), Some((None, "b".to_owned())));
        assert_eq!(
            alias_of("Alias('a', 'b')"),
            Some((Some("a".to_owned()), "b".to_owned()))
        );
    }
}
