//! Remembers which units failed alone, or were under way when the destination went away, to tell their fault from the
//! destination's: it is theirs if the destination stores others between their failures, time and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How often others have to be stored between two failures of a unit before it is to blame.
const OFTEN: u32 = 4;

/// The same for one at which inserts end: each time costs everybody.
const OFTEN_ENDED: u32 = 2;

/// How often the destination may go away at a unit that is alone, where there are no others to be stored.
const MOST_GONE: u32 = 6;

/// From how many times on a unit is stored apart from the others.
const SUSPECT: u32 = 2;

/// How many units are remembered; beyond that all are forgotten, which only costs time.
const MOST: usize = 200_000;

/// How long they are, after the last time that an insert ended at any.
const LONGEST: Duration = Duration::from_secs(600);

/// What stands for a unit, in whatever message it comes.
pub(super) type Key = u64;

/// The memory of one table.
#[derive(Debug, Clone, Default)]
pub(super) struct Suspects {
    memory: Arc<Mutex<Memory>>,
}

#[derive(Debug, Default)]
struct Memory {
    /// How many blocks were stored so far.
    stored: u64,
    /// What failed alone.
    failed: HashMap<Key, Failures>,
    /// What inserts ended at.
    ended: HashMap<Key, Ends>,
    last_end: Option<Instant>,
}

/// The failures of a unit alone.
#[derive(Debug, Default)]
struct Failures {
    /// How many there were.
    count: u32,
    /// How many blocks were stored when it last failed.
    stored: u64,
    /// How often others were stored between them.
    between: u32,
}

/// How inserts ended at a unit.
#[derive(Debug, Default)]
struct Ends {
    /// How often the destination went away at a block that it was in, or that it failed alone.
    times: u32,
    /// How often the destination went away at it alone.
    gone: Failures,
    /// How often it failed alone otherwise.
    alone: Failures,
}

impl Suspects {
    /// Notes that the destination has stored rows.
    pub(super) fn stored(&self) {
        self.memory().stored += 1;
    }

    /// Notes that a unit failed alone, by its size if fewer units at once might have gone well; true if it is to blame.
    pub(super) fn failed(&self, unit: Key, by_size: bool) -> bool {
        let mut memory = self.memory();
        let stored = memory.stored;
        // It stays so: there may be more copies of it, and each would go round for as long.
        if !by_size {
            forget_if_many(&mut memory.failed, 1);
            return memory.failed.entry(unit).or_default().once_more(stored) >= OFTEN;
        }
        // It comes without others from now on, since it costs them their time.
        memory.last_end = Some(Instant::now());
        forget_if_many(&mut memory.ended, 1);
        let ends = memory.ended.entry(unit).or_default();
        ends.times = ends.times.max(SUSPECT);
        ends.alone.once_more(stored) >= OFTEN_ENDED
    }

    /// Notes that the destination went away while these units were under way. Says how often it has done so, at most,
    /// at one of them.
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

    /// Whether inserts ended at anything, not long ago.
    pub(super) fn any(&self) -> bool {
        let mut memory = self.memory();
        if memory.last_end.is_some_and(|last| last.elapsed() > LONGEST) {
            memory.ended.clear();
            memory.last_end = None;
        }
        !memory.ended.is_empty()
    }

    /// Those of some units at which inserts ended more than once, and how often.
    pub(super) fn among<T: Copy>(&self, units: &[(T, Key)]) -> Vec<(u32, T)> {
        let memory = self.memory();
        let found = units.iter().filter_map(|(unit, key)| {
            let times = memory.ended.get(key)?.times;
            (times >= SUSPECT).then_some((times, *unit))
        });
        found.collect()
    }

    /// How often an insert ended at one of these, at most.
    pub(super) fn times(&self, units: &[Key]) -> u32 {
        let memory = self.memory();
        let times = units.iter().filter_map(|unit| memory.ended.get(unit));
        times.map(|ends| ends.times).max().unwrap_or(0)
    }

    /// Whether a unit that is alone need not be tried any more, since the destination goes away at it.
    pub(super) fn is_to_blame(&self, unit: Key) -> bool {
        let memory = self.memory();
        let ends = memory.ended.get(&unit);
        ends.is_some_and(|ends| ends.gone.between >= OFTEN_ENDED || ends.gone.count >= MOST_GONE)
    }

    /// Notes that these are stored.
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
    /// Counts one more; says how often others were stored between them.
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
