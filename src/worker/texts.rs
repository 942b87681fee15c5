//! Reports texts that exceed the limits of their columns: counts them, and logs a column once a minute at most, if a
//! longer one was seen than was logged.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::contract::{Block, ColumnSpec, Table};
use crate::metrics::workers::{TEXT_LARGEST, TEXT_OVER_LIMIT};
use crate::native::column::length::Longer;

/// Interval between two log lines of a column.
const QUIET: Duration = Duration::from_secs(60);

/// Longest texts of each table's columns. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct LongTexts {
    seen: Arc<Mutex<BTreeMap<(&'static str, &'static str), Seen>>>,
}

/// Longest text of a column, and the logged one.
#[derive(Debug, Default)]
struct Seen {
    largest: usize,
    told: usize,
    at: Option<Instant>,
}

impl LongTexts {
    /// Reports the long texts in a block or refused while it was made; of `all`, or of the refused ones only, if the
    /// others come again in other blocks.
    pub(super) fn tell(&self, block: &Block, all: bool) {
        let refused = |column: &ColumnSpec| column.limit.is_some_and(|limit| limit.enforce);
        for (column, longer) in block.longer().filter(|(c, _)| all || refused(c)) {
            self.tell_of(block.table(), column, longer);
        }
    }

    fn tell_of(&self, table: &'static Table, column: &'static ColumnSpec, longer: Longer) {
        let labels = [table.name, column.name];
        TEXT_OVER_LIMIT.with(labels).increment(longer.texts);
        let largest = self.note(table.name, column.name, longer.largest, Instant::now());
        TEXT_LARGEST.with(labels).set(largest.of_all as f64);
        if let (Some(limit), Some(largest)) = (column.limit, largest.to_tell) {
            let mode = if limit.enforce { "enforce" } else { "report" };
            tracing::warn!(
                table = table.name,
                column = column.name,
                largest,
                limit = limit.bytes,
                mode,
                "Texts exceed the `limits` of the pipeline."
            );
        }
    }

    /// Records the length of a text.
    fn note(
        &self,
        table: &'static str,
        column: &'static str,
        bytes: usize,
        now: Instant,
    ) -> Largest {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = all.entry((table, column)).or_default();
        seen.largest = seen.largest.max(bytes);
        let quiet = seen.at.is_some_and(|at| now < at + QUIET);
        let to_tell = (!quiet && seen.largest > seen.told).then_some(seen.largest);
        if to_tell.is_some() {
            (seen.told, seen.at) = (seen.largest, Some(now));
        }
        Largest {
            of_all: seen.largest,
            to_tell,
        }
    }
}

/// Longest text of a column.
#[derive(Debug, PartialEq, Eq)]
struct Largest {
    of_all: usize,
    /// Length to log, if any.
    to_tell: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_told_of_when_there_is_something_new_and_once_a_minute() {
        let texts = LongTexts::default();
        let began = Instant::now();
        let note = |column, bytes, seconds| {
            let now = began + Duration::from_secs(seconds);
            let largest = texts.note("table", column, bytes, now);
            (largest.of_all, largest.to_tell)
        };
        assert_eq!(note("a", 100, 0), (100, Some(100)));
        assert_eq!(note("b", 50, 1), (50, Some(50)), "another column");
        assert_eq!(note("a", 90, 2), (100, None), "nothing new");
        assert_eq!(note("a", 300, 3), (300, None), "too soon");
        // A length that was kept back is logged with the next one, whichever that is.
        assert_eq!(note("a", 200, 61), (300, Some(300)));
        assert_eq!(note("a", 300, 200), (300, None), "it is known");
        assert_eq!(note("a", 301, 201), (301, Some(301)));
    }
}
