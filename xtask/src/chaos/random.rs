//! Random numbers that a seed repeats: SplitMix64, by Steele, Lea and Flood (OOPSLA 2014).

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// A sequence of numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

/// Random seed. Fresh hash keys are the random numbers that the standard library has.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000
}

impl Random {
    /// The sequence of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// Number from `low` up to `high`, exclusive.
    pub(super) fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low).max(1)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_numbers() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..100).map(|_| random.within(5, 50)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!(draw(7).iter().all(|n| (5..50).contains(n)));
    }
}
