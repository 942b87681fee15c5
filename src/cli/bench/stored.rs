//! Asks ClickHouse which events of a run it has.

use std::time::{Duration, Instant};

use clickhouse::Row;
use serde::Deserialize;

use super::load::Sent;
use crate::sink::StoreError;
use crate::sink::clickhouse::{ClickHouse, quote};

/// How often it is asked how many rows there are. The question reads one column, but all of it.
const EVERY: Duration = Duration::from_millis(100);

/// What is stored of a run.
#[derive(Debug)]
pub(super) struct Arrived {
    /// Different events.
    pub(super) events: u64,
    /// Rows; more than events where some were delivered twice and are not merged yet.
    pub(super) rows: u64,
    /// Events that FINAL shows more than once.
    pub(super) doubled: u64,
    /// When everything that was acknowledged was there, or the wait was given up.
    pub(super) at: Instant,
}

/// The rows of a run.
pub(super) struct Stored<'a> {
    store: &'a ClickHouse,
    table: String,
    prefix: String,
    sent: &'a Sent,
    patience: Duration,
}

#[derive(Row, Deserialize)]
struct Counted {
    count: u64,
}

impl<'a> Stored<'a> {
    /// The rows whose ids begin with this prefix; they may take `patience` after the last request.
    pub(super) fn new(
        store: &'a ClickHouse,
        prefix: &str,
        sent: &'a Sent,
        patience: Duration,
    ) -> Self {
        Stored {
            table: quote::table(store.address().database(), "event"),
            prefix: quote::text(prefix),
            store,
            sent,
            patience,
        }
    }

    /// Waits until there are as many rows as events that were acknowledged; says when.
    pub(super) async fn wait(&self) -> Instant {
        loop {
            // A server that doesn't answer may be on its way back, as the rows are.
            let rows = self.ask("count()", "").await.unwrap_or_default();
            if rows >= self.sent.acknowledged || self.sent.ended.elapsed() >= self.patience {
                return Instant::now();
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Looks at each event. To tell ids apart takes the server much longer than to count rows, and it may be that some
    /// rows are there twice and others have yet to come.
    pub(super) async fn check(&self, mut at: Instant) -> Result<Arrived, StoreError> {
        loop {
            let events = self.ask("uniqExact(event_id)", "").await;
            let complete = matches!(events, Ok(events) if events >= self.sent.acknowledged);
            if !complete && self.sent.ended.elapsed() < self.patience {
                tokio::time::sleep(EVERY).await;
                at = Instant::now();
                continue;
            }
            let (events, rows) = (events?, self.ask("count()", "").await?);
            let last = self.ask("count()", " FINAL").await?;
            return Ok(Arrived {
                events,
                rows,
                doubled: last.saturating_sub(events),
                at,
            });
        }
    }

    async fn ask(&self, what: &str, last: &str) -> Result<u64, StoreError> {
        let Stored { table, prefix, .. } = self;
        let sql = format!(
            "SELECT toUInt64({what}) AS count FROM {table}{last} WHERE startsWith(event_id, {prefix})"
        );
        let counted: Vec<Counted> = self.store.rows(&sql).await?;
        Ok(counted.first().map_or(0, |c| c.count))
    }
}
