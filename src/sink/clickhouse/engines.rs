//! Whether a table's engine keeps what is promised of the one that the pipeline wants: what it acknowledges is stored, and
//! rows of one key are there once.

use super::clauses;

/// The engine whose tables hold nothing themselves.
const DISTRIBUTED: &str = "Distributed";

/// Whether an engine passes rows on to the tables of a cluster.
pub(super) fn is_distributed(engine: &str) -> bool {
    engine == DISTRIBUTED
}

/// The database and the table that a Distributed table passes its rows on to, from its engine with arguments.
pub(super) fn behind(engine_full: &str) -> Option<(String, String)> {
    let arguments = engine_full.strip_prefix(DISTRIBUTED)?.strip_prefix('(')?;
    let mut arguments = clauses::texts(arguments).into_iter().skip(1);
    Some((arguments.next()?, arguments.next()?))
}

/// Why an engine doesn't do where `wanted` should be, in words that follow the table's name; none if it does. Whether a
/// table is replicated or shared is the operator's to decide.
pub(super) fn misfit(engine: &str, wanted: &str) -> Option<String> {
    // Nothing is known of what is wanted, or it is the same.
    if wanted.is_empty() || family(engine) == family(wanted) {
        return None;
    }
    let why = match engine {
        "Buffer" => "which answers before rows are on disk, and loses them when the server ends",
        DISTRIBUTED => {
            "whose rows wait in files of one server, and this server can't be told to store them first"
        }
        "Memory" | "Set" | "Join" => "which loses its rows when the server ends",
        "Null" => "which stores nothing",
        "View" | "MaterializedView" | "LiveView" | "WindowView" | "Dictionary" | "Alias" => {
            "which is no table of its own"
        }
        "TinyLog" | "StripeLog" | "Log" => {
            "which keeps duplicates, and half of a block that is broken off"
        }
        _ => match family(engine) {
            "MergeTree" => "which keeps duplicates",
            of if of.ends_with("MergeTree") => "which makes other rows of those with one key",
            _ => "which does not keep rows as a MergeTree does",
        },
    };
    Some(format!(
        "has the engine {engine}, {why} (it should be {wanted})"
    ))
}

/// An engine without what makes it a replicated or a shared one.
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
            ("Buffer", "before rows are on disk"),
            ("Memory", "loses its rows"),
            ("Null", "stores nothing"),
            ("MaterializedView", "no table of its own"),
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
    }
}
