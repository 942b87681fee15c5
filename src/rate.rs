//! Rate limit: a token bucket of bytes, events or attempts, without a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Rate limit: so many tokens a second in the long run, and so many at once.
#[derive(Debug)]
pub struct Rate {
    per_second: f64,
    /// Time in which an empty bucket fills, in nanoseconds.
    depth: u64,
    start: Instant,
    /// When the bucket is full again, in nanoseconds since the start. In the past if it is full.
    full: AtomicU64,
}

impl Rate {
    /// Creates a rate of so many tokens a second in the long run, and at once.
    pub fn new(per_second: u64, at_once: u64) -> Self {
        let per_second = per_second.max(1) as f64;
        Rate {
            per_second,
            depth: nanoseconds(per_second, at_once),
            start: Instant::now(),
            full: AtomicU64::new(0),
        }
    }

    /// Takes so many tokens if there are any left. More than the bucket holds are taken too, so that a large request
    /// doesn't wait for ever, and what follows waits longer.
    ///
    /// # Errors
    ///
    /// If there are none left: the time until there are.
    pub fn take(&self, tokens: u64) -> Result<(), Duration> {
        self.take_at(tokens, Instant::now())
    }

    /// Takes so many tokens whether or not there are any left: of something that can't be refused any more.
    pub fn spend(&self, tokens: u64) {
        let (now, cost) = (self.since_start(Instant::now()), self.cost(tokens));
        let later = |full: u64| Some(full.max(now).saturating_add(cost));
        // It is an error only if there is nothing to write, and there always is.
        self.full
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, later)
            .ok();
    }

    /// Takes so many tokens at this time, as [`take`](Self::take) does now.
    pub(crate) fn take_at(&self, tokens: u64, now: Instant) -> Result<(), Duration> {
        let (now, cost) = (self.since_start(now), self.cost(tokens));
        let later = |full: u64| {
            let has_room = full.saturating_sub(now) < self.depth;
            has_room.then(|| full.max(now).saturating_add(cost))
        };
        let taken = self
            .full
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
        match taken {
            Ok(_) => Ok(()),
            Err(full) => {
                let wait = full.saturating_sub(now).saturating_sub(self.depth);
                Err(Duration::from_nanos(wait.saturating_add(1)))
            }
        }
    }

    fn since_start(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.start).as_nanos();
        u64::try_from(passed).unwrap_or(u64::MAX)
    }

    fn cost(&self, tokens: u64) -> u64 {
        nanoseconds(self.per_second, tokens)
    }
}

/// Time in which so many tokens come. A conversion from floats saturates.
fn nanoseconds(per_second: f64, tokens: u64) -> u64 {
    (tokens as f64 * 1e9 / per_second) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_at_once_is_paid_for_later() {
        let rate = Rate::new(100, 1000);
        let start = rate.start;
        let after = |seconds| start + Duration::from_secs(seconds);
        let take = |tokens, at| rate.take_at(tokens, at).is_ok();
        assert!(take(999, start));
        assert!(take(401, start));
        for seconds in 0..5 {
            assert!(!take(1, after(seconds)), "{seconds}");
        }
        assert!(take(1, after(5)));
        // It never saves more than it may give at once.
        assert!(take(1000, after(1000)));
        assert!(!take(1, after(1000)));
    }

    #[test]
    fn it_says_how_long_to_wait() {
        let rate = Rate::new(10, 10);
        let start = rate.start;
        assert_eq!(rate.take_at(30, start), Ok(()));
        let wait = rate.take_at(1, start).err().unwrap_or_default();
        assert_eq!(wait.as_millis(), 2000);
        assert!(rate.take_at(1, start + wait).is_ok());
    }
}
