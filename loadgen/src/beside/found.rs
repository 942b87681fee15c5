//! Asks PostgreSQL, ClickHouse and the HTTP API what became of the messages.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use clickhouse::Row;
use http::Uri;
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use tokio_postgres::NoTls;

use super::{Beside, Sent};
use event_grpc::sink::clickhouse::{ClickHouse, quote};

/// Polling interval.
const EVERY: Duration = Duration::from_secs(1);
/// Maximum number of reported errors.
const TOLD: usize = 20;

/// What has to be in PostgreSQL once for each number: the table, the column of the name, and which rows.
const IN_POSTGRES: [(&str, &str, &str); 3] = [
    ("user_account", "device_id", "true"),
    ("launch_referral", "launch_id", "true"),
    // Made of both of the others, in a transaction with the later one.
    (
        "referral_event",
        "device_id",
        "kind = 'SIGNUP' AND launch_id = device_id",
    ),
];

/// What has to be in ClickHouse once: the table and the column of the name.
const IN_CLICKHOUSE: [(&str, &str); 2] = [
    ("launch_refer_event", "event_id"),
    ("webengage_event", "event_name"),
];

/// Outcome of the messages.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Found {
    /// Sent messages of each kind.
    pub(crate) sent: u64,
    /// Rows in PostgreSQL.
    pub(crate) rows: u64,
    /// Requests to the API, of which it applied one for each idempotency key.
    pub(crate) requests: u64,
    /// Errors.
    pub(crate) wrong: Vec<String>,
}

/// What the API got of one message.
#[derive(Debug, Deserialize)]
struct Received {
    keys: BTreeSet<String>,
    requests: u64,
    taken: u64,
}

#[derive(Row, Deserialize)]
struct Counted {
    name: String,
    rows: u64,
}

impl Beside {
    /// Waits until all is where it belongs, but not longer than the run's patience.
    pub(crate) async fn found(&self, store: &ClickHouse, sent: &Sent) -> anyhow::Result<Found> {
        loop {
            let began = Instant::now();
            let found = self.ask(store, sent).await;
            // A server that doesn't answer may be on its way back, as the messages are.
            if !matches!(&found, Ok(found) if found.wrong.is_empty())
                && sent.ended.elapsed() < self.patience
            {
                tokio::time::sleep(EVERY.max(2 * began.elapsed())).await;
                continue;
            }
            return found;
        }
    }

    async fn ask(&self, store: &ClickHouse, sent: &Sent) -> anyhow::Result<Found> {
        let mut found = Found {
            sent: self.pace.count,
            rows: 0,
            requests: 0,
            wrong: sent.wrong.clone(),
        };
        let (client, connection) = tokio_postgres::connect(&self.postgres, NoTls)
            .await
            .context("PostgreSQL does not answer")?;
        let connection = tokio::spawn(connection);
        for (table, column, which) in IN_POSTGRES {
            let sql = format!(
                "SELECT {column}, count(*) FROM {table} WHERE starts_with({column}, $1) AND {which} GROUP BY 1"
            );
            let mut rows = BTreeMap::new();
            for row in client.query(&sql, &[&self.prefix]).await? {
                let count: i64 = row.try_get(1)?;
                rows.insert(row.try_get(0)?, u64::try_from(count)?);
            }
            found.rows += rows.values().sum::<u64>();
            self.once_each(table, rows, &mut found.wrong);
        }
        connection.abort();
        for (table, column) in IN_CLICKHOUSE {
            let prefix = quote::text(&self.prefix);
            let named = quote::table(store.address().database(), table);
            let sql = format!(
                "SELECT toString({column}) AS name, count() AS rows FROM {named} FINAL WHERE startsWith({column}, {prefix}) \
                 GROUP BY name"
            );
            let rows = store.rows::<Counted>(&sql).await?;
            let rows = rows.into_iter().map(|row| (row.name, row.rows));
            self.once_each(table, rows.collect(), &mut found.wrong);
        }
        let received: BTreeMap<String, Received> = serde_json::from_slice(&self.get().await?)?;
        found.requests = received.values().map(|received| received.requests).sum();
        self.one_key_each(received, &mut found.wrong);
        let more = found.wrong.len().saturating_sub(TOLD);
        found.wrong.truncate(TOLD);
        if more > 0 {
            found.wrong.push(format!("and {more} more"));
        }
        Ok(found)
    }

    /// Says of which message a table has not one row.
    fn once_each(&self, table: &str, mut rows: BTreeMap<String, u64>, wrong: &mut Vec<String>) {
        for number in 0..self.pace.count {
            let name = self.name(number);
            match rows.remove(&name) {
                Some(1) => {}
                rows => wrong.push(format!(
                    "{name}: {} rows in {table}",
                    rows.unwrap_or_default()
                )),
            }
        }
        let strangers = rows.into_keys();
        wrong.extend(strangers.map(|name| format!("{name} is in {table}, and was never sent")));
    }

    /// Says which message the API did not take, or got under another key than before or than another message.
    fn one_key_each(&self, mut received: BTreeMap<String, Received>, wrong: &mut Vec<String>) {
        let mut used = BTreeSet::new();
        for number in 0..self.pace.count {
            let name = self.name(number);
            let Some(of) = received.remove(&name) else {
                wrong.push(format!("{name}: the API never got it"));
                continue;
            };
            if of.taken == 0 {
                let requests = of.requests;
                wrong.push(format!("{name}: the API took none of {requests} requests"));
            }
            let own = of
                .keys
                .iter()
                .all(|key| !key.is_empty() && !used.contains(key));
            if of.keys.len() != 1 || !own {
                let keys = &of.keys;
                wrong.push(format!(
                    "{name}: its idempotency keys are {keys:?}, one of its own should be there"
                ));
            }
            used.extend(of.keys);
        }
        let strangers = received.into_keys();
        wrong.extend(strangers.map(|name| format!("{name:?} is at the API, and was never sent")));
    }

    /// What the API says that it got.
    async fn get(&self) -> anyhow::Result<Bytes> {
        let answer = self.client.get(self.api.parse::<Uri>()?).await?;
        anyhow::ensure!(
            answer.status().is_success(),
            "the API answers {}",
            answer.status()
        );
        Ok(answer.into_body().collect().await?.to_bytes())
    }
}
