//! A rate in bytes: a token bucket. What is beyond it is not taken.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// How many bytes may be taken in the long run, and at once.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: f64,
    at_once: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What may be taken now; below zero if the last was larger than what was left.
    room: f64,
    filled: Instant,
}

impl Rate {
    /// A rate of so many bytes a second in the long run, and at once.
    pub(super) fn new(per_second: u64, at_once: u64) -> Self {
        let room = at_once as f64;
        Rate {
            per_second: per_second as f64,
            at_once: room,
            state: Mutex::new(State {
                room,
                filled: Instant::now(),
            }),
        }
    }

    /// Takes so many bytes, if there is any room; whether there was. One that is larger than the room is taken too, so
    /// that none waits for ever, and those after it wait the longer.
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
        // It never saves more than what it may give at once.
        assert!(rate.take_at(1000, after(1000)));
        assert!(!rate.take_at(1, after(1000)));
    }
}
