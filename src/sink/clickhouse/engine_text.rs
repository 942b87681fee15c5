//! Parser of `engine_full` in `system.tables`.

use std::collections::BTreeMap;

/// Clauses that may follow an engine's name, in the order in which ClickHouse writes them.
const CLAUSES: [&str; 6] = [
    " PARTITION BY ",
    " PRIMARY KEY ",
    " ORDER BY ",
    " SAMPLE BY ",
    " TTL ",
    " SETTINGS ",
];

/// Facts that no other column of `system.tables` has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EngineText {
    /// Engine with its arguments, without those of replication, which is the operator's choice.
    pub(super) engine: String,
    /// TTL of rows.
    pub(super) ttl: String,
    /// Settings that differ from the server's defaults.
    pub(super) settings: BTreeMap<String, String>,
}

impl EngineText {
    pub(super) fn parse(text: &str) -> Self {
        let first = CLAUSES.iter().filter_map(|clause| text.find(clause)).min();
        let engine = text.get(..first.unwrap_or(text.len())).unwrap_or_default();
        let (before, settings) = match text.rsplit_once(" SETTINGS ") {
            Some((before, settings)) => (before, settings),
            None => (text, ""),
        };
        let ttl = before.split_once(" TTL ").map_or("", |(_, ttl)| ttl);
        EngineText {
            engine: unreplicated(engine),
            ttl: ttl.to_owned(),
            settings: settings
                .split(", ")
                .filter_map(|setting| setting.split_once(" = "))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }
}

/// `ReplicatedReplacingMergeTree('/path', '{replica}', version)` is a `ReplacingMergeTree(version)`.
fn unreplicated(engine: &str) -> String {
    let Some(plain) = ["Replicated", "Shared"]
        .iter()
        .find_map(|prefix| engine.strip_prefix(prefix))
    else {
        return engine.to_owned();
    };
    let Some((name, arguments)) = plain.split_once('(') else {
        return plain.to_owned();
    };
    let arguments: Vec<_> = arguments
        .trim_end_matches(')')
        .split(", ")
        .filter(|argument| !argument.starts_with('\''))
        .collect();
    if arguments.is_empty() {
        name.to_owned()
    } else {
        format!("{name}({})", arguments.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_text_apart() {
        let parts = EngineText::parse(
            "ReplacingMergeTree(a) PARTITION BY toYYYYMM(a) ORDER BY (c, a) TTL toDateTime(a) + toIntervalDay(1) \
             SETTINGS fsync_after_insert = 1, index_granularity = 8192",
        );
        assert_eq!(parts.engine, "ReplacingMergeTree(a)");
        assert_eq!(parts.ttl, "toDateTime(a) + toIntervalDay(1)");
        assert_eq!(parts.settings["fsync_after_insert"], "1");
        assert_eq!(parts.settings.len(), 2);
        let memory = EngineText::parse("Memory");
        assert_eq!(
            (memory.engine.as_str(), memory.ttl.as_str()),
            ("Memory", "")
        );
        assert!(memory.settings.is_empty());
    }

    #[test]
    fn replication_is_no_difference() {
        for (text, engine) in [
            (
                "ReplicatedReplacingMergeTree('/t/{uuid}', '{replica}', v) ORDER BY a",
                "ReplacingMergeTree(v)",
            ),
            (
                "ReplicatedMergeTree('/t', '{replica}') ORDER BY a",
                "MergeTree",
            ),
            ("SharedMergeTree ORDER BY a", "MergeTree"),
            ("MergeTree ORDER BY a", "MergeTree"),
        ] {
            assert_eq!(EngineText::parse(text).engine, engine);
        }
    }
}
