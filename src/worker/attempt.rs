//! Stores one block, with retries.

use std::time::Duration;

use tokio::time::Instant;

use super::Patience;
use super::disposition::{Case, Cause, Disposition, Part, Probe, decide};
use super::flush::{Flusher, Halt};
use super::settle::{GivenUp, sleep};
use super::suspects::Key;
use crate::metrics::stores;
use crate::sink::{Fault, Rows, StoreError};

/// Result of storing a block.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// It is stored.
    Yes,
    /// It failed after all retries, although the destination accepts rows if it was probed.
    No(StoreError, Probe),
}

/// Number of crashes of the destination at a block after which the block is bisected.
const TOO_OFTEN: u32 = 2;

/// Head start of other blocks, for each time that the destination has gone away.
const COURTESY: Duration = Duration::from_millis(500);

/// Keys of the units of a block.
pub(super) type Keys<'a> = &'a (dyn Fn() -> Vec<Key> + Send + Sync);

impl Flusher {
    /// Stores one block, with retries.
    pub(super) async fn store(
        &self,
        rows: Rows<'_>,
        part: Part,
        keys: Keys<'_>,
    ) -> Result<Stored, Halt> {
        // One token for one block: a retry sends the same bytes under the same token.
        let token = format!("{}-{}", self.table.name, uuid::Uuid::now_v7());
        let mut attempts = 0;
        // Last error without an answer.
        let mut unanswered: Option<StoreError> = None;
        loop {
            attempts += 1;
            let Err(error) = self.store_once(rows, &token).await else {
                return Ok(Stored::Yes);
            };
            unanswered = match error.fault {
                fault if fault.is_of_size() => Some(error.clone()),
                // The destination is down, perhaps because of this block.
                Fault::Destination => unanswered,
                _ => None,
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
                    // It was working on this block when it went away, perhaps because of it.
                    let ended = unanswered.take();
                    let times = match ended {
                        Some(_) => self.suspects.went_away(&keys()),
                        None => 0,
                    };
                    self.wait_out(&error).await?;
                    attempts = 0;
                    if let Some(error) = ended
                        && times >= TOO_OFTEN
                        && part != Part::Alone
                    {
                        return Ok(Stored::No(error, Probe::Agrees));
                    }
                    if let Some(blamed) = self.acquitted(part, keys).await? {
                        return Ok(blamed);
                    }
                }
                // Other faults depend on each message.
                _ => {
                    let probe = match error.fault.may_pass() {
                        true => Probe::Agrees,
                        false => Probe::Unasked,
                    };
                    return Ok(Stored::No(error, probe));
                }
            }
        }
    }

    /// Lets other blocks go first if the destination went away at a unit, to see if it stores them. Returns a result at
    /// once for a unit that must not be tried, because it is the cause.
    pub(super) async fn acquitted(
        &self,
        part: Part,
        keys: Keys<'_>,
    ) -> Result<Option<Stored>, Halt> {
        if part == Part::Whole || !self.suspects.any() {
            return Ok(None);
        }
        let keys = keys();
        if part == Part::Alone && keys.iter().any(|key| self.suspects.is_to_blame(*key)) {
            return Ok(Some(Stored::No(went_away(), Probe::StoresOthers)));
        }
        let times = self.suspects.times(&keys);
        if times >= TOO_OFTEN {
            sleep(&self.setup, COURTESY * times.min(10)).await?;
        }
        Ok(None)
    }

    async fn store_once(&self, rows: Rows<'_>, token: &str) -> Result<(), StoreError> {
        let stored = self.store.store(rows, token).await;
        match &stored {
            Ok(()) => {
                self.setup.states.resume(self.table.name);
                let stored = rows.block.rows();
                if stored > 0 {
                    self.suspects.stored();
                }
                let rows = stores::ROWS_STORED.with([self.table.name]);
                rows.increment(stored as u64);
                stores::INSERTS.with([self.table.name]).increment(1);
            }
            Err(error) => stores::ERRORS
                .with([self.table.name, error.fault.name()])
                .increment(1),
        }
        stored
    }

    async fn asked(&self) -> Result<bool, GivenUp> {
        let probe = self.store.probe(self.table);
        let asked = self.setup.give_up.run_until_cancelled(probe).await;
        asked.map(|answer| answer.is_ok()).ok_or(GivenUp)
    }

    /// Probes the destination until it accepts rows again, up to the time that messages may be held.
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

fn went_away() -> StoreError {
    StoreError {
        fault: Fault::Unanswered,
        code: None,
        row: None,
        message: "the destination went away while this was on its way into it, time and again"
            .to_owned(),
    }
}
