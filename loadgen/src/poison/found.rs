//! Asks ClickHouse what became of poison.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use super::{DIGITS, Poison, Sent, beside};
use event_grpc::sink::StoreError;
use event_grpc::sink::clickhouse::{ClickHouse, quote};

/// Polling interval.
const EVERY: Duration = Duration::from_secs(1);
/// Maximum number of reported errors.
const TOLD: usize = 20;

/// Outcome of the poison.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Found {
    /// Number of replayed dead letters.
    pub(crate) sent: u64,
    /// Number of correct dead letters.
    pub(crate) letters: u64,
    /// Number of stored good events that travelled with them.
    pub(crate) beside: u64,
    /// Errors.
    pub(crate) wrong: Vec<String>,
}

/// The tables of good events, and what is the same in all copies of one.
const TABLES: [(&str, &str); 2] = [
    ("event", "event_name, sent_timestamp"),
    (
        "sentiment_log",
        "platform, shortcode, comment_id, event_timestamp",
    ),
];

#[derive(Debug, Row, Deserialize)]
struct Letter {
    name: String,
    queue: String,
    class: String,
    reason: String,
}

#[derive(Row, Deserialize)]
struct Stored {
    id: String,
    rows: u64,
}

/// True if a letter's queue is this one, or that of a shard which refused what this one took.
fn is_of(letter: &str, queue: &str) -> bool {
    let of_shard = letter.strip_prefix(queue);
    of_shard.is_some_and(|rest| rest.is_empty() || rest.starts_with(".shard"))
}

impl Poison {
    /// Waits until all is where it belongs, but not longer than the run's patience.
    pub(crate) async fn found(&self, store: &ClickHouse, sent: &Sent) -> Result<Found, StoreError> {
        loop {
            let began = Instant::now();
            let found = self.ask(store, sent).await;
            // A server that doesn't answer may be on its way back, as the letters are.
            if !matches!(&found, Ok(found) if found.wrong.is_empty())
                && sent.ended.elapsed() < self.patience
            {
                // A server that has to catch up is asked the less the longer it takes to answer.
                tokio::time::sleep(EVERY.max(2 * began.elapsed())).await;
                continue;
            }
            return found;
        }
    }

    async fn ask(&self, store: &ClickHouse, sent: &Sent) -> Result<Found, StoreError> {
        let mut letters: BTreeMap<String, Vec<Letter>> = BTreeMap::new();
        for letter in self.letters(store).await? {
            letters.entry(letter.name.clone()).or_default().push(letter);
        }
        let mut found = Found {
            sent: sent.count,
            letters: 0,
            beside: 0,
            wrong: sent.wrong.clone(),
        };
        for stranger in letters.remove("").unwrap_or_default() {
            found.wrong.push(format!(
                "a good event is a dead letter of {}: {}, {}",
                stranger.queue, stranger.class, stranger.reason
            ));
        }
        let mut stored: BTreeMap<String, u64> = BTreeMap::new();
        for (table, key) in TABLES {
            for Stored { id, rows } in self.stored(store, table, key).await? {
                *stored.entry(id).or_default() += rows;
            }
        }
        for number in 0..sent.count {
            let Some(kind) = self.kind(number) else {
                continue;
            };
            let name = self.name(number);
            let letters = letters.remove(&name).unwrap_or_default();
            match letters.as_slice() {
                [letter] if letter.class == kind.class && is_of(&letter.queue, kind.queue) => {
                    found.letters += 1;
                }
                [] if kind.refused => {}
                letters => found.wrong.push(format!(
                    "{name}, {}: one dead letter {} of {} should be there, not {letters:?}",
                    kind.what, kind.class, kind.queue
                )),
            }
            let (bad, good) = (stored.remove(&name), stored.remove(&beside(&name)));
            if bad.is_some() {
                let what = kind.what;
                found.wrong.push(format!("{name}, {what}: it is stored"));
            }
            match (good, kind.beside) {
                (Some(1), Some(_)) => found.beside += 1,
                (None, None) => {}
                (rows, _) => found.wrong.push(format!(
                    "{name}, {}: the good event beside it is there {} times",
                    kind.what,
                    rows.unwrap_or(0)
                )),
            }
        }
        let more = found.wrong.len().saturating_sub(TOLD);
        found.wrong.truncate(TOLD);
        if more > 0 {
            found.wrong.push(format!("and {more} more"));
        }
        Ok(found)
    }

    /// All dead letters; those that are no poison of this run have no name.
    async fn letters(&self, store: &ClickHouse) -> Result<Vec<Letter>, StoreError> {
        let table = quote::table(store.address().database(), "error_event");
        let name = quote::text(&format!("{}[0-9]{{{DIGITS}}}", self.prefix));
        let sql = format!(
            "SELECT extract(concat(message_id, ' ', body), {name}) AS name, toString(queue) AS queue, \
             toString(class) AS class, reason FROM {table} FINAL"
        );
        store.rows(&sql).await
    }

    /// The events of a table, and how many rows of each are left when copies are merged. They are few among many, which
    /// FINAL would merge first.
    async fn stored(
        &self,
        store: &ClickHouse,
        table: &str,
        key: &str,
    ) -> Result<Vec<Stored>, StoreError> {
        let table = quote::table(store.address().database(), table);
        let prefix = quote::text(&self.prefix);
        let sql = format!(
            "SELECT event_id AS id, uniqExact({key}) AS rows FROM {table} WHERE startsWith(event_id, {prefix}) GROUP BY id"
        );
        store.rows(&sql).await
    }
}
