//! Stores a batch and settles its messages.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::append::{Failed, append, json_messages, units};
use super::batch::{Batch, Held};
use super::disposition::{Disposition, decide};
use super::settle::{Finished, GivenUp, settle, sleep};
use super::{Setup, now_ms};
use crate::contract::{Block, Context, Message, Table};
use crate::sink::{Rows, Store, StoreError};

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
        let stored = {
            let Batch { block, held, .. } = &*batch;
            let messages = self.messages(held, &|held, unit| {
                held.failed.iter().all(|failed| failed.unit != unit)
            });
            let messages = &messages;
            self.store(Rows { block, messages }).await?
        };
        if let Stored::Refused(_) = stored {
            self.divide(&mut batch.held).await?;
        }
        metrics::histogram!("event_grpc_flush_seconds", "table" => self.table.name)
            .record(began.elapsed());
        metrics::counter!("event_grpc_rows_stored_total", "table" => self.table.name)
            .increment(rows as u64);
        metrics::counter!("event_grpc_inserts_total", "table" => self.table.name).increment(1);
        Ok(())
    }

    /// The messages whose rows are in a block, if the table has a use for them.
    fn messages<'a>(
        &self,
        held: &'a [Held],
        stored: &dyn Fn(&Held, usize) -> bool,
    ) -> Vec<Message<'a>> {
        if self.table.upsert().is_none_or(|u| u.hook.is_none()) {
            return Vec::new();
        }
        let cx = Context { now_ms: now_ms() };
        held.iter()
            .flat_map(|h| json_messages(&h.message, &|unit| stored(h, unit), &cx))
            .collect()
    }

    /// Stores one block, however often it takes; only what the destination refuses for its content comes back.
    async fn store(&self, rows: Rows<'_>) -> Result<Stored, GivenUp> {
        // One token for one block: whoever sends it again sends the same bytes.
        let token = format!("{}-{}", self.table.name, uuid::Uuid::now_v7());
        let mut attempts = 0;
        loop {
            attempts += 1;
            let outcome = self.store.store(rows, &token).await;
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
            let stored = self.store_part(&mut block, held, &part).await?;
            let Stored::Refused(error) = stored else {
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

    /// Stores some units of a batch by themselves.
    async fn store_part(
        &self,
        block: &mut Block,
        held: &[Held],
        part: &[Unit],
    ) -> Result<Stored, GivenUp> {
        block.clear();
        let cx = Context { now_ms: now_ms() };
        let mut messages = Vec::new();
        for (at, h) in held.iter().enumerate() {
            let from = part.partition_point(|u| u.0 < at);
            let to = part.partition_point(|u| u.0 <= at);
            let wanted = part.get(from..to).unwrap_or_default();
            if !wanted.is_empty() {
                let wanted = |unit| wanted.binary_search(&(at, unit)).is_ok();
                let failed = append(block, &h.message, &wanted, &cx);
                let stored = |_: &Held, unit| wanted(unit) && failed.iter().all(|f| f.unit != unit);
                messages.extend(self.messages(std::slice::from_ref(h), &stored));
            }
        }
        self.store(Rows {
            block,
            messages: &messages,
        })
        .await
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
