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

#[derive(Row, Deserialize)]
struct Counted {
    events: u64,
    rows: u64,
}

/// Waits until all that was acknowledged is there, but not longer than `patience`.
pub(super) async fn wait(
    store: &ClickHouse,
    prefix: &str,
    sent: &Sent,
    patience: Duration,
) -> Result<Arrived, StoreError> {
    let table = quote::table(store.address().database(), "event");
    let prefix = quote::text(prefix);
    let ask = async |what: &str, last: &str| {
        let sql = format!(
            "SELECT {what} AS events, count() AS rows FROM {table}{last} WHERE startsWith(event_id, {prefix})"
        );
        let counted: Vec<Counted> = store.rows(&sql).await?;
        Ok(counted.first().map_or((0, 0), |c| (c.events, c.rows)))
    };
    loop {
        // To tell ids apart takes the server longer than to count rows, and it has other things to do.
        let mut asked = ask("toUInt64(0)", "").await;
        let at = Instant::now();
        if matches!(asked, Ok((_, rows)) if rows >= sent.acknowledged) {
            asked = ask("uniqExact(event_id)", "").await;
        }
        // A server that doesn't answer may be on its way back, as the rows are.
        let waits = !matches!(asked, Ok((events, _)) if events >= sent.acknowledged);
        if waits && sent.ended.elapsed() < patience {
            tokio::time::sleep(EVERY).await;
            continue;
        }
        asked?;
        let (events, rows) = ask("uniqExact(event_id)", "").await?;
        let (_, last) = ask("toUInt64(0)", " FINAL").await?;
        return Ok(Arrived {
            events,
            rows,
            doubled: last.saturating_sub(events),
            at,
        });
    }
}
