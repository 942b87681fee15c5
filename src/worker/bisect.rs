//! Bisection: stores the units of a batch that were set aside, part by part, until the bad ones stand alone.

use super::batched_message::BatchedMessage;
use super::blocking;
use super::catch_panic::catch_panic;
use super::disposition::{
    Part, UnitCase, UnitEnd, UnitFault, UnitStep, decide_compared, decide_unit,
};
use super::failed::{Failed, panicked_unit};
use super::failure_history::Key;
use super::flush::{Flusher, Halt, StoreOutcome, Unstored, WAYS, key};
use super::objects::Parsed;
use super::settle::Decided;
use super::spread;
use super::stretch::append_from;
use super::unit_groups::{Kind, Unit, UnitGroup, Work};
use crate::contract::{Block, Message};
use crate::sink::Rows;

/// Result of a bisection.
#[derive(Debug, Default)]
pub(super) struct Bisected {
    /// Messages that are held for a while before they go back.
    pub later: Vec<Decided>,
    /// Messages that have to go back, because the destination was unavailable for too long.
    pub outage: Option<Vec<BatchedMessage>>,
}

impl Flusher {
    /// Stores every unit that can be stored, and settles each message when all of it is decided.
    pub(super) async fn bisect(self, mut work: Work) -> Bisected {
        let mut block = Block::new(self.table);
        let mut bisected = Bisected::default();
        // When the server stops waiting, dropped messages go back to their queue.
        while !work.is_empty() && !self.setup.give_up.is_cancelled() {
            match self.step(&mut work, &mut block).await {
                Ok(()) => bisected.later.extend(self.finish(work.take_done()).await),
                Err(Halt::Outage) => {
                    bisected.outage = Some(work.into_held().collect());
                    return bisected;
                }
                Err(Halt::GivenUp) => return bisected,
            }
        }
        bisected
    }

    /// Tries the first part, or as much of it as one insert may hold.
    pub(super) async fn step(&self, work: &mut Work, block: &mut Block) -> Result<(), Halt> {
        let Some((units, tried)) = self.next_block(work, block) else {
            return Ok(());
        };
        if !tried {
            self.setup.states.long_texts.tell(block, true);
            self.setup.states.unknown.tell(block);
        }
        let part = match units.as_slice() {
            [_] => Part::Alone,
            _ if tried => Part::Some,
            _ => Part::Whole,
        };
        let stored = {
            let work = &*work;
            let keys = || keys(work, &units);
            match self.acquitted(part, &keys).await? {
                Some(blamed) => blamed,
                None => {
                    let objects = self.objects_of(work, &units);
                    let messages: Vec<Message<'_>> = objects.iter().map(Parsed::message).collect();
                    let messages = &messages;
                    let rows = Rows { block, messages };
                    let causes = self.causes(work.held_of(&units));
                    self.store(rows, part, &keys, None, &causes).await?
                }
            }
        };
        match stored {
            StoreOutcome::Yes => {
                if self.failure_history.any() {
                    self.failure_history.clear(&keys(work, &units));
                }
                work.stored(&units);
            }
            StoreOutcome::No(unstored) => self.judge(work, units, block.rows(), part, &unstored),
        }
        Ok(())
    }

    /// Fills the block with the units to try next; returns them, and true if they were tried before.
    fn next_block(&self, work: &mut Work, block: &mut Block) -> Option<(Vec<Unit>, bool)> {
        loop {
            let group = work.groups.pop_front()?;
            let kind = group.kind;
            let bytes = (group.units.len() as u64) << 10;
            let units = blocking::work(bytes, || self.fill(work, block, group));
            let Some(groups) = spread::groups(block, &units) else {
                return (!units.is_empty()).then_some((units, kind.is_tried()));
            };
            let kind = match kind.is_tried() {
                true => Kind::Tried,
                false => Kind::Fresh,
            };
            for units in groups.into_iter().rev() {
                work.put_front(units, kind);
            }
        }
    }

    /// Makes the block of a part. Units without room stay the first part.
    fn fill(&self, work: &mut Work, block: &mut Block, group: UnitGroup) -> Vec<Unit> {
        block.clear();
        // Behind a bad unit, a few more each time that all of them were good.
        let (next, kind) = match group.kind {
            Kind::Behind(next) => (next, Kind::Behind(next.saturating_mul(2))),
            kind => (usize::MAX, kind),
        };
        let (now, later) = group.units.split_at(next.min(group.units.len()));
        let mut filled = Vec::with_capacity(now.len());
        let mut left = Vec::new();
        let mut full = false;
        for units in now.chunk_by(|a, b| a.0 == b.0) {
            let Some((at, first)) = units.first().copied() else {
                continue;
            };
            let Some(held) = work.held(at).filter(|_| !full) else {
                left.extend_from_slice(units);
                continue;
            };
            let wanted = |unit| units.binary_search(&(at, unit)).is_ok();
            let append = || append_from(block, &held.message, first, &wanted, self.room, &work.cx);
            match catch_panic(append) {
                Ok(appended) => {
                    full = appended.full;
                    let bad = |unit: usize| appended.failed.iter().any(|f| f.unit == unit);
                    let there = units.partition_point(|(_, unit)| *unit < appended.next);
                    let (there, rest) = units.split_at(there);
                    filled.extend(there.iter().filter(|(_, unit)| !bad(*unit)));
                    left.extend_from_slice(rest);
                    // It may have succeeded before; if it fails now, it must not count as stored.
                    appended.failed.into_iter().for_each(|f| work.fail(at, f));
                }
                Err(panic) => {
                    // The block is in an unknown state: it is rebuilt without these.
                    for (_, unit) in units {
                        work.fail(at, panicked_unit(*unit, "", &panic));
                    }
                    let is_decided = |(at, unit): &Unit| {
                        let held = work.held(*at);
                        held.is_none_or(|held| held.failed.iter().any(|f| f.unit == *unit))
                    };
                    let others = group.units.iter();
                    let others = others.filter(|unit| !is_decided(unit));
                    work.put_front(others.copied().collect(), kind);
                    block.clear();
                    return Vec::new();
                }
            }
        }
        left.extend_from_slice(later);
        work.put_front(left, kind);
        filled
    }

    /// Decides the units of a block of so many rows as far as possible, and bisects the rest.
    pub(super) fn judge(
        &self,
        work: &mut Work,
        units: Vec<Unit>,
        rows: usize,
        part: Part,
        unstored: &Unstored,
    ) {
        let Unstored { error, fault } = unstored;
        // A row that the destination names is a unit only if each unit is one row.
        let named = error.row.filter(|row| *row < rows && rows == units.len());
        let mut rest = units;
        let count = rest.len();
        let jitter = self.jitter();
        rest.retain(|unit| {
            let chances = work.held(unit.0).map(|held| held.message.chances());
            let case = UnitCase {
                fault: *fault,
                alone: part == Part::Alone,
                chances: chances.unwrap_or_default(),
            };
            let end = match decide_unit(case, jitter) {
                UnitStep::Bisect => return true,
                UnitStep::Compare(passing) => {
                    let stores_others = self.stores_others(work, *unit, *fault);
                    decide_compared(passing, stores_others, case.chances, jitter)
                }
                UnitStep::End(end) => end,
            };
            self.note(work, *unit, end, unstored);
            false
        });
        if let Some(named) = named
            && rest.len() == count
        {
            return work.bisect_at(named, rest);
        }
        let ways = match fault.is_of_size() {
            true => WAYS,
            false => 2,
        };
        if !rest.is_empty() {
            work.groups.extend(UnitGroup::tried(rest).divided(ways));
        }
    }

    /// True if the destination has stored others between the failures of a unit that failed alone, time and again.
    fn stores_others(&self, work: &Work, (at, unit): Unit, fault: UnitFault) -> bool {
        let key = work.held(at).map(|held| key(held, unit));
        key.is_some_and(|key| self.failure_history.failed(key, fault.is_of_size()))
    }

    fn note(&self, work: &mut Work, unit: Unit, end: UnitEnd, unstored: &Unstored) {
        let Unstored { error, fault } = unstored;
        let class = match end {
            UnitEnd::DeadLetter(class) => class,
            UnitEnd::Retry(_) => fault.class(),
            UnitEnd::Wait(_) => {
                if !std::mem::replace(&mut work.told, true) {
                    tracing::error!(table = self.table.name, reason = %error, "Units can't be stored; they wait in their queue.");
                }
                fault.class()
            }
        };
        let failed = Failed {
            unit: unit.1,
            event_type: String::new(),
            class,
            reason: error.message.clone(),
            verdict: end.into(),
        };
        work.fail(unit.0, failed);
    }

    /// Objects of these units, if the table's hook needs them.
    fn objects_of<'a>(&self, work: &'a Work, units: &[Unit]) -> Vec<Parsed<'a>> {
        let mut objects = Vec::new();
        for of_message in units.chunk_by(|a, b| a.0 == b.0) {
            let Some((at, _)) = of_message.first().copied() else {
                continue;
            };
            let wanted =
                |_, _: &BatchedMessage, unit| of_message.binary_search(&(at, unit)).is_ok();
            objects.extend(self.objects(work.held(at), &wanted));
        }
        objects
    }
}

fn keys(work: &Work, units: &[Unit]) -> Vec<Key> {
    let held = units
        .iter()
        .filter_map(|(at, unit)| Some((work.held(*at)?, *unit)));
    held.map(|(held, unit)| key(held, unit)).collect()
}
