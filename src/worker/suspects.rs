//! Remembers which units failed alone, or were under way when the destination went away, to tell their fault from the
//! destination's: it is theirs if the destination stores others between their failures, time and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::sink::Fault;

/// How often others have to be stored between two failures of a unit before it is to blame.
const OFTEN: u32 = 4;

/// The same for one at which the destination goes away: each time costs everybody.
const OFTEN_GONE: u32 = 2;

/// How often the destination may go away at a unit that is alone at last, where there are no others to be stored.
const MOST_GONE: u32 = 8;

/// From how many times on a unit is stored apart from the others.
const SUSPECT: u32 = 2;

/// How many units are remembered; beyond that all are forgotten, which only costs time.
const MOST: usize = 200_000;

/// How long they are, after the last time that the destination went away.
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
    failed: HashMap<Key, Suspect>,
    /// How often the destination went away while these were under way.
    gone: HashMap<Key, u32>,
    last_gone: Option<Instant>,
}

#[derive(Debug)]
struct Suspect {
    /// How many blocks were stored when it last failed.
    stored: u64,
    /// How often others were stored between its failures.
    between: u32,
}

impl Suspects {
    /// Notes that the destination has stored rows.
    pub(super) fn stored(&self) {
        self.memory().stored += 1;
    }

    /// Notes that a unit failed alone; true if it is to blame.
    pub(super) fn failed(&self, unit: Key, fault: Fault) -> bool {
        let mut memory = self.memory();
        let between = memory.failed(unit);
        // It stays so: there may be more copies of it, and each would go round for as long.
        if !fault.is_of_size() {
            return between >= OFTEN;
        }
        // It costs others their time, so that it comes without them next time.
        memory.last_gone = Some(Instant::now());
        let times = memory.gone.entry(unit).or_default();
        *times = SUSPECT.max(*times);
        between >= OFTEN_GONE
    }

    /// Notes that the destination went away while these units were under way. Says how often it has done so, at most,
    /// at one of them.
    pub(super) fn went_away(&self, units: &[Key]) -> u32 {
        let mut memory = self.memory();
        if memory.gone.len() + units.len() > MOST {
            memory.gone.clear();
        }
        memory.last_gone = Some(Instant::now());
        if let [unit] = units {
            memory.failed(*unit);
        }
        let mut most = 0;
        for unit in units {
            let times = memory.gone.entry(*unit).or_default();
            *times += 1;
            most = most.max(*times);
        }
        most
    }

    /// Whether the destination went away while anything was under way, not long ago.
    pub(super) fn any(&self) -> bool {
        let mut memory = self.memory();
        if memory
            .last_gone
            .is_some_and(|last| last.elapsed() > LONGEST)
        {
            memory.gone.clear();
            memory.last_gone = None;
        }
        !memory.gone.is_empty()
    }

    /// Those of some units at which the destination went away more than once.
    pub(super) fn among<T: Copy>(&self, units: &[(T, Key)]) -> Vec<T> {
        let memory = self.memory();
        let often = |key: &Key| memory.gone.get(key).is_some_and(|times| *times >= SUSPECT);
        let suspects = units.iter().filter(|(_, key)| often(key));
        suspects.map(|(unit, _)| *unit).collect()
    }

    /// Whether a unit that is alone need not be tried any more, since the destination goes away at it.
    pub(super) fn is_to_blame(&self, unit: Key) -> bool {
        let memory = self.memory();
        let Some(times) = memory.gone.get(&unit) else {
            return false;
        };
        let between = memory
            .failed
            .get(&unit)
            .map_or(0, |suspect| suspect.between);
        between >= OFTEN_GONE || *times >= MOST_GONE
    }

    /// Notes that these are stored.
    pub(super) fn clear(&self, units: &[Key]) {
        let mut memory = self.memory();
        for unit in units {
            memory.gone.remove(unit);
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// How often others were stored between the failures of a unit that has failed once more.
    fn failed(&mut self, unit: Key) -> u32 {
        let stored = self.stored;
        if self.failed.len() >= MOST {
            self.failed.clear();
        }
        let first = Suspect { stored, between: 0 };
        let suspect = self.failed.entry(unit).or_insert(first);
        if stored > suspect.stored {
            suspect.stored = stored;
            suspect.between += 1;
        }
        suspect.between
    }
}
