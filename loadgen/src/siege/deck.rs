//! Order of the kinds.

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use super::kinds::Kind;

/// So many kinds in a random order, the same for the same seed. Each comes as often as it should next to the others, and
/// once at least if there is room for all.
pub(super) fn deck(kinds: &[&'static Kind], count: usize, seed: u64) -> Vec<&'static Kind> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut deck: Vec<&'static Kind> = kinds.to_vec();
    deck.shuffle(&mut random);
    deck.truncate(count);
    let sum: u64 = kinds.iter().map(|kind| u64::from(kind.often)).sum();
    let room = (count - deck.len()) as u64;
    for kind in kinds {
        let share = u64::from(kind.often) * room / sum.max(1);
        deck.extend((0..share).map(|_| *kind));
    }
    // Rounding leaves the rest to the usual ones.
    let mut usual: Vec<&'static Kind> = kinds.to_vec();
    usual.sort_by_key(|kind| std::cmp::Reverse(kind.often));
    let missing = count - deck.len();
    deck.extend(usual.into_iter().cycle().take(missing));
    deck.shuffle(&mut random);
    deck
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::kinds::all;
    use super::*;

    #[test]
    fn every_kind_comes_as_often_as_it_should() {
        let kinds: Vec<_> = all().collect();
        for count in [1, kinds.len(), 300, 10_000] {
            let dealt = deck(&kinds, count, 7);
            let names = |deck: &[&'static Kind]| deck.iter().map(|k| k.name).collect::<Vec<_>>();
            assert_eq!(names(&dealt), names(&deck(&kinds, count, 7)));
            assert_eq!(dealt.len(), count);
            let mut counts = BTreeMap::new();
            for kind in &dealt {
                *counts.entry(kind.name).or_insert(0) += 1;
            }
            assert_eq!(counts.len(), kinds.len().min(count));
            if count == 10_000 {
                assert!(names(&dealt) != names(&deck(&kinds, count, 8)));
                let often = |name: &str| counts.get(name).copied().unwrap_or(0);
                assert!(
                    often("AMQP: a message of any day") > 20 * often("AMQP: a bad body of 20 MB")
                );
            }
        }
    }
}
