//! What of a batch is still to be stored, lot by lot.

use std::collections::VecDeque;

use super::append::{Failed, units};
use super::batch::Held;
use super::now_ms;
use crate::contract::Context;

/// A unit of a batch: which message, and which unit of it.
pub(super) type Unit = (usize, usize);

/// Units that are stored together, in order.
#[derive(Debug)]
pub(super) struct Lot {
    pub units: Vec<Unit>,
    /// Whether a block that held them was tried before.
    pub tried: bool,
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
        let tried = false;
        Lot { units, tried }
    }

    /// Units of which more were tried together.
    pub(super) fn tried(units: Vec<Unit>) -> Self {
        let tried = true;
        Lot { units, tried }
    }

    /// So many lots of about the same size.
    pub(super) fn divided(self, ways: usize) -> impl Iterator<Item = Lot> {
        let size = self.units.len().div_ceil(ways).max(1);
        let lots: Vec<Vec<Unit>> = self.units.chunks(size).map(<[_]>::to_vec).collect();
        let tried = self.tried;
        lots.into_iter().map(move |units| Lot { units, tried })
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
