//! What was decided about dead letters: which were sent again, and which are not wanted. A book in the database of the
//! letters, so that doing it twice does nothing twice.

use std::fmt::Write as _;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};

use super::letters::Key;
use super::{ClickHouse, quote};
use crate::sink::StoreError;

/// The book's name.
pub(super) const BOOK: &str = "dead_letter_decisions";

/// One row for one failure of a letter: if it fails again its time is another, and it is undecided again.
const BOOK_DDL: &str = "\
CREATE TABLE IF NOT EXISTS `dead_letter_decisions` (
    `queue` String COMMENT 'The letter: queue or source',
    `error_id` String COMMENT 'The letter: its id',
    `last_failed` DateTime64(3, 'UTC') COMMENT 'Which of its failures was decided about',
    `action` LowCardinality(String) COMMENT 'replayed or discarded',
    `decided_at` DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree(decided_at) ORDER BY (queue, error_id, last_failed)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1";

/// What can be decided about a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It was sent again.
    Replayed,
    /// It is not wanted.
    Discarded,
}

impl Action {
    /// As the book has it.
    pub fn name(self) -> &'static str {
        match self {
            Action::Replayed => "replayed",
            Action::Discarded => "discarded",
        }
    }
}

/// Makes the book if there is none. One that is there may be all that the account is allowed to use.
pub(super) async fn open(store: &ClickHouse) -> Result<(), StoreError> {
    match exists(store).await? {
        true => Ok(()),
        false => run(store, BOOK_DDL).await,
    }
}

/// Whether there is a book.
pub(super) async fn exists(store: &ClickHouse) -> Result<bool, StoreError> {
    let (database, book) = (quote::text(store.address().database()), quote::text(BOOK));
    let sql =
        format!("SELECT count() FROM system.tables WHERE database = {database} AND name = {book}");
    Ok(store
        .rows::<u64>(&sql)
        .await?
        .iter()
        .any(|count| *count > 0))
}

/// Writes down what was decided about some letters. May be repeated.
pub(super) async fn record(
    store: &ClickHouse,
    action: Action,
    keys: &[Key],
) -> Result<(), StoreError> {
    /// A statement has a largest size.
    const AT_ONCE: usize = 500;
    for keys in keys.chunks(AT_ONCE) {
        let book = quote::table(store.address().database(), BOOK);
        let mut sql = format!(
            "INSERT INTO {book} (queue, error_id, last_failed, action) SETTINGS async_insert = 0 VALUES"
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

/// Runs a statement that may be repeated.
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
