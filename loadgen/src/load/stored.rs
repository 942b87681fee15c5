//! Asks ClickHouse which events of a run it has.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clickhouse::Row;
use serde::Deserialize;

use super::send::Sent;
use event_grpc::sink::StoreError;
use event_grpc::sink::clickhouse::{ClickHouse, quote};

/// Interval at which the rows are counted. The query reads one column, but all of it.
const EVERY: Duration = Duration::from_millis(100);

/// Number of events of one query. More are queried by the times of the events, by which the table is sorted, so that
/// every answer comes in time.
const SLICE: u64 = 1_000_000;

/// Rows beyond one an event. Both counts are of one moment, so that what comes meanwhile isn't taken for a copy.
const TWICE: &str = "count() - uniqExact(NAME)";

/// Stored events of a run.
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
    /// Filter of the run's events: `NAME` in queries.
    name: String,
    sent: &'a Sent,
    patience: Duration,
}

#[derive(Row, Deserialize)]
struct Counted {
    count: u64,
}

impl<'a> Stored<'a> {
    /// The rows whose ids begin with this prefix, or of those without ids the places where they happened; they may take
    /// `patience` after the last request.
    pub(super) fn new(
        store: &'a ClickHouse,
        prefix: &str,
        without_ids: bool,
        sent: &'a Sent,
        patience: Duration,
    ) -> Self {
        let text = quote::text(prefix);
        let place =
            format!("if(startsWith(event_current_url, {text}), event_current_url, event_id)");
        Stored {
            name: if without_ids {
                place
            } else {
                "event_id".to_owned()
            },
            table: quote::table(store.address().database(), "event"),
            prefix: text,
            store,
            sent,
            patience,
        }
    }

    /// Waits until there are as many rows as events that were acknowledged; says when.
    pub(super) async fn wait(&self) -> Instant {
        loop {
            let began = Instant::now();
            // A server that doesn't answer may be on its way back, as the rows are.
            let rows = self.ask("count()", "", "1").await.unwrap_or_default();
            if rows >= self.sent.acknowledged || self.sent.ended.elapsed() >= self.patience {
                return Instant::now();
            }
            tokio::time::sleep(EVERY.max(began.elapsed())).await;
        }
    }

    /// Looks at each event. To tell ids apart takes the server much longer than to count rows, and it may be that some
    /// rows are there twice and others have yet to come.
    pub(super) async fn check(&self, mut at: Instant) -> Result<Arrived, StoreError> {
        loop {
            let began = Instant::now();
            let events = self.sum("uniqExact(NAME)", "").await;
            let complete = matches!(events, Ok(events) if events >= self.sent.acknowledged);
            let doubled = match complete {
                true => self.sum(TWICE, " FINAL").await,
                false => Ok(0),
            };
            if !(complete && doubled.is_ok()) && self.sent.ended.elapsed() < self.patience {
                tokio::time::sleep(EVERY.max(began.elapsed())).await;
                at = if complete { at } else { Instant::now() };
                continue;
            }
            let (events, rows) = (events?, self.ask("count()", "", "1").await?);
            let doubled = match complete {
                true => doubled?,
                false => self.sum(TWICE, " FINAL").await?,
            };
            return Ok(Arrived {
                events,
                rows,
                doubled,
                at,
            });
        }
    }

    /// Sum over all slices of the run. Copies of an event have the same time, and so are in the same slice.
    async fn sum(&self, what: &str, last: &str) -> Result<u64, StoreError> {
        let mut sum = 0;
        for slice in self.slices() {
            sum += self.ask(what, last, &slice).await?;
        }
        Ok(sum)
    }

    /// Conditions that divide the run's events into parts that can be asked for one after the other. The first and the
    /// last have no end, for times that are not as expected.
    fn slices(&self) -> Vec<String> {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let began = since.saturating_sub(self.sent.began.elapsed()).as_millis();
        let took = (self.sent.ended - self.sent.began).as_millis();
        slices(self.sent.acknowledged, began, took)
    }

    async fn ask(&self, what: &str, last: &str, slice: &str) -> Result<u64, StoreError> {
        let Stored {
            table,
            prefix,
            name,
            ..
        } = self;
        let what = what.replace("NAME", name);
        let sql = format!(
            "SELECT toUInt64({what}) AS count FROM {table}{last} WHERE startsWith({name}, {prefix}) AND {slice}"
        );
        let counted: Vec<Counted> = self.store.rows(&sql).await?;
        Ok(counted.first().map_or(0, |c| c.count))
    }
}

/// Conditions for so many events that were sent from `began`, in milliseconds since the epoch, on.
fn slices(events: u64, began: u128, took: u128) -> Vec<String> {
    let count = u128::from(events.div_ceil(SLICE).max(1));
    let border = |number: u128| {
        let millis = began + took * number / count;
        format!("fromUnixTimestamp64Milli({millis}, 'UTC')")
    };
    let conditions = (0..count).map(|number| {
        let from = (number > 0).then(|| format!("sent_timestamp >= {}", border(number)));
        let to = (number + 1 < count).then(|| format!("sent_timestamp < {}", border(number + 1)));
        let parts: Vec<String> = from.into_iter().chain(to).collect();
        match parts.is_empty() {
            true => "1".to_owned(),
            false => parts.join(" AND "),
        }
    });
    conditions.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_leave_nothing_out() {
        assert_eq!(slices(1000, 5, 10), ["1"]);
        assert_eq!(
            slices(2_500_000, 1000, 300),
            [
                "sent_timestamp < fromUnixTimestamp64Milli(1100, 'UTC')",
                "sent_timestamp >= fromUnixTimestamp64Milli(1100, 'UTC') AND sent_timestamp < fromUnixTimestamp64Milli(1200, 'UTC')",
                "sent_timestamp >= fromUnixTimestamp64Milli(1200, 'UTC')",
            ]
        );
    }
}
