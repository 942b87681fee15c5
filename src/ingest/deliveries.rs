//! Deliveries of a signed webhook by their ids: one that comes again under its id has to have the body that it had.
//!
//! The id of a delivery is often not part of what is signed. Whoever has two signed requests could send the body of one
//! under the id of the other; within the window that is refused. Deliveries that come again as they were are answered
//! as before: they have the same id here, and are stored once.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use crate::identity::Declared;

/// How long a delivery is remembered.
const WINDOW: Duration = Duration::from_secs(600);

/// Maximum number of deliveries that are remembered; the oldest ones are forgotten first. They take some 10 MB.
const MOST: usize = 100_000;

/// Beginning of a SHA-256.
type Hash = [u8; 16];

/// Deliveries of the last minutes.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The body of each.
    bodies: HashMap<Hash, Hash>,
    order: VecDeque<(Instant, Hash)>,
}

/// A delivery: its id and its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delivery {
    id: Hash,
    body: Hash,
}

impl Delivery {
    pub(super) fn new(id: &Declared, body: &[u8]) -> Self {
        let mut of_id = Sha256::new();
        for part in id {
            of_id.update((part.len() as u64).to_le_bytes());
            of_id.update(part);
        }
        Delivery {
            id: beginning(&of_id.finalize()),
            body: beginning(&Sha256::digest(body)),
        }
    }
}

impl Deliveries {
    /// True if another body was taken under the same id.
    pub(super) fn is_replay(&self, delivery: Delivery) -> bool {
        self.is_replay_at(delivery, Instant::now())
    }

    /// Remembers a delivery that was taken.
    pub(super) fn took(&self, delivery: Delivery) {
        self.took_at(delivery, Instant::now());
    }

    fn is_replay_at(&self, delivery: Delivery, now: Instant) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now, MOST);
        let body = seen.bodies.get(&delivery.id);
        body.is_some_and(|body| *body != delivery.body)
    }

    fn took_at(&self, delivery: Delivery, now: Instant) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.forget(now, MOST - 1);
        if seen.bodies.insert(delivery.id, delivery.body).is_none() {
            seen.order.push_back((now, delivery.id));
        }
    }
}

impl Seen {
    /// Forgets what is older than the window, and the oldest ones above a number.
    fn forget(&mut self, now: Instant, most: usize) {
        while let Some((at, id)) = self.order.front() {
            let is_old = now.saturating_duration_since(*at) > WINDOW;
            if !is_old && self.order.len() <= most {
                break;
            }
            self.bodies.remove(id);
            self.order.pop_front();
        }
    }
}

fn beginning(hash: &[u8]) -> Hash {
    let mut beginning = Hash::default();
    for (to, from) in beginning.iter_mut().zip(hash) {
        *to = *from;
    }
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(id: &str, body: &str) -> Delivery {
        Delivery::new(&vec![id.to_owned()], body.as_bytes())
    }

    #[test]
    fn an_id_has_one_body_within_the_window() {
        let (deliveries, now) = (Deliveries::default(), Instant::now());
        let (first, other) = (delivery("a", "{}"), delivery("a", "{ }"));
        assert!(!deliveries.is_replay_at(first, now));
        // What wasn't taken binds nobody.
        assert!(!deliveries.is_replay_at(other, now));
        deliveries.took_at(first, now);
        assert!(!deliveries.is_replay_at(first, now));
        assert!(deliveries.is_replay_at(other, now + WINDOW));
        assert!(!deliveries.is_replay_at(delivery("b", "{ }"), now));
        assert!(!deliveries.is_replay_at(other, now + WINDOW + Duration::from_secs(1)));
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_leave() {
        let (deliveries, now) = (Deliveries::default(), Instant::now());
        for number in 0..MOST + 10 {
            deliveries.took_at(delivery(&number.to_string(), "{}"), now);
        }
        let seen = deliveries
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        assert_eq!((seen.bodies.len(), seen.order.len()), (MOST, MOST));
        drop(seen);
        assert!(!deliveries.is_replay_at(delivery("9", "{ }"), now));
        assert!(deliveries.is_replay_at(delivery("10", "{ }"), now));
    }
}
