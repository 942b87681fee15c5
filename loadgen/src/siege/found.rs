//! Asks ClickHouse what became of everything that has a name.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clickhouse::Row;
use serde::Deserialize;

use super::{Ended, Siege};
use event_grpc::sink::StoreError;
use event_grpc::sink::clickhouse::{ClickHouse, quote};

/// The digits of a number in a name.
pub(super) const DIGITS: usize = 6;
/// Polling interval.
const EVERY: Duration = Duration::from_secs(1);

/// The tables that names can be in: where a name is, and what is the same in all copies of a row.
const TABLES: [(&str, &str, &str); 6] = [
    ("event", "event_id", "event_name, sent_timestamp, event_id"),
    (
        "graphy_event",
        "ifNull(toString(event_data.siege), '')",
        "event_name, id",
    ),
    ("trace_log", "uri", "service_name, uri, id"),
    (
        "scrape_request_log",
        "event_id",
        "flow, platform, event_timestamp, event_id",
    ),
    (
        "shopify_event",
        "store_url",
        "event_name, event_timestamp, id",
    ),
    ("branch_event", "id", "name, timestamp, id"),
];

/// Expressions that find the name of a dead letter: first the quick ones, then its bytes, which may be many.
const LETTERS: [&str; 2] = ["concat(message_id, ' ', event_id)", "body"];

/// Traces of one attack.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) rows: u64,
    pub(super) letters: u64,
}

/// Traces of all.
#[derive(Debug, Default)]
pub(super) struct Finds(BTreeMap<usize, Found>);

#[derive(Row, Deserialize)]
struct Named {
    name: String,
    found: u64,
}

impl Finds {
    /// Traces of the one with this number.
    pub(super) fn of(&self, number: usize) -> Found {
        self.0.get(&number).copied().unwrap_or_default()
    }
}

/// Waits until everything is where it belongs, but not longer than the siege's patience.
pub(super) async fn wait(
    store: &ClickHouse,
    siege: &Siege,
    ended: &[Ended],
) -> Result<Finds, StoreError> {
    let since = Instant::now();
    loop {
        let began = Instant::now();
        let finds = ask(store, siege, ended, false).await;
        let over = since.elapsed() >= siege.patience;
        match finds {
            Ok(finds) if over || is_complete(siege, ended, &finds) => {
                // All letters are counted once, though none is needed any more.
                return Ok(ask(store, siege, ended, true).await.unwrap_or(finds));
            }
            Err(error) if over => return Err(error),
            // A server that has to catch up is asked the less the longer it takes to answer.
            _ => tokio::time::sleep(EVERY.max(2 * began.elapsed())).await,
        }
    }
}

/// True if nothing is wrong that time could mend. What wasn't answered won't be.
fn is_complete(siege: &Siege, ended: &[Ended], finds: &Finds) -> bool {
    ended.iter().all(|one| {
        let hopeless = siege.wrong(one, &Finds::default()).is_none();
        hopeless || siege.wrong(one, finds).is_none() || finds.of(one.number) != Found::default()
    })
}

/// Looks for everything; for letters everywhere only if something is missing, or if it is to be thorough.
async fn ask(
    store: &ClickHouse,
    siege: &Siege,
    ended: &[Ended],
    thorough: bool,
) -> Result<Finds, StoreError> {
    let mut finds = Finds::default();
    let number = |name: &str| name.strip_prefix(&siege.prefix)?.parse::<usize>().ok();
    for (table, name, key) in TABLES {
        for Named { name, found } in names(store, siege, table, name, key).await? {
            if let Some(number) = number(&name) {
                finds.0.entry(number).or_default().rows += found;
            }
        }
    }
    for name in LETTERS {
        // One that was found in one place need not be looked for in the other, which is expensive.
        if !thorough && is_complete(siege, ended, &finds) {
            break;
        }
        let known: Vec<usize> = finds
            .0
            .iter()
            .filter(|(_, f)| f.letters > 0)
            .map(|(n, _)| *n)
            .collect();
        for Named { name, found } in names(store, siege, "error_event", name, "error_id").await? {
            if let Some(number) = number(&name).filter(|n| known.binary_search(n).is_err()) {
                finds.0.entry(number).or_default().letters += found;
            }
        }
    }
    Ok(finds)
}

async fn names(
    store: &ClickHouse,
    siege: &Siege,
    table: &str,
    name: &str,
    key: &str,
) -> Result<Vec<Named>, StoreError> {
    let table = quote::table(store.address().database(), table);
    let prefix = quote::text(&siege.prefix);
    let pattern = quote::text(&format!("{}[0-9]{{{DIGITS}}}", siege.prefix));
    // Bodies of many megabytes are not read many at once.
    let sql = format!(
        "SELECT extract({name}, {pattern}) AS name, uniqExact({key}) AS found FROM {table} \
         WHERE position({name}, {prefix}) > 0 GROUP BY name \
         SETTINGS max_threads = 2, max_block_size = 256, preferred_block_size_bytes = 1000000"
    );
    store.rows(&sql).await
}
