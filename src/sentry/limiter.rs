//! Limiter of reports: an outage is one report, however often it is logged.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::rate::Rate;

/// How long a place that has reported is silent.
const SILENCE: Duration = Duration::from_secs(600);

/// Maximum number of places that are known to have reported of late.
const PLACES: usize = 256;

/// Reports of all places: one a second in the long run, and so many at once.
const AT_ONCE: u64 = 20;

/// Limiter of reports.
#[derive(Debug)]
pub(super) struct Limiter {
    places: Mutex<HashMap<u64, Place>>,
    rate: Rate,
}

/// Place in the code that has reported.
#[derive(Debug)]
struct Place {
    until: Instant,
    /// Number of reports that were left out since.
    left_out: u64,
}

/// What becomes of a report.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is sent; so many of the same place were left out before.
    Sent {
        /// Their number.
        left_out: u64,
    },
    /// The same place has reported of late.
    Repeated,
    /// There are too many from everywhere.
    TooMany,
}

impl Limiter {
    pub(super) fn new() -> Self {
        Limiter {
            places: Mutex::default(),
            rate: Rate::new(1, AT_ONCE),
        }
    }

    /// Decides on a report of a place.
    pub(super) fn judge(&self, file: &str, line: u32) -> Verdict {
        let key = xxhash_rust::xxh3::xxh3_64_with_seed(file.as_bytes(), line.into());
        self.judge_at(key, Instant::now())
    }

    fn judge_at(&self, key: u64, now: Instant) -> Verdict {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get_mut(&key)
            && now < place.until
        {
            place.left_out += 1;
            return Verdict::Repeated;
        }
        if places.len() >= PLACES && !places.contains_key(&key) {
            places.retain(|_, place| now < place.until);
        }
        let is_full = places.len() >= PLACES && !places.contains_key(&key);
        if is_full || self.rate.take_at(1, now).is_err() {
            return Verdict::TooMany;
        }
        let place = Place {
            until: now + SILENCE,
            left_out: 0,
        };
        let before = places.insert(key, place);
        Verdict::Sent {
            left_out: before.map_or(0, |place| place.left_out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reports_once_in_a_while_and_says_how_often_it_was_silent() {
        let limiter = Limiter::new();
        let start = Instant::now();
        let sent = |left_out| Verdict::Sent { left_out };
        assert_eq!(limiter.judge_at(1, start), sent(0));
        for _ in 0..5000 {
            assert_eq!(limiter.judge_at(1, start), Verdict::Repeated);
        }
        assert_eq!(limiter.judge_at(2, start), sent(0));
        assert_eq!(limiter.judge_at(1, start + SILENCE), sent(5000));
        assert_eq!(limiter.judge_at(1, start + SILENCE), Verdict::Repeated);
    }

    #[test]
    fn many_places_at_once_are_too_many() {
        let limiter = Limiter::new();
        let now = Instant::now();
        let judged = (0..10_000).map(|key| limiter.judge_at(key, now));
        let sent = judged.filter(|one| *one == Verdict::Sent { left_out: 0 });
        assert_eq!(sent.count() as u64, AT_ONCE);
        let places = limiter
            .places
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        assert!(places.len() <= PLACES);
    }
}
