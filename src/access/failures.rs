//! Failed attempts, bounded by address: who tries many keys is told to wait, and costs no memory.
//!
//! A right key is never refused for the failures of others behind the same address: it is looked at first.

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use crate::listen::one_address;
use crate::rate::Rate;

/// Number of limits that addresses share, by their hash. Two that share one only make each other's failed attempts wait.
const PLACES: usize = 1024;

/// Failed attempts a second in the long run, and at once.
const RATE: (u64, u64) = (1, 20);

/// Rates of failed attempts.
#[derive(Debug)]
pub(super) struct Failures {
    places: Vec<Rate>,
    hasher: RandomState,
}

impl Failures {
    pub(super) fn new() -> Self {
        Failures {
            places: (0..PLACES).map(|_| Rate::new(RATE.0, RATE.1)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// Notes a failed attempt from an address, of IPv6 from its /64. If there were too many: the time to wait.
    pub(super) fn note(&self, address: IpAddr) -> Result<(), Duration> {
        let hash = self.hasher.hash_one(one_address(address));
        let at = usize::try_from(hash % PLACES as u64).unwrap_or_default();
        self.places.get(at).map_or(Ok(()), |rate| rate.take(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_fails_so_often_and_then_waits() {
        let failures = Failures::new();
        let address = IpAddr::from([192, 0, 2, 1]);
        let noted = (0..100).filter(|_| failures.note(address).is_ok()).count();
        assert!((20..25).contains(&noted), "{noted}");
        // Other addresses are hardly ever held up with it.
        let free = (0..100_u8).filter(|last| failures.note([192, 0, 2, *last].into()).is_ok());
        assert!(free.count() > 90);
    }
}
