//! Stores a batch and settles its messages.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::append::{Failed, append, units};
use super::batch::{Batch, Held};
use super::disposition::{Disposition, decide};
use super::settle::{Finished, GivenUp, settle, sleep};
use super::{Setup, now_ms};
use crate::contract::{Block, Context, Table};
use crate::sink::{Store, StoreError};

/// How often a paused destination is asked.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// Stores the batches of one table.
#[derive(Clone)]
pub(super) struct Flusher {
    setup: Setup,
    store: Arc<dyn Store>,
    table: &'static Table,
}

/// A unit of a batch: which message, and which unit of it.
type Unit = (usize, usize);

impl Flusher {
    pub(super) fn new(setup: Setup, store: Arc<dyn Store>, table: &'static Table) -> Self {
        Flusher {
            setup,
            store,
            table,
        }
    }

    /// Stores the rows, then settles the messages; gives the batch back empty.
    pub(super) async fn flush(self, mut batch: Batch) -> Batch {
        let stored = self.store_all(&mut batch).await;
        if stored.is_ok() {
            for held in batch.held.drain(..) {
                let finished = Finished {
                    message: held.message,
                    failed: held.failed,
                    attempts: 1,
                };
                if settle(&self.setup, finished).await.is_err() {
                    break;
                }
            }
        }
        // What is still held goes back to its queue here.
        batch.clear();
        batch
    }

    async fn store_all(&self, batch: &mut Batch) -> Result<(), GivenUp> {
        let rows = batch.block.rows();
        if rows == 0 {
            return Ok(());
        }
        let began = Instant::now();
        if let Stored::Refused(_) = self.store(rows, batch.block.encode()).await? {
            self.divide(&mut batch.held).await?;
        }
        metrics::histogram!("event_grpc_flush_seconds", "table" => self.table.name)
            .record(began.elapsed());
        metrics::counter!("event_grpc_rows_stored_total", "table" => self.table.name)
            .increment(rows as u64);
        metrics::counter!("event_grpc_inserts_total", "table" => self.table.name).increment(1);
        Ok(())
    }

    /// Stores one block, however often it takes; only what the destination refuses for its content comes back.
    async fn store(&self, rows: usize, block: Bytes) -> Result<Stored, GivenUp> {
        // One token for one block: whoever sends it again sends the same bytes.
        let token = format!("{}-{}", self.table.name, uuid::Uuid::now_v7());
        let mut attempts = 0;
        loop {
            attempts += 1;
            let outcome = self
                .store
                .store(self.table, rows, block.clone(), &token)
                .await;
            let Err(error) = outcome else {
                self.setup.states.resume(self.table.name);
                return Ok(Stored::Yes);
            };
            metrics::counter!(
                "event_grpc_store_errors_total", "table" => self.table.name, "fault" => error.fault.name()
            )
            .increment(1);
            match decide(&error, attempts, rand::random()) {
                Disposition::Divide => return Ok(Stored::Refused(error)),
                Disposition::Pause => self.wait_out(&error).await?,
                Disposition::Again(pause) => {
                    if attempts == 1 {
                        tracing::warn!(table = self.table.name, reason = %error, "An insert failed and is repeated.");
                    }
                    sleep(&self.setup, pause).await?;
                }
            }
        }
    }

    /// Asks the destination until it takes rows again.
    async fn wait_out(&self, error: &StoreError) -> Result<(), GivenUp> {
        self.setup.states.pause(self.table.name, &error.message);
        loop {
            sleep(&self.setup, PROBE_EVERY).await?;
            if self.store.probe(self.table).await.is_ok() {
                return Ok(());
            }
        }
    }

    /// Stores a refused batch by halves, until the units that are refused stand alone.
    async fn divide(&self, held: &mut [Held]) -> Result<(), GivenUp> {
        let good = |(at, h): (usize, &Held)| -> Vec<Unit> {
            let bad: Vec<usize> = h.failed.iter().map(|f| f.unit).collect();
            (0..units(&h.message.content))
                .filter(|u| !bad.contains(u))
                .map(|u| (at, u))
                .collect()
        };
        let all: Vec<Unit> = held.iter().enumerate().flat_map(good).collect();
        let mut parts = VecDeque::from([all]);
        let mut block = Block::new(self.table);
        while let Some(part) = parts.pop_front() {
            block.clear();
            let cx = Context { now_ms: now_ms() };
            for (at, h) in held.iter().enumerate() {
                let from = part.partition_point(|u| u.0 < at);
                let to = part.partition_point(|u| u.0 <= at);
                let wanted = part.get(from..to).unwrap_or_default();
                if !wanted.is_empty() {
                    append(
                        &mut block,
                        &h.message,
                        &|unit| wanted.binary_search(&(at, unit)).is_ok(),
                        &cx,
                    );
                }
            }
            let Stored::Refused(error) = self.store(block.rows(), block.encode()).await? else {
                continue;
            };
            match part.as_slice() {
                [] => {}
                [(at, unit)] => self.refuse(held, *at, *unit, &error).await?,
                _ => {
                    let (left, right) = part.split_at(part.len() / 2);
                    parts.push_back(left.to_vec());
                    parts.push_back(right.to_vec());
                }
            }
        }
        Ok(())
    }

    /// A unit that the destination refuses is a dead letter; one that is a dead letter already can only wait.
    async fn refuse(
        &self,
        held: &mut [Held],
        at: usize,
        unit: usize,
        error: &StoreError,
    ) -> Result<(), GivenUp> {
        let Some(held) = held.get_mut(at) else {
            return Ok(());
        };
        if held.message.queue.dead_letter.is_none() {
            tracing::error!(table = self.table.name, reason = %error, "A dead letter can't be stored and waits.");
            self.setup.give_up.cancelled().await;
            return Err(GivenUp);
        }
        held.failed.push(Failed {
            unit,
            event_type: String::new(),
            class: "refused",
            reason: error.message.clone(),
        });
        Ok(())
    }
}

/// What became of a block.
#[derive(Debug, PartialEq, Eq)]
enum Stored {
    Yes,
    Refused(StoreError),
}
