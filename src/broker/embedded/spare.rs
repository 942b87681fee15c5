//! Messages that nobody waits for: what they may take of memory, and what happens to those beyond it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::Counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What one queue of such messages may hold.
const ROOM: usize = 32 << 20;

/// How often it is said that messages are dropped.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// The room of one queue.
#[derive(Debug)]
pub(super) struct Spare {
    queue: &'static str,
    room: Arc<Semaphore>,
    dropped: Counter,
    said: Mutex<Option<Instant>>,
}

impl Spare {
    pub(super) fn new(queue: &'static str, budget: usize) -> Self {
        Self {
            queue,
            room: Arc::new(Semaphore::new(ROOM.min(budget))),
            dropped: metrics::counter!("event_grpc_best_effort_dropped_total", "queue" => queue),
            said: Mutex::new(None),
        }
    }

    /// Room for a message of this size; none if it has to be dropped, which is counted and said.
    pub(super) fn take(&self, size: usize) -> Option<OwnedSemaphorePermit> {
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(size).ok();
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
