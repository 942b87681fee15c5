//! Remembers which units failed alone, to tell their fault from the destination's: it is theirs if the destination
//! stores others between their failures, time and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How often others have to be stored between two failures of a unit before it is to blame.
const OFTEN: u32 = 4;

/// How many units are remembered; beyond that all are forgotten, which only costs time.
const MOST: usize = 10_000;

/// The memory of one table.
#[derive(Debug, Clone, Default)]
pub(super) struct Suspects {
    memory: Arc<Mutex<Memory>>,
}

#[derive(Debug, Default)]
struct Memory {
    /// How many blocks were stored so far.
    stored: u64,
    failed: HashMap<String, Suspect>,
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
    pub(super) fn failed(&self, unit: String) -> bool {
        let mut memory = self.memory();
        let stored = memory.stored;
        if memory.failed.len() >= MOST {
            memory.failed.clear();
        }
        let first = Suspect { stored, between: 0 };
        let suspect = memory.failed.entry(unit).or_insert(first);
        if stored > suspect.stored {
            suspect.stored = stored;
            suspect.between += 1;
        }
        // It stays so: there may be more copies of it, and each would go round for as long.
        suspect.between >= OFTEN
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
