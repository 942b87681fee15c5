//! Sampler: decides which requests are traced, and never more of them than a share, whatever their senders ask for.

use std::sync::atomic::{AtomicI64, Ordering};

use super::context::TraceContext;

/// A whole request, in the unit of credit.
const ONE: i64 = 1_000_000_000;

/// Maximum credit: so many requests may be traced at once beyond the share.
const MOST: i64 = 64 * ONE;

/// Sampler of requests. Each request earns the share as credit, and each that is traced costs one.
#[derive(Debug)]
pub(super) struct Sampler {
    ratio: f64,
    earned: i64,
    credit: AtomicI64,
}

impl Sampler {
    /// Sampler of this share of all requests, from 0 to 1.
    pub(super) fn new(ratio: f64) -> Self {
        Sampler {
            ratio,
            earned: (ratio * ONE as f64) as i64,
            credit: AtomicI64::new(MOST / 2),
        }
    }

    /// True if a request is traced: one whose sender traces it, and of those that bring no context a share by chance.
    pub(super) fn samples(&self, parent: Option<TraceContext>) -> bool {
        let wanted = match parent {
            Some(parent) => parent.is_sampled(),
            None => rand::random::<f64>() < self.ratio,
        };
        let with_share = |credit: i64| credit.saturating_add(self.earned).min(MOST);
        let after = |credit: i64| {
            let credit = with_share(credit);
            let is_taken = wanted && credit >= ONE;
            Some(if is_taken { credit - ONE } else { credit })
        };
        let before = self
            .credit
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, after);
        let (Ok(before) | Err(before)) = before;
        wanted && with_share(before) >= ONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUESTS: usize = 20_000;

    fn sampled(ratio: f64, flags: Option<&str>) -> usize {
        let sampler = Sampler::new(ratio);
        let text = |flags: &str| format!("00-{}-{}-{flags}", "5".repeat(32), "7".repeat(16));
        let parent = flags.and_then(|flags| TraceContext::parse(&text(flags)));
        assert_eq!(parent.is_some(), flags.is_some());
        (0..REQUESTS).filter(|_| sampler.samples(parent)).count()
    }

    #[test]
    fn about_the_share_of_requests_is_sampled() {
        for ratio in [0.05, 0.5] {
            let count = sampled(ratio, None) as f64;
            let expected = REQUESTS as f64 * ratio;
            assert!((expected * 0.9..expected * 1.1).contains(&count), "{count}");
        }
        assert_eq!(sampled(1.0, None), REQUESTS);
        assert_eq!(sampled(0.0, None), 0);
    }

    #[test]
    fn senders_that_trace_everything_get_no_more_than_the_share() {
        for ratio in [0.001, 0.05, 0.5] {
            let count = sampled(ratio, Some("01"));
            let share = (REQUESTS as f64 * ratio) as usize;
            assert!((share..=share + 64).contains(&count), "{count} {share}");
        }
        assert_eq!(sampled(1.0, Some("01")), REQUESTS);
        // A sender that doesn't trace has nobody to show it to.
        assert_eq!(sampled(1.0, Some("00")), 0);
    }
}
