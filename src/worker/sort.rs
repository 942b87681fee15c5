//! Sorts a batch that isn't stored as a whole: what can be stored is, and what is to blame stands alone.

use std::collections::VecDeque;
use std::time::Duration;

use super::append::{Failed, Verdict, append, units};
use super::batch::Held;
use super::disposition::{Case, Cause, Disposition, Part, Probe, decide};
use super::flush::{Flusher, Halt, Stored, in_message};
use super::now_ms;
use super::settle::sleep;
use crate::contract::{Block, Context};
use crate::sink::{Fault, Rows, StoreError};

/// A unit of a batch: which message, and which unit of it.
pub(super) type Unit = (usize, usize);

/// How often a unit is compared with one that was stored before it is to blame.
const COMPARISONS: usize = 3;

/// A batch that is being sorted.
struct Sorting<'a> {
    flusher: &'a Flusher,
    held: &'a mut [Held],
    block: Block,
    /// One time for all blocks, so that a part that is sent again has the same bytes.
    cx: Context,
    /// The smallest part that was stored, and its token.
    stored: Option<(Vec<Unit>, String)>,
    /// Units that failed alone though nothing is known to be wrong with them.
    suspects: Vec<(Unit, StoreError)>,
}

impl Flusher {
    /// Decides about each unit of a batch that was not stored.
    pub(super) async fn sort_out(
        &self,
        held: &mut [Held],
        error: StoreError,
        probe: Probe,
    ) -> Result<(), Halt> {
        let good = |(at, h): (usize, &Held)| -> Vec<Unit> {
            let bad: Vec<usize> = h.failed.iter().map(|f| f.unit).collect();
            (0..units(&h.message.content))
                .filter(|u| !bad.contains(u))
                .map(|u| (at, u))
                .collect()
        };
        let all: Vec<Unit> = held.iter().enumerate().flat_map(good).collect();
        let mut sorting = Sorting {
            flusher: self,
            held,
            block: Block::new(self.table),
            cx: Context { now_ms: now_ms() },
            stored: None,
            suspects: Vec::new(),
        };
        let mut parts = VecDeque::new();
        sorting.judge(all, Part::Whole, &error, probe, &mut parts);
        while let Some(part) = parts.pop_front() {
            let size = match part.as_slice() {
                [] => continue,
                [_] => Part::Alone,
                _ => Part::Some,
            };
            let token = self.token();
            match sorting.store(&part, &token, size).await? {
                Stored::Yes => sorting.remember(part, token),
                Stored::No(error, probe) => sorting.judge(part, size, &error, probe, &mut parts),
            }
        }
        sorting.compare().await
    }
}

impl Sorting<'_> {
    /// Takes out of a part what is decided, and halves the rest.
    fn judge(
        &mut self,
        part: Vec<Unit>,
        size: Part,
        error: &StoreError,
        probe: Probe,
        parts: &mut VecDeque<Vec<Unit>>,
    ) {
        let mut rest = part;
        let jitter = self.flusher.jitter();
        rest.retain(
            |unit| match self.decide(*unit, size, error, probe, jitter) {
                Disposition::Divide => true,
                Disposition::Compare => {
                    self.suspects.push((*unit, error.clone()));
                    false
                }
                disposition => {
                    self.settle(*unit, disposition, error);
                    false
                }
            },
        );
        let right = rest.split_off(rest.len() / 2);
        parts.push_back(rest);
        parts.push_back(right);
    }

    fn decide(
        &self,
        unit: Unit,
        part: Part,
        error: &StoreError,
        probe: Probe,
        jitter: f64,
    ) -> Disposition {
        let message = self.held.get(unit.0).map(|held| &held.message);
        let case = Case {
            cause: Cause::Store(error.fault),
            attempts: u32::MAX,
            part,
            probe,
            failures: message.map_or(0, |m| m.delivery.failures),
            retries: message.map_or(0, |m| u32::from(m.queue.retries)),
            last_resort: message.is_some_and(|m| m.queue.dead_letter.is_none()),
        };
        decide(&case, jitter)
    }

    fn settle(&mut self, (at, unit): Unit, disposition: Disposition, error: &StoreError) {
        let (class, verdict) = match disposition {
            Disposition::DeadLetter(class) => (class, Verdict::Dead),
            Disposition::Retry(after) => {
                let counted = true;
                (error.fault.name(), Verdict::Again { after, counted })
            }
            Disposition::Wait(after) => {
                let counted = false;
                tracing::error!(table = self.flusher.table.name, reason = %error, "A unit can't be stored and waits.");
                (error.fault.name(), Verdict::Again { after, counted })
            }
            // The others are about blocks; nothing is decided by them.
            _ => (error.fault.name(), Verdict::Open),
        };
        let Some(held) = self.held.get_mut(at) else {
            return;
        };
        held.failed.push(Failed {
            unit,
            event_type: String::new(),
            class,
            reason: error.message.clone(),
            verdict,
        });
    }

    fn remember(&mut self, part: Vec<Unit>, token: String) {
        let smaller = |(stored, _): &(Vec<Unit>, String)| part.len() < stored.len();
        if self.stored.as_ref().is_none_or(smaller) {
            self.stored = Some((part, token));
        }
    }

    /// Tells a unit's fault from the destination's: it is the unit's if the destination takes another one before and
    /// after it, and that time and again.
    async fn compare(&mut self) -> Result<(), Halt> {
        for (unit, error) in std::mem::take(&mut self.suspects) {
            let mut last = error;
            let mut probe = Probe::Unproven;
            let stored = self.stored.clone();
            if let Some((other, token)) = &stored {
                let own_token = self.flusher.token();
                let mut compared = 0;
                while self.store_once(other, token).await.is_ok() {
                    if compared == COMPARISONS {
                        probe = Probe::StoresOthers;
                        break;
                    }
                    compared += 1;
                    match self.store_once(&[unit], &own_token).await {
                        Ok(()) => {
                            probe = Probe::Unasked;
                            break;
                        }
                        Err(error) => last = error,
                    }
                    if last.fault != Fault::Transient {
                        break;
                    }
                    sleep(&self.flusher.setup, Duration::from_secs(1)).await?;
                }
            }
            if probe == Probe::Unasked {
                continue;
            }
            let jitter = self.flusher.jitter();
            let disposition = match last.fault {
                // Not its turn: the destination has other troubles.
                Fault::Destination | Fault::Pressure => {
                    let transient = StoreError {
                        fault: Fault::Transient,
                        ..last.clone()
                    };
                    self.decide(unit, Part::Alone, &transient, Probe::Unproven, jitter)
                }
                _ => self.decide(unit, Part::Alone, &last, probe, jitter),
            };
            self.settle(unit, disposition, &last);
        }
        Ok(())
    }

    /// Stores some units of the batch by themselves.
    async fn store(&mut self, part: &[Unit], token: &str, size: Part) -> Result<Stored, Halt> {
        self.fill(part);
        let messages = self.messages(part);
        let rows = Rows {
            block: &self.block,
            messages: &messages,
        };
        self.flusher.store(rows, token, size).await
    }

    async fn store_once(&mut self, part: &[Unit], token: &str) -> Result<(), StoreError> {
        self.fill(part);
        let messages = self.messages(part);
        let rows = Rows {
            block: &self.block,
            messages: &messages,
        };
        self.flusher.store_once(rows, token).await
    }

    /// Makes the block of these units.
    fn fill(&mut self, part: &[Unit]) {
        self.block.clear();
        for (at, held) in self.held.iter().enumerate() {
            let wanted = in_message(part, at);
            if !wanted.is_empty() {
                let wanted = |unit| wanted.binary_search(&(at, unit)).is_ok();
                append(&mut self.block, &held.message, &wanted, &self.cx);
            }
        }
    }

    /// The messages of these units, if the table has a use for them.
    fn messages(&self, part: &[Unit]) -> Vec<crate::contract::Message<'_>> {
        let mut messages = Vec::new();
        for (at, held) in self.held.iter().enumerate() {
            let wanted = in_message(part, at);
            let wanted = |_: &Held, unit| wanted.binary_search(&(at, unit)).is_ok();
            messages.extend(self.flusher.messages(std::slice::from_ref(held), &wanted));
        }
        messages
    }
}
