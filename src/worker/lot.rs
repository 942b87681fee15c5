//! What of a batch is still to be stored, lot by lot.

use std::collections::VecDeque;

use super::append::{Failed, units};
use super::batch::Held;
use super::now_ms;
use crate::contract::Context;

/// How many times as many units are tried behind one that the destination named as bad, as were good before it.
const FURTHER: usize = 4;

/// So many count as good at least.
const LEAST: usize = 16;

/// A unit of a batch: which message, and which unit of it.
pub(super) type Unit = (usize, usize);

/// Units that are stored together, in order.
#[derive(Debug)]
pub(super) struct Lot {
    pub units: Vec<Unit>,
    pub kind: Kind,
}

/// What is known of the units of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// They were in no block that was tried.
    Fresh,
    /// More were tried together.
    Tried,
    /// They came after one that the destination named as bad; so many of them are tried next, as there may be more.
    Behind(usize),
    /// They came before one that it named, which says that they are good.
    Before,
}

impl Kind {
    /// Whether a block that held the units was tried before.
    pub(super) fn is_tried(self) -> bool {
        self != Kind::Fresh
    }
}

/// The messages of a batch, and what of them is still to be stored.
#[derive(Debug)]
pub(super) struct Work {
    held: Vec<Option<Held>>,
    /// How many units of each message are in a lot.
    left: Vec<usize>,
    pub lots: VecDeque<Lot>,
    /// One time for all blocks, so that a part that is sent again has the same bytes.
    pub cx: Context,
    /// Whether it was said that units wait.
    pub told: bool,
}

impl Lot {
    /// Units that were in no block that was tried.
    pub(super) fn fresh(units: Vec<Unit>) -> Self {
        let kind = Kind::Fresh;
        Lot { units, kind }
    }

    /// Units of which more were tried together.
    pub(super) fn tried(units: Vec<Unit>) -> Self {
        let kind = Kind::Tried;
        Lot { units, kind }
    }

    /// So many lots of about the same size.
    pub(super) fn divided(self, ways: usize) -> impl Iterator<Item = Lot> {
        let size = self.units.len().div_ceil(ways).max(1);
        let lots: Vec<Vec<Unit>> = self.units.chunks(size).map(<[_]>::to_vec).collect();
        let kind = self.kind;
        lots.into_iter().map(move |units| Lot { units, kind })
    }
}

impl Work {
    /// Messages of which these units are to be stored; the others are decided.
    pub(super) fn new(held: Vec<Held>, lots: impl IntoIterator<Item = Lot>) -> Self {
        let lots: VecDeque<Lot> = lots.into_iter().filter(|l| !l.units.is_empty()).collect();
        let mut left = vec![0; held.len()];
        for (at, _) in lots.iter().flat_map(|lot| &lot.units) {
            if let Some(left) = left.get_mut(*at) {
                *left += 1;
            }
        }
        Work {
            held: held.into_iter().map(Some).collect(),
            left,
            lots,
            cx: Context { now_ms: now_ms() },
            told: false,
        }
    }

    /// A message.
    pub(super) fn held(&self, at: usize) -> Option<&Held> {
        self.held.get(at)?.as_ref()
    }

    /// Divides a block at a unit that the destination named as bad: that unit is tried by itself later; those before it
    /// are good, and go out together with those before the next one.
    pub(super) fn divide_at(&mut self, named: usize, mut units: Vec<Unit>) {
        let mut behind = units.split_off(named);
        let alone = behind.drain(..1).collect();
        // As far again as was good, a few times over: most of what is sent has then to be sent once more at most.
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
        self.lots.push_back(Lot::tried(alone));
    }

    fn take_front(&mut self, is: impl Fn(Kind) -> bool) -> Option<Vec<Unit>> {
        let front = self.lots.pop_front_if(|lot| is(lot.kind));
        front.map(|lot| lot.units)
    }

    /// Units that are to be tried next, if there are any.
    pub(super) fn put_front(&mut self, units: Vec<Unit>, kind: Kind) {
        if !units.is_empty() {
            self.lots.push_front(Lot { units, kind });
        }
    }

    /// Notes what becomes of a unit that isn't stored.
    pub(super) fn fail(&mut self, at: usize, failed: Failed) {
        if let Some(Some(held)) = self.held.get_mut(at) {
            held.failed.push(failed);
        }
        self.decide(at);
    }

    /// Notes that units are stored.
    pub(super) fn stored(&mut self, units: &[Unit]) {
        units.iter().for_each(|(at, _)| self.decide(*at));
    }

    fn decide(&mut self, at: usize) {
        if let Some(left) = self.left.get_mut(at) {
            *left = left.saturating_sub(1);
        }
    }

    /// Takes out the messages of which each unit is decided.
    pub(super) fn take_done(&mut self) -> Vec<Held> {
        let all = self.held.iter_mut().zip(&self.left);
        let done = all.filter(|(_, left)| **left == 0);
        done.filter_map(|(held, _)| held.take()).collect()
    }

    /// Whether there is nothing more to store.
    pub(super) fn is_empty(&self) -> bool {
        self.lots.is_empty()
    }

    /// The messages that are not done.
    pub(super) fn into_held(self) -> impl Iterator<Item = Held> {
        self.held.into_iter().flatten()
    }
}

/// The good units of messages, of the last one those before `rest`.
pub(super) fn good(held: &[Held], rest: Option<Unit>) -> Vec<Unit> {
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

/// The units of the last message that there was no room for.
pub(super) fn rest(held: &[Held], rest: Option<Unit>) -> Option<Lot> {
    let (at, from) = rest?;
    let end = units(&held.get(at)?.message.content);
    Some(Lot::fresh((from..end).map(|unit| (at, unit)).collect()))
}
