//! Ages of the messages that this process holds, by queue: how old the oldest is, and how long one has been held.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::broker::Delivery;
use crate::metrics::workers::{HELD_AGE, OLDEST};
use crate::time::now_ms;

/// The earliest time of acceptance that is believed: the year 2000. Other producers write what they like.
const EARLIEST_MS: i64 = 946_684_800_000;

/// Messages of one queue that are held, by the second of their acceptance and of their delivery.
#[derive(Debug, Default)]
pub(super) struct Held(Mutex<Times>);

#[derive(Debug, Default)]
struct Times {
    accepted: BTreeMap<i64, u32>,
    delivered: BTreeMap<i64, u32>,
}

/// Times of a held message, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since {
    /// When it was accepted, as far as it says.
    pub(super) accepted_ms: i64,
    /// When it was delivered to this process.
    pub(super) delivered_ms: i64,
}

impl Since {
    /// Times of a message that is delivered now. One that doesn't say when it was accepted counts from now.
    pub(super) fn of(delivery: &Delivery) -> Self {
        let now = now_ms();
        let sent = delivery.properties.timestamp;
        let sent = sent.and_then(|seconds| i64::try_from(seconds).ok()?.checked_mul(1_000));
        let said = match &delivery.place {
            // A retry in a log is written anew, and its message says when it was accepted.
            Some(place) => sent.or(Some(place.timestamp_ms)),
            None => sent,
        };
        let believed = said.filter(|said| (EARLIEST_MS..=now).contains(said));
        Since {
            accepted_ms: believed.unwrap_or(now),
            delivered_ms: now,
        }
    }

    /// Seconds from its acceptance until now.
    pub(super) fn age(&self) -> f64 {
        seconds(now_ms().saturating_sub(self.accepted_ms))
    }
}

impl Held {
    /// Takes a message in.
    pub(super) fn take(&self, since: Since) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Times {
            accepted,
            delivered,
        } = &mut *times;
        for (map, ms) in [
            (accepted, since.accepted_ms),
            (delivered, since.delivered_ms),
        ] {
            *map.entry(ms.div_euclid(1_000)).or_default() += 1;
        }
    }

    /// Lets a message go that was taken in.
    pub(super) fn release(&self, since: Since) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Times {
            accepted,
            delivered,
        } = &mut *times;
        for (map, ms) in [
            (accepted, since.accepted_ms),
            (delivered, since.delivered_ms),
        ] {
            let second = ms.div_euclid(1_000);
            if let Some(count) = map.get_mut(&second) {
                *count -= 1;
                if *count == 0 {
                    map.remove(&second);
                }
            }
        }
    }

    /// Seconds since the acceptance of the oldest message, and since the delivery of the one that is held for the longest;
    /// none if nothing is held.
    fn ages(&self, now_ms: i64) -> Option<[f64; 2]> {
        let times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |map: &BTreeMap<i64, u32>| {
            let (second, _) = map.first_key_value()?;
            Some(seconds(now_ms.saturating_sub(second.saturating_mul(1_000))))
        };
        Some([age(&times.accepted)?, age(&times.delivered)?])
    }
}

fn seconds(ms: i64) -> f64 {
    ms.max(0) as f64 / 1_000.0
}

/// What is held of each queue; clones share it.
#[derive(Debug, Clone, Default)]
pub struct HeldAges(Arc<Mutex<BTreeMap<&'static str, Arc<Held>>>>);

impl HeldAges {
    /// Adds a queue.
    pub(super) fn add(&self, queue: &'static str, held: &Arc<Held>) {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queues.insert(queue, Arc::clone(held));
    }

    /// Sets the metrics of ages. `waiting` says for how many seconds a queue has been seen with ready messages, which
    /// counts where nothing is held.
    pub fn tell(&self, waiting: impl Fn(&str) -> Option<f64>) {
        let now = now_ms();
        let queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (queue, held) in &*queues {
            let [oldest, longest] = match held.ages(now) {
                Some(ages) => ages,
                None => [waiting(queue).unwrap_or_default(), 0.0],
            };
            OLDEST.with([*queue]).set(oldest);
            HELD_AGE.with([*queue]).set(longest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_known_whatever_goes_first() {
        let held = Held::default();
        let since = |accepted_ms, delivered_ms| Since {
            accepted_ms,
            delivered_ms,
        };
        let (old, new) = (since(10_000, 90_000), since(50_500, 80_000));
        assert_eq!(held.ages(100_000), None);
        held.take(old);
        held.take(new);
        held.take(old);
        assert_eq!(held.ages(100_000), Some([90.0, 20.0]));
        held.release(old);
        assert_eq!(held.ages(100_000), Some([90.0, 20.0]));
        held.release(old);
        assert_eq!(held.ages(100_000), Some([50.0, 20.0]));
        held.release(new);
        // What was never taken in changes nothing.
        held.release(new);
        assert_eq!(held.ages(100_000), None);
    }
}
