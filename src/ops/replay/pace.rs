//! Rate limit of a replay.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Maximum backlog that may be caught up with: timers are no finer than a millisecond, and rates may be.
const SLACK: Duration = Duration::from_millis(50);

/// Rate limiter.
#[derive(Debug)]
pub(super) struct Pace {
    step: Duration,
    next: Instant,
}

impl Pace {
    pub(super) fn new(rate: NonZeroU32) -> Self {
        Pace {
            step: Duration::from_secs(1) / rate.get(),
            next: Instant::now(),
        }
    }

    /// Waits for the next turn. Cancel safe: a dropped future takes none.
    pub(super) async fn turn(&mut self) {
        let now = Instant::now();
        if self.next > now {
            sleep_until(self.next).await;
        }
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        self.next = self.next.max(earliest) + self.step;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    async fn turns(rate: u32, count: u32) -> Duration {
        let mut pace = Pace::new(NonZeroU32::new(rate).unwrap());
        let began = Instant::now();
        for _ in 0..count {
            pace.turn().await;
        }
        began.elapsed()
    }

    #[tokio::test]
    async fn a_rate_is_kept_also_where_it_is_finer_than_a_timer() {
        let slow = turns(50, 11).await;
        assert!(slow >= Duration::from_millis(200), "{slow:?}");
        let fast = turns(10_000, 2_001).await;
        assert!(
            (Duration::from_millis(150)..Duration::from_secs(2)).contains(&fast),
            "{fast:?}"
        );
        turns(u32::MAX, 10).await;
    }
}
