//! Stores a batch and settles its messages.

use std::sync::Arc;

use tokio::time::Instant;

use super::append::json_messages;
use super::batch::{Batch, Held};
use super::breaker::Breakers;
use super::disposition::{Case, Cause, Disposition, Part, Probe, decide};
use super::objects::Parsed;
use super::settle::{Decided, GivenUp, settle, sleep};
use super::sort::Unit;
use super::suspects::Suspects;
use super::{Patience, Setup, now_ms};
use crate::contract::{Context, Message, Table};
use crate::sink::{Rows, Store, StoreError};

/// Stores the batches of one table.
#[derive(Clone)]
pub(super) struct Flusher {
    pub(super) setup: Setup,
    pub(super) store: Arc<dyn Store>,
    pub(super) table: &'static Table,
    pub(super) breakers: Breakers,
    pub(super) suspects: Suspects,
}

/// What is left of a batch.
#[derive(Debug)]
pub(super) struct Flushed {
    /// It, empty.
    pub spare: Batch,
    /// Messages that are held for a while before they go back.
    pub later: Vec<Decided>,
    /// The destination was gone for too long; these of its messages have to go back.
    pub outage: Option<Vec<Held>>,
}

/// Why a batch could not be seen to its end.
#[derive(Debug)]
pub(super) enum Halt {
    /// The server gives up waiting.
    GivenUp,
    /// The destination takes nothing, and that for longer than messages are held.
    Outage,
}

/// What became of a block.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// It is stored.
    Yes,
    /// It isn't, as often as it was tried, though the destination agrees to take rows if that was asked.
    No(StoreError, Probe),
}

impl From<GivenUp> for Halt {
    fn from(_: GivenUp) -> Self {
        Halt::GivenUp
    }
}

impl Flusher {
    /// Stores the rows, then settles the messages; gives the batch back empty.
    pub(super) async fn flush(self, mut batch: Batch) -> Flushed {
        let stored = self.store_all(&mut batch).await;
        let mut later = Vec::new();
        let mut outage = None;
        match stored {
            Ok(()) => {
                let held = batch.held.drain(..);
                let decided = held.map(|held| Decided::of(held, &self.setup)).collect();
                for decided in self.breakers.admit(decided).await {
                    if decided.hold().is_some() {
                        later.push(decided);
                    } else if settle(&self.setup, decided).await.is_err()
                        && self.setup.give_up.is_cancelled()
                    {
                        break;
                    }
                }
            }
            Err(Halt::Outage) => outage = Some(std::mem::take(&mut batch.held)),
            // What is still held goes back to its queue as it is dropped.
            Err(Halt::GivenUp) => {}
        }
        batch.clear();
        Flushed {
            spare: batch,
            later,
            outage,
        }
    }

    async fn store_all(&self, batch: &mut Batch) -> Result<(), Halt> {
        let rows = batch.block.rows();
        if rows == 0 {
            return Ok(());
        }
        let began = Instant::now();
        let stored = {
            let Batch { block, held, .. } = &*batch;
            let objects = self.objects(held, &|held, unit| {
                held.failed.iter().all(|failed| failed.unit != unit)
            });
            let messages: Vec<Message<'_>> = objects.iter().map(Parsed::message).collect();
            let messages = &messages;
            let token = self.token();
            self.store(Rows { block, messages }, &token, Part::Whole)
                .await?
        };
        if let Stored::No(error, probe) = stored {
            self.sort_out(&mut batch.held, error, probe).await?;
        }
        metrics::histogram!("event_grpc_flush_seconds", "table" => self.table.name)
            .record(began.elapsed());
        metrics::counter!("event_grpc_rows_stored_total", "table" => self.table.name)
            .increment(rows as u64);
        metrics::counter!("event_grpc_inserts_total", "table" => self.table.name).increment(1);
        Ok(())
    }

    /// The objects whose rows are in a block, if the table has a use for them.
    pub(super) fn objects<'a>(
        &self,
        held: &'a [Held],
        stored: &dyn Fn(&Held, usize) -> bool,
    ) -> Vec<Parsed<'a>> {
        if self.table.upsert().is_none_or(|u| u.hook.is_none()) {
            return Vec::new();
        }
        let cx = Context { now_ms: now_ms() };
        held.iter()
            .flat_map(|h| json_messages(&h.message, &|unit| stored(h, unit), &cx))
            .collect()
    }

    /// One token for one block: whoever sends it again sends the same bytes.
    pub(super) fn token(&self) -> String {
        format!("{}-{}", self.table.name, uuid::Uuid::now_v7())
    }

    /// Stores one block, as often as that has sense.
    pub(super) async fn store(
        &self,
        rows: Rows<'_>,
        token: &str,
        part: Part,
    ) -> Result<Stored, Halt> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let Err(error) = self.store_once(rows, token).await else {
                return Ok(Stored::Yes);
            };
            let case = Case {
                cause: Cause::Store(error.fault),
                attempts,
                part,
                probe: Probe::Unasked,
                failures: 0,
                retries: 0,
                last_resort: false,
            };
            let disposition = match decide(&case, self.jitter()) {
                Disposition::Ask => {
                    let probe = match self.asked().await? {
                        true => Probe::Agrees,
                        false => Probe::Refuses,
                    };
                    decide(&Case { probe, ..case }, self.jitter())
                }
                disposition => disposition,
            };
            match disposition {
                Disposition::Again(pause) => {
                    if attempts == 1 {
                        tracing::warn!(table = self.table.name, reason = %error, "An insert failed and is repeated.");
                    }
                    sleep(&self.setup, pause).await?;
                }
                Disposition::Pause => {
                    self.wait_out(&error).await?;
                    attempts = 0;
                }
                // The rest depends on each message.
                _ => {
                    let asked = error.fault == crate::sink::Fault::Transient;
                    let probe = if asked { Probe::Agrees } else { Probe::Unasked };
                    return Ok(Stored::No(error, probe));
                }
            }
        }
    }

    pub(super) async fn store_once(&self, rows: Rows<'_>, token: &str) -> Result<(), StoreError> {
        let stored = self.store.store(rows, token).await;
        match &stored {
            Ok(()) => {
                self.setup.states.resume(self.table.name);
                if rows.block.rows() > 0 {
                    self.suspects.stored();
                }
            }
            Err(error) => metrics::counter!(
                "event_grpc_store_errors_total", "table" => self.table.name, "fault" => error.fault.name()
            )
            .increment(1),
        }
        stored
    }

    async fn asked(&self) -> Result<bool, GivenUp> {
        let probe = self.store.probe(self.table);
        let asked = self.setup.give_up.run_until_cancelled(probe).await;
        asked.map(|answer| answer.is_ok()).ok_or(GivenUp)
    }

    /// Asks the destination until it takes rows again, but holds messages only for so long.
    async fn wait_out(&self, error: &StoreError) -> Result<(), Halt> {
        self.setup.states.pause(self.table.name, &error.message);
        let Patience { grace, probe, .. } = self.setup.patience;
        let began = Instant::now();
        loop {
            sleep(&self.setup, probe.min(grace)).await?;
            if self.asked().await? {
                return Ok(());
            }
            if began.elapsed() >= grace {
                return Err(Halt::Outage);
            }
        }
    }

    pub(super) fn jitter(&self) -> f64 {
        (self.setup.patience.jitter)()
    }
}

/// Where a unit is: which message of a batch, and which unit of it.
pub(super) fn in_message(units: &[Unit], at: usize) -> &[Unit] {
    let from = units.partition_point(|u| u.0 < at);
    let to = units.partition_point(|u| u.0 <= at);
    units.get(from..to).unwrap_or_default()
}
