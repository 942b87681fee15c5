//! Rate limit in bytes: a token bucket.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Limits in bytes: a second in the long run, and at once.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: f64,
    at_once: f64,
    state: Mutex<BucketState>,
}

#[derive(Debug)]
struct BucketState {
    /// Tokens left; below zero after something larger than what was left.
    room: f64,
    filled: Instant,
}

impl Rate {
    /// Creates a rate of so many bytes a second in the long run, and at once.
    pub(super) fn new(per_second: u64, at_once: u64) -> Self {
        let room = at_once as f64;
        Rate {
            per_second: per_second as f64,
            at_once: room,
            state: Mutex::new(BucketState {
                room,
                filled: Instant::now(),
            }),
        }
    }

    /// Takes so many bytes if there are any tokens left; true if there were. Something larger than the bucket is taken
    /// too, so that it doesn't wait for ever, and what follows waits longer.
    pub(super) fn take(&self, bytes: u64) -> bool {
        self.take_at(bytes, Instant::now())
    }

    fn take_at(&self, bytes: u64, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.filled).as_secs_f64();
        state.room = (state.room + passed * self.per_second).min(self.at_once);
        state.filled = now;
        let has_room = state.room > 0.0;
        if has_room {
            state.room -= bytes as f64;
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_taken_at_once_is_paid_for_later() {
        let rate = Rate::new(100, 1000);
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        assert!(rate.take_at(999, start));
        assert!(rate.take_at(401, start));
        for seconds in 0..5 {
            assert!(!rate.take_at(1, after(seconds)), "{seconds}");
        }
        assert!(rate.take_at(1, after(5)));
        // It never saves more than it may give at once.
        assert!(rate.take_at(1000, after(1000)));
        assert!(!rate.take_at(1, after(1000)));
    }
}
