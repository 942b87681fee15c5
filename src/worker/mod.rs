//! From a queue to its table: workers prepare messages, a batcher turns them into a block, stores it and settles.
//!
//! A message is acknowledged when all its rows are stored and its bad events are dead letters that the broker has
//! confirmed. Until then it is held; whoever drops it gives it back to its queue.

mod append;
mod batch;
mod batcher;
mod dead_letter;
mod disposition;
mod flush;
mod headers;
mod prepare;
mod proto_json;
mod split;
mod state;

pub use state::{Paused, States};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, Deliveries};
use crate::contract::{Pipeline, Queue, Table};
use crate::sink::Stores;
use batcher::Batcher;
use prepare::{Prepared, Preparer};

/// What workers need from outside.
#[derive(Clone)]
pub struct Setup {
    /// The pipeline that the queues are part of.
    pub pipeline: &'static Pipeline,
    /// Where messages come from and dead letters go.
    pub broker: Arc<dyn Broker>,
    /// Where each table's rows go.
    pub stores: Stores,
    /// How batches go out.
    pub pace: Pace,
    /// What the tables' batchers tell of themselves.
    pub states: States,
    /// Ends consuming. What has been consumed is still stored and settled.
    pub stop: CancellationToken,
    /// Ends waiting: what isn't stored then goes back to its queue.
    pub give_up: CancellationToken,
}

/// When a batch goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// When it is large or old enough: few big inserts.
    Full,
    /// As soon as the insert before it has ended: somebody waits for each row.
    Eager,
}

/// Starts the workers of these queues, and a batcher for each of their tables. The tasks end when the broker ends
/// its deliveries, or `stop` does, and everything is settled.
pub fn start(
    setup: &Setup,
    queues: &[&'static Queue],
) -> Result<JoinSet<()>, crate::broker::ConsumeError> {
    let preparer = Arc::new(Preparer::new(setup.pipeline));
    let mut tasks = JoinSet::new();
    for (table, queues) in by_table(queues) {
        let Some(store) = setup.stores.of(table) else {
            continue;
        };
        let (sender, receiver) = mpsc::channel(PREPARED);
        for queue in &queues {
            let deliveries = Arc::new(setup.broker.consume(queue.name)?);
            for _ in 0..queue.workers.max(1) {
                let stop = setup.stop.clone();
                tasks.spawn(work(
                    queue,
                    Arc::clone(&deliveries),
                    Arc::clone(&preparer),
                    sender.clone(),
                    stop,
                ));
            }
        }
        // Two batches share what the queues may hand out: one is stored while the next fills.
        let held = queues
            .iter()
            .map(|q| usize::from(q.prefetch))
            .min()
            .unwrap_or(1);
        let limits = queues.iter().map(|q| q.batch).reduce(batch::smaller);
        let Some(limits) = limits else { continue };
        let batcher = Batcher::new(setup.clone(), store, table, limits, (held / 2).max(1));
        tasks.spawn(batcher.run(receiver));
    }
    Ok(tasks)
}

/// How many prepared messages may wait for a batcher.
const PREPARED: usize = 64;

fn by_table(queues: &[&'static Queue]) -> Vec<(&'static Table, Vec<&'static Queue>)> {
    let mut tables: BTreeMap<&'static str, (&'static Table, Vec<&'static Queue>)> = BTreeMap::new();
    for queue in queues {
        let Some(table) = queue.into.table() else {
            continue;
        };
        tables
            .entry(table.name)
            .or_insert_with(|| (table, Vec::new()))
            .1
            .push(queue);
    }
    tables.into_values().collect()
}

/// One worker: takes messages, prepares them and hands them on until there are no more.
async fn work(
    queue: &'static Queue,
    deliveries: Arc<Deliveries>,
    preparer: Arc<Preparer>,
    batcher: mpsc::Sender<Prepared>,
    stop: CancellationToken,
) {
    while let Some(Some(delivery)) = stop.run_until_cancelled(deliveries.next()).await {
        let prepared = preparer.prepare(queue, delivery);
        if batcher.send(prepared).await.is_err() {
            return;
        }
    }
}

/// The clock, in milliseconds since the epoch.
fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
