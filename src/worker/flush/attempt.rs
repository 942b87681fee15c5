//! Stores one block, with retries.

use std::time::Duration;

use tokio::time::Instant;

use super::super::HoldLimits;
use super::super::disposition::{BlockCase, BlockStep, Part, Passing, UnitFault, decide_block};
use super::super::failure_history::Key;
use super::super::settle::{GivenUp, sleep};
use super::super::traced::{self, Causes};
use super::{Flusher, Halt};
use crate::metrics::stores;
use crate::sink::{Fault, Rows, StoreError};

/// Result of storing a block.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::worker) enum StoreOutcome {
    /// It is stored.
    Yes,
    /// It isn't, as often as it was tried, though the destination takes rows.
    No(Unstored),
}

/// Why a block was not stored, and what its units are judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::worker) struct Unstored {
    pub error: StoreError,
    pub fault: UnitFault,
}

/// Number of crashes of the destination at a block after which the block is bisected.
const TOO_OFTEN: u32 = 2;

/// Head start of other blocks, for each time that the destination has gone away.
const COURTESY: Duration = Duration::from_millis(500);

/// Keys of the units of a block.
pub(in crate::worker) type Keys<'a> = &'a (dyn Fn() -> Vec<Key> + Send + Sync);

impl Flusher {
    /// Stores one block, with retries; under a token of its own if none is given.
    pub(in crate::worker) async fn store(
        &self,
        rows: Rows<'_>,
        part: Part,
        keys: Keys<'_>,
        token: Option<String>,
        causes: &Causes,
    ) -> Result<StoreOutcome, Halt> {
        // One token for one block: a retry sends the same bytes under the same token.
        let own = || format!("{}-{}", self.table.name, uuid::Uuid::now_v7());
        let token = token.unwrap_or_else(own);
        let mut attempts = 0;
        // Last error without an answer.
        let mut unanswered: Option<Unstored> = None;
        loop {
            attempts += 1;
            let Err(error) = self.store_once(rows, &token, causes).await else {
                return Ok(StoreOutcome::Yes);
            };
            let ended = |passing| {
                let fault = UnitFault::Passing(passing);
                let error = error.clone();
                Some(Unstored { error, fault })
            };
            unanswered = match error.fault {
                Fault::Unanswered => ended(Passing::Unanswered),
                Fault::Excess => ended(Passing::Excess),
                // The destination is down, perhaps because of this block.
                Fault::Destination => unanswered,
                Fault::Transient | Fault::Content | Fault::Pressure => None,
            };
            let case = BlockCase {
                fault: error.fault,
                attempts,
                part,
            };
            match decide_block(case, self.jitter()) {
                BlockStep::Again(pause) => {
                    if attempts == 1 {
                        tracing::warn!(table = self.table.name, reason = %error, "An insert failed and is repeated.");
                    }
                    sleep(&self.setup, pause).await?;
                    continue;
                }
                BlockStep::Judge(fault) => return Ok(StoreOutcome::No(Unstored { error, fault })),
                BlockStep::Ask(fault) => {
                    if self.asked().await? {
                        return Ok(StoreOutcome::No(Unstored { error, fault }));
                    }
                }
                BlockStep::Pause => {}
            }
            // It was working on this block when it went away, perhaps because of it.
            let ended = unanswered.take();
            let times = match ended {
                Some(_) => self.failure_history.went_away(&keys()),
                None => 0,
            };
            self.wait_out(&error).await?;
            attempts = 0;
            if let Some(unstored) = ended
                && times >= TOO_OFTEN
                && part != Part::Alone
            {
                return Ok(StoreOutcome::No(unstored));
            }
            if let Some(blamed) = self.acquitted(part, keys).await? {
                return Ok(blamed);
            }
        }
    }

    /// Lets other blocks go first if the destination went away at a unit, to see if it stores them. Returns a result at
    /// once for a unit that must not be tried, because it is the cause.
    pub(in crate::worker) async fn acquitted(
        &self,
        part: Part,
        keys: Keys<'_>,
    ) -> Result<Option<StoreOutcome>, Halt> {
        if part == Part::Whole || !self.failure_history.any() {
            return Ok(None);
        }
        let keys = keys();
        if part == Part::Alone
            && keys
                .iter()
                .any(|key| self.failure_history.is_to_blame(*key))
        {
            return Ok(Some(StoreOutcome::No(went_away())));
        }
        let times = self.failure_history.times(&keys);
        if times >= TOO_OFTEN {
            sleep(&self.setup, COURTESY * times.min(10)).await?;
        }
        Ok(None)
    }

    pub(in crate::worker) async fn store_once(
        &self,
        rows: Rows<'_>,
        token: &str,
        causes: &Causes,
    ) -> Result<(), StoreError> {
        let span = traced::insert(&self.setup.states.tracer, rows.block, causes);
        let stored = self.store.store(rows, token).await;
        traced::inserted(span, &stored);
        match &stored {
            Ok(()) => {
                self.setup.states.resume(self.name);
                let stored = rows.block.rows();
                if stored > 0 {
                    self.failure_history.stored();
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
        self.setup.states.pause(self.name, &error.message);
        let HoldLimits { grace, probe, .. } = self.setup.hold_limits;
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

    pub(in crate::worker) fn jitter(&self) -> f64 {
        (self.setup.hold_limits.jitter)()
    }
}

fn went_away() -> Unstored {
    let error = StoreError {
        fault: Fault::Unanswered,
        code: None,
        row: None,
        message: "the destination went away while this was on its way into it, time and again"
            .to_owned(),
    };
    let fault = UnitFault::GoneAway;
    Unstored { error, fault }
}
