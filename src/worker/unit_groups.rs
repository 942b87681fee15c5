//! Pending units of a batch, in groups that are stored together.

use std::collections::VecDeque;

use super::batched_message::BatchedMessage;
use super::failed::Failed;
use super::message::units;
use crate::contract::Context;
use crate::time::now_ms;

/// Number of units tried behind one that the destination named as bad, as a multiple of the good ones before it.
const FURTHER: usize = 4;

/// Minimum number that counts as good.
const LEAST: usize = 16;

/// Unit of a batch: index of the message, and of the unit in it.
pub(super) type Unit = (usize, usize);

/// Units that are stored together, in order.
#[derive(Debug)]
pub(super) struct UnitGroup {
    pub units: Vec<Unit>,
    pub kind: Kind,
}

/// History of the units of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// They were in no attempted block.
    Fresh,
    /// They were tried together with others.
    Tried,
    /// They came after one that the destination named as bad; so many of them are tried next, as there may be more.
    Behind(usize),
    /// They came before one that it named, which implies that they are good.
    Before,
}

impl Kind {
    /// True if a block with these units was tried before.
    pub(super) fn is_tried(self) -> bool {
        self != Kind::Fresh
    }
}

/// Messages of a batch, and their pending units.
#[derive(Debug)]
pub(super) struct Work {
    held: Vec<Option<BatchedMessage>>,
    /// Number of pending units of each message.
    left: Vec<usize>,
    pub groups: VecDeque<UnitGroup>,
    /// One time for all blocks, so that a part that is sent again has the same bytes.
    pub cx: Context,
    /// True if it was logged that units wait.
    pub told: bool,
}

impl UnitGroup {
    /// Units that were in no attempted block.
    pub(super) fn fresh(units: Vec<Unit>) -> Self {
        let kind = Kind::Fresh;
        UnitGroup { units, kind }
    }

    /// Units that were tried together with others.
    pub(super) fn tried(units: Vec<Unit>) -> Self {
        let kind = Kind::Tried;
        UnitGroup { units, kind }
    }

    /// Splits it into so many groups of about the same size.
    pub(super) fn divided(self, ways: usize) -> impl Iterator<Item = UnitGroup> {
        let size = self.units.len().div_ceil(ways).max(1);
        let groups: Vec<Vec<Unit>> = self.units.chunks(size).map(<[_]>::to_vec).collect();
        let kind = self.kind;
        groups
            .into_iter()
            .map(move |units| UnitGroup { units, kind })
    }
}

impl Work {
    /// Messages whose units in these groups are pending; their other units are decided.
    pub(super) fn new(
        held: Vec<BatchedMessage>,
        groups: impl IntoIterator<Item = UnitGroup>,
    ) -> Self {
        let groups: VecDeque<UnitGroup> =
            groups.into_iter().filter(|l| !l.units.is_empty()).collect();
        let mut left = vec![0; held.len()];
        for (at, _) in groups.iter().flat_map(|group| &group.units) {
            if let Some(left) = left.get_mut(*at) {
                *left += 1;
            }
        }
        Work {
            held: held.into_iter().map(Some).collect(),
            left,
            groups,
            cx: Context { now_ms: now_ms() },
            told: false,
        }
    }

    /// A message.
    pub(super) fn held(&self, at: usize) -> Option<&BatchedMessage> {
        self.held.get(at)?.as_ref()
    }

    /// The messages of these units, in order.
    pub(super) fn held_of<'a>(
        &'a self,
        units: &'a [Unit],
    ) -> impl Iterator<Item = &'a BatchedMessage> {
        let of_messages = units.chunk_by(|a, b| a.0 == b.0);
        of_messages.filter_map(|units| self.held(units.first()?.0))
    }

    /// Bisects a block at a unit that the destination named as bad: that unit is tried by itself later; those before it
    /// are good, and are stored together with those before the next one.
    pub(super) fn bisect_at(&mut self, named: usize, mut units: Vec<Unit>) {
        let mut behind = units.split_off(named);
        let alone = behind.drain(..1).collect();
        // A few times as far as was good: then most of the bytes are sent only once more.
        let next = FURTHER * units.len().max(LEAST);
        if let Some(rest) = self.take_front(|kind| matches!(kind, Kind::Behind(_))) {
            behind.extend(rest);
        }
        let mut before = self
            .take_front(|kind| kind == Kind::Before)
            .unwrap_or_default();
        before.append(&mut units);
        self.put_front(before, Kind::Before);
        self.put_front(behind, Kind::Behind(next));
        self.groups.push_back(UnitGroup::tried(alone));
    }

    fn take_front(&mut self, is: impl Fn(Kind) -> bool) -> Option<Vec<Unit>> {
        let front = self.groups.pop_front_if(|group| is(group.kind));
        front.map(|group| group.units)
    }

    /// Puts units in front, to be tried next, if there are any.
    pub(super) fn put_front(&mut self, units: Vec<Unit>, kind: Kind) {
        if !units.is_empty() {
            self.groups.push_front(UnitGroup { units, kind });
        }
    }

    /// Records a failed unit.
    pub(super) fn fail(&mut self, at: usize, failed: Failed) {
        if let Some(Some(held)) = self.held.get_mut(at) {
            held.failed.push(failed);
        }
        self.decide(at);
    }

    /// Records stored units.
    pub(super) fn stored(&mut self, units: &[Unit]) {
        units.iter().for_each(|(at, _)| self.decide(*at));
    }

    fn decide(&mut self, at: usize) {
        if let Some(left) = self.left.get_mut(at) {
            *left = left.saturating_sub(1);
        }
    }

    /// Removes the messages whose units are all decided.
    pub(super) fn take_done(&mut self) -> Vec<BatchedMessage> {
        let all = self.held.iter_mut().zip(&self.left);
        let done = all.filter(|(_, left)| **left == 0);
        done.filter_map(|(held, _)| held.take()).collect()
    }

    /// True if no units are pending.
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Messages that are not done.
    pub(super) fn into_held(self) -> impl Iterator<Item = BatchedMessage> {
        self.held.into_iter().flatten()
    }
}

/// Good units of messages, of the last one those before `rest`.
pub(super) fn good(held: &[BatchedMessage], rest: Option<Unit>) -> Vec<Unit> {
    let mut all = Vec::new();
    for (at, held) in held.iter().enumerate() {
        let end = match rest {
            Some((last, from)) if last == at => from,
            _ => units(&held.message.content),
        };
        let mut bad: Vec<usize> = held.failed.iter().map(|failed| failed.unit).collect();
        bad.sort_unstable();
        all.extend(
            (0..end)
                .filter(|unit| bad.binary_search(unit).is_err())
                .map(|unit| (at, unit)),
        );
    }
    all
}

/// Units of the last message that there was no room for.
pub(super) fn rest(held: &[BatchedMessage], rest: Option<Unit>) -> Option<UnitGroup> {
    let (at, from) = rest?;
    let end = units(&held.get(at)?.message.content);
    Some(UnitGroup::fresh(
        (from..end).map(|unit| (at, unit)).collect(),
    ))
}
