//! Failure history: records units that failed alone, or were being inserted when the destination went away, to tell
//! their fault from the destination's: it is theirs if the destination stores others between their failures,
//! repeatedly.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Number of times that others must be stored between failures of a unit before it is to blame.
const OFTEN: u32 = 4;

/// As above, for a unit that crashes the destination: each time costs everybody.
const OFTEN_ENDED: u32 = 2;

/// Maximum number of crashes at a unit that is alone, if there are no others to be stored.
const MOST_GONE: u32 = 6;

/// Number of crashes from which a unit is stored separately.
const SUSPECT: u32 = 2;

/// Maximum number of remembered units; beyond that all are forgotten, which only costs time.
const MOST: usize = 200_000;

/// How long they are remembered after the last crash at any of them.
const LONGEST: Duration = Duration::from_secs(600);

/// Key of a unit, in whatever message it comes.
pub(super) type Key = u64;

/// Failure history of one table.
#[derive(Debug, Clone, Default)]
pub(super) struct FailureHistory {
    memory: Arc<Mutex<Memory>>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Number of blocks stored so far.
    stored: u64,
    /// Units that failed alone.
    failed: HashMap<Key, Failures>,
    /// Units that were being inserted when the destination went away.
    ended: HashMap<Key, Ends>,
    last_end: Option<Instant>,
}

/// Failures of a unit that was alone.
#[derive(Debug, Default)]
struct Failures {
    /// Number of failures.
    count: u32,
    /// Number of blocks that were stored when it last failed.
    stored: u64,
    /// Number of times that others were stored between failures.
    between: u32,
}

/// Crashes at a unit.
#[derive(Debug, Default)]
struct Ends {
    /// Number of crashes at a block that it was in, or when it failed alone.
    times: u32,
    /// Crashes while it was alone.
    gone: Failures,
    /// Other failures while it was alone.
    alone: Failures,
}

impl FailureHistory {
    /// Records that the destination has stored rows.
    pub(super) fn stored(&self) {
        self.memory().stored += 1;
    }

    /// Notes that a unit failed alone, by its size if fewer units at once might have gone well; true if it is to blame.
    pub(super) fn failed(&self, unit: Key, by_size: bool) -> bool {
        let mut memory = self.memory();
        let stored = memory.stored;
        // It stays to blame: there may be more copies of it, and each would go round for as long.
        if !by_size {
            forget_if_many(&mut memory.failed, 1);
            return memory.failed.entry(unit).or_default().once_more(stored) >= OFTEN;
        }
        // It is tried alone from now on, since it costs others their time.
        memory.last_end = Some(Instant::now());
        forget_if_many(&mut memory.ended, 1);
        let ends = memory.ended.entry(unit).or_default();
        ends.times = ends.times.max(SUSPECT);
        ends.alone.once_more(stored) >= OFTEN_ENDED
    }

    /// Records that the destination went away while these units were being inserted. Returns the highest number of
    /// crashes at one of them.
    pub(super) fn went_away(&self, units: &[Key]) -> u32 {
        let mut memory = self.memory();
        let stored = memory.stored;
        memory.last_end = Some(Instant::now());
        forget_if_many(&mut memory.ended, units.len());
        let mut most = 0;
        for unit in units {
            let ends = memory.ended.entry(*unit).or_default();
            ends.times += 1;
            if units.len() == 1 {
                ends.gone.once_more(stored);
            }
            most = most.max(ends.times);
        }
        most
    }

    /// True if there were crashes recently.
    pub(super) fn any(&self) -> bool {
        let mut memory = self.memory();
        if memory.last_end.is_some_and(|last| last.elapsed() > LONGEST) {
            memory.ended.clear();
            memory.last_end = None;
        }
        !memory.ended.is_empty()
    }

    /// Units with more than one crash, and the number.
    pub(super) fn among<T: Copy>(&self, units: &[(T, Key)]) -> Vec<(u32, T)> {
        let memory = self.memory();
        let found = units.iter().filter_map(|(unit, key)| {
            let times = memory.ended.get(key)?.times;
            (times >= SUSPECT).then_some((times, *unit))
        });
        found.collect()
    }

    /// Highest number of crashes at one of these.
    pub(super) fn times(&self, units: &[Key]) -> u32 {
        let memory = self.memory();
        let times = units.iter().filter_map(|unit| memory.ended.get(unit));
        times.map(|ends| ends.times).max().unwrap_or(0)
    }

    /// True if a unit that is alone need not be tried any more, because it crashes the destination.
    pub(super) fn is_to_blame(&self, unit: Key) -> bool {
        let memory = self.memory();
        let ends = memory.ended.get(&unit);
        ends.is_some_and(|ends| ends.gone.between >= OFTEN_ENDED || ends.gone.count >= MOST_GONE)
    }

    /// Records that these are stored.
    pub(super) fn clear(&self, units: &[Key]) {
        let mut memory = self.memory();
        for unit in units {
            memory.ended.remove(unit);
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Failures {
    /// Counts one more failure; returns how often others were stored between them.
    fn once_more(&mut self, stored: u64) -> u32 {
        if self.count > 0 && stored > self.stored {
            self.between += 1;
        }
        self.count += 1;
        self.stored = stored;
        self.between
    }
}

fn forget_if_many<T>(units: &mut HashMap<Key, T>, more: usize) {
    if units.len() + more > MOST {
        units.clear();
    }
}
