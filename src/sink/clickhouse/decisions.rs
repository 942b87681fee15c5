//! Decisions about dead letters, replayed or discarded, in a table beside the dead letters, so that replay and discard
//! are idempotent.

use std::fmt::Write as _;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use clickhouse::Row;
use serde::Deserialize;

use super::{ClickHouse, quote};
use crate::sink::StoreError;

/// Name of the decisions table.
pub(super) const DECISIONS: &str = "dead_letter_decisions";

/// One row for one failure of a dead letter: if it fails again its time is different, and it is undecided again.
const DECISIONS_DDL: &str = "\
CREATE TABLE IF NOT EXISTS `dead_letter_decisions` (
    `queue` String COMMENT 'The letter: queue or source',
    `error_id` String COMMENT 'The letter: its id',
    `last_failed` DateTime64(3, 'UTC') COMMENT 'Which of its failures was decided about',
    `action` LowCardinality(String) COMMENT 'replayed or discarded',
    `decided_at` DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree(decided_at) ORDER BY (queue, error_id, last_failed)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1";

/// One failure of one dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Row, Deserialize)]
pub struct Key {
    /// Queue in which it failed, or source that refused it.
    #[serde(rename = "l_queue")]
    pub queue: String,
    /// Its id.
    #[serde(rename = "l_id")]
    pub id: String,
    /// Time of its last failure, in milliseconds since the epoch.
    #[serde(rename = "l_last_failed")]
    pub last_failed_ms: i64,
    /// Approximate size of its body.
    #[serde(rename = "l_size")]
    pub size: u64,
}

/// Decision about a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It was replayed.
    Replayed,
    /// It was discarded.
    Discarded,
}

impl Action {
    /// Name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Action::Replayed => "replayed",
            Action::Discarded => "discarded",
        }
    }
}

/// Creates the table if it doesn't exist. If it exists, the account may lack the right to create it.
pub(super) async fn open(store: &ClickHouse) -> Result<(), StoreError> {
    match exists(store).await? {
        true => Ok(()),
        false => run(store, DECISIONS_DDL).await,
    }
}

/// True if the table exists.
pub(super) async fn exists(store: &ClickHouse) -> Result<bool, StoreError> {
    let (database, decisions_table) = (
        quote::text(store.address().database()),
        quote::text(DECISIONS),
    );
    let sql = format!(
        "SELECT count() FROM system.tables WHERE database = {database} AND name = {decisions_table}"
    );
    Ok(store
        .rows::<u64>(&sql)
        .await?
        .iter()
        .any(|count| *count > 0))
}

/// Records a decision about some dead letters. Idempotent.
pub(super) async fn record(
    store: &ClickHouse,
    action: Action,
    keys: &[Key],
) -> Result<(), StoreError> {
    /// Maximum number of rows of a statement, whose size is limited.
    const AT_ONCE: usize = 500;
    for keys in keys.chunks(AT_ONCE) {
        let decisions_table = quote::table(store.address().database(), DECISIONS);
        let mut sql = format!(
            "INSERT INTO {decisions_table} (queue, error_id, last_failed, action) SETTINGS async_insert = 0 VALUES"
        );
        for (at, key) in keys.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            let (queue, id) = (quote::text(&key.queue), quote::text(&key.id));
            let (last, action) = (key.last_failed_ms, action.name());
            // Writing to a string doesn't fail.
            write!(
                sql,
                "{comma} ({queue}, {id}, fromUnixTimestamp64Milli({last}, 'UTC'), '{action}')"
            )
            .ok();
        }
        run(store, &sql).await?;
    }
    Ok(())
}

/// Runs an idempotent statement.
async fn run(store: &ClickHouse, statement: &str) -> Result<(), StoreError> {
    let database = store.address().database();
    let attempt = || store.run(Some(database), statement);
    attempt
        .retry(
            ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(100))
                .with_max_times(5)
                .with_jitter(),
        )
        .when(|error| error.fault.may_pass())
        .await
}
