//! Rate limit of a target: concurrent attempts, attempts in a period, and none before its retry delay has passed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use crate::contract::Rate;

/// Rate limit of one target in this instance.
#[derive(Debug)]
pub(super) struct Pace {
    places: Arc<Semaphore>,
    /// Interval between two attempts.
    apart: Duration,
    clock: Mutex<Clock>,
}

#[derive(Debug)]
struct Clock {
    /// Earliest start of the next attempt.
    next: Instant,
    /// Retry delay: no attempts before this time.
    held: Instant,
}

/// Right to make one attempt now. Dropping it lets another one start.
#[derive(Debug)]
#[must_use]
pub struct Turn {
    _place: Option<OwnedSemaphorePermit>,
}

impl Pace {
    pub(super) fn new(concurrency: u16, rate: Option<Rate>) -> Self {
        let apart = rate.map_or(Duration::ZERO, |rate| {
            Duration::from_millis(u64::from(rate.per_ms)) / rate.count.max(1)
        });
        let now = Instant::now();
        Pace {
            places: Arc::new(Semaphore::new(usize::from(concurrency.max(1)))),
            apart,
            clock: Mutex::new(Clock {
                next: now,
                held: now,
            }),
        }
    }

    /// Waits for a place and for the time.
    pub(super) async fn turn(&self) -> Turn {
        // The semaphore is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        loop {
            let at = self.reserve();
            sleep_until(at).await;
            // A retry delay that arrived meanwhile holds for those who were waiting, too.
            if self.clock().held <= at {
                return Turn { _place: place };
            }
        }
    }

    /// Starts no attempts for this long.
    pub(super) fn hold(&self, time: Duration) {
        let mut clock = self.clock();
        clock.held = clock.held.max(Instant::now() + time);
    }

    fn reserve(&self) -> Instant {
        let mut clock = self.clock();
        let at = clock.next.max(clock.held).max(Instant::now());
        clock.next = at + self.apart;
        at
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
