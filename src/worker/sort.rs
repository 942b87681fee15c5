//! Sorts a batch that isn't stored as a whole: what can be stored is, and what is to blame stands alone.

use std::collections::VecDeque;

use super::append::{Failed, Verdict, append, units};
use super::batch::Held;
use super::disposition::{Case, Cause, Disposition, Part, Probe, decide};
use super::flush::{Flusher, Halt, Stored, in_message};
use super::objects::Parsed;
use super::{dead_letter, now_ms};
use crate::contract::{Block, Context, Message};
use crate::sink::{Rows, StoreError};

/// A unit of a batch: which message, and which unit of it.
pub(super) type Unit = (usize, usize);

/// A batch that is being sorted.
struct Sorting<'a> {
    flusher: &'a Flusher,
    held: &'a mut [Held],
    block: Block,
    /// One time for all blocks, so that a part that is sent again has the same bytes.
    cx: Context,
    /// Whether it was said that units wait.
    told: bool,
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
            told: false,
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
                Stored::Yes => {}
                Stored::No(error, probe) => sorting.judge(part, size, &error, probe, &mut parts),
            }
        }
        Ok(())
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
                    let probe = self.compared(*unit);
                    let disposition = self.decide(*unit, size, error, probe, jitter);
                    self.settle(*unit, disposition, error);
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

    /// What is known of the destination beside a unit that failed alone.
    fn compared(&self, (at, unit): Unit) -> Probe {
        let held = self.held.get(at);
        let name = held.map(|held| dead_letter::unit_id(&held.message, unit));
        match name.is_some_and(|name| self.flusher.suspects.failed(name)) {
            true => Probe::StoresOthers,
            false => Probe::Unproven,
        }
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
                if !std::mem::replace(&mut self.told, true) {
                    tracing::error!(table = self.flusher.table.name, reason = %error, "Units can't be stored and wait.");
                }
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

    /// Stores some units of the batch by themselves.
    async fn store(&mut self, part: &[Unit], token: &str, size: Part) -> Result<Stored, Halt> {
        self.fill(part);
        let objects = self.objects(part);
        let messages: Vec<Message<'_>> = objects.iter().map(Parsed::message).collect();
        let rows = Rows {
            block: &self.block,
            messages: &messages,
        };
        self.flusher.store(rows, token, size).await
    }

    /// Makes the block of these units.
    fn fill(&mut self, part: &[Unit]) {
        self.block.clear();
        for (at, held) in self.held.iter_mut().enumerate() {
            let wanted = in_message(part, at);
            if !wanted.is_empty() {
                let known = |unit| held.failed.iter().any(|failed| failed.unit == unit);
                let wanted = |unit| wanted.binary_search(&(at, unit)).is_ok() && !known(unit);
                // It went well the first time; if not now, it must not pass for stored.
                let failed = append(&mut self.block, &held.message, &wanted, &self.cx);
                held.failed.extend(failed);
            }
        }
    }

    /// The objects of these units, if the table has a use for them.
    fn objects(&self, part: &[Unit]) -> Vec<Parsed<'_>> {
        let mut objects = Vec::new();
        for (at, held) in self.held.iter().enumerate() {
            let wanted = in_message(part, at);
            let wanted = |_: &Held, unit| wanted.binary_search(&(at, unit)).is_ok();
            objects.extend(self.flusher.objects(std::slice::from_ref(held), &wanted));
        }
        objects
    }
}
