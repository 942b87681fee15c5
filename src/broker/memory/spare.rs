//! Messages that nobody waits for: what they may take of memory, and what happens to those beyond it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::Counter;

use crate::metrics::broker::BEST_EFFORT_DROPPED;
use crate::weight::{Budget, Permit};

/// Best-effort budget of one queue, in bytes.
const ROOM: usize = 32 << 20;

/// Interval at which dropped messages are logged.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// The room of one queue.
#[derive(Debug)]
pub(super) struct Spare {
    queue: &'static str,
    room: Budget,
    dropped: Counter,
    said: Mutex<Option<Instant>>,
}

impl Spare {
    pub(super) fn new(queue: &'static str, budget: usize) -> Self {
        Self {
            queue,
            room: Budget::new(ROOM.min(budget) as u64),
            dropped: BEST_EFFORT_DROPPED.with([queue]),
            said: Mutex::new(None),
        }
    }

    /// Room for a message of this weight; none if it has to be dropped, which is counted and said.
    pub(super) fn take(&self, weight: u64) -> Option<Permit> {
        let room = self.room.try_acquire(weight);
        if room.is_none() {
            self.dropped.increment(1);
            self.say();
        }
        room
    }

    fn say(&self) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_none_or(|at| at.elapsed() >= SAY_EVERY) {
            *said = Some(Instant::now());
            tracing::warn!(
                queue = self.queue,
                "The queue is full, and messages for it are dropped: nobody waits for them, and RabbitMQ would keep them."
            );
        }
    }
}
