//! Supervisor of a table: starts, stops and restarts its queues' workers and its batcher.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Setup;
use super::batch;
use super::batcher::{Batcher, Ended};
use super::breaker::{Breakers, Least};
use super::failure_history::FailureHistory;
use super::flush::Flusher;
use super::intake::{Intake, To};
use super::prepare::Preparer;
use super::shard::Shard;
use super::stretch::Room;
use crate::broker::{ConsumeError, Deliveries};
use crate::contract::{Queue, Table};
use crate::metrics::workers::RESTARTS;
use crate::sink::Store;

/// Maximum number of prepared messages that wait for a batcher.
const PREPARED: usize = 64;

/// Pause before a restart after a failure.
const REST: Duration = Duration::from_secs(1);

/// Way into a table.
#[derive(Clone)]
pub(super) struct Way {
    /// Store of its rows.
    pub store: Arc<dyn Store>,
    /// Name of its state: that of the table, or of one of its shards.
    pub name: &'static str,
    /// Its shards, if rows of all of them come this way.
    pub shards: Arc<[Arc<Shard>]>,
}

impl Way {
    /// A way that isn't divided.
    pub(super) fn one(store: Arc<dyn Store>, name: &'static str) -> Self {
        Way {
            store,
            name,
            shards: Arc::new([]),
        }
    }
}

/// Supervisor of one way into a table.
pub(super) struct TableSupervisor {
    setup: Setup,
    way: Way,
    table: &'static Table,
    queues: Vec<&'static Queue>,
    preparer: Arc<Preparer>,
    breakers: Breakers,
    failure_history: FailureHistory,
    /// Deliveries of the first start.
    first: Vec<Deliveries>,
}

impl TableSupervisor {
    /// Supervisor that consumes these queues, at least one.
    pub(super) fn new(
        setup: &Setup,
        way: Way,
        table: &'static Table,
        queues: Vec<&'static Queue>,
        preparer: &Arc<Preparer>,
    ) -> Result<Self, ConsumeError> {
        let consume = |queue: &&'static Queue| setup.broker.consume(queue.name);
        Ok(TableSupervisor {
            breakers: Breakers::new(&queues, Least::TABLE, &setup.states),
            first: queues.iter().map(consume).collect::<Result<_, _>>()?,
            setup: setup.clone(),
            failure_history: FailureHistory::default(),
            way,
            table,
            queues,
            preparer: Arc::clone(preparer),
        })
    }

    /// Runs until the broker ends its deliveries, or the server stops, and everything is settled.
    pub(super) async fn run(mut self) {
        loop {
            match self.shift().await {
                Ended::Done => return,
                // Nothing is held and nothing consumed until the destination accepts rows again.
                Ended::Outage => {
                    if !self.wait_out().await {
                        return;
                    }
                }
                Ended::Broken => {
                    tracing::error!(
                        table = self.table.name,
                        "The workers of a table panicked and are restarted; its messages are in their queues."
                    );
                    RESTARTS.with([self.table.name]).increment(1);
                    let rest = tokio::time::sleep(REST);
                    if self.setup.stop.run_until_cancelled(rest).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// Runs workers and batcher until they have to end. Nothing is held afterwards.
    async fn shift(&mut self) -> Ended {
        let halt = self.setup.stop.child_token();
        let (sender, receiver) = mpsc::channel(PREPARED);
        let mut intakes = JoinSet::new();
        let mut first = std::mem::take(&mut self.first).into_iter();
        for queue in &self.queues {
            let intake = Intake {
                setup: self.setup.clone(),
                queue,
                preparer: Arc::clone(&self.preparer),
                breakers: self.breakers.clone(),
                to: To::Batcher(sender.clone()),
                halt: halt.clone(),
            };
            intakes.spawn(intake.run(first.next()));
        }
        drop(sender);
        let mut batcher = JoinSet::new();
        batcher.spawn(self.batcher().run(receiver, halt.clone()));
        let ended = match batcher.join_next().await {
            Some(Ok(ended)) => ended,
            // A panic; the batcher's messages are in their queues again.
            _ => Ended::Broken,
        };
        halt.cancel();
        while intakes.join_next().await.is_some() {}
        ended
    }

    fn batcher(&self) -> Batcher {
        // Two batches share the prefetch of the queues: one is stored while the next fills.
        let held = self.queues.iter().map(|q| held(q, &self.queues)).min();
        let limits = self.queues.iter().map(|q| q.batch).reduce(batch::smaller);
        let flusher = Flusher {
            setup: self.setup.clone(),
            store: Arc::clone(&self.way.store),
            shards: Arc::clone(&self.way.shards),
            name: self.way.name,
            table: self.table,
            room: Room::of(limits),
            breakers: self.breakers.clone(),
            failure_history: self.failure_history.clone(),
        };
        Batcher::new(flusher, limits, (held.unwrap_or(1) / 2).max(1))
    }

    /// Probes the destination until it accepts rows; false if the server stops before.
    async fn wait_out(&self) -> bool {
        tracing::info!(
            table = self.way.name,
            "The table's queues are not consumed until the destination accepts rows."
        );
        loop {
            let asked = async {
                tokio::time::sleep(self.setup.hold_limits.probe).await;
                self.way.store.probe(self.table).await
            };
            match self.setup.stop.run_until_cancelled(asked).await {
                None => return false,
                Some(Ok(())) => break,
                Some(Err(_)) => {}
            }
        }
        self.setup.states.resume(self.way.name);
        true
    }
}

/// Messages that an instance holds of a queue and its partitions together.
fn held(queue: &Queue, queues: &[&Queue]) -> usize {
    let of = |queue: &Queue| queue.partition.map_or(queue.name, |partition| partition.of);
    let parts = queues.iter().filter(|other| of(other) == of(queue));
    parts.map(|part| usize::from(part.prefetch)).sum()
}
