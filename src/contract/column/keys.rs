//! Equal keys of a map, of which the last one counts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Where the keys of a map have come up.
#[derive(Default)]
pub(super) struct Places<'a> {
    few: Vec<&'a [u8]>,
    many: HashMap<&'a [u8], usize>,
}

impl<'a> Places<'a> {
    /// From here on to hash is quicker than to look at each.
    const FEW: usize = 16;

    /// The place of this key; none if it is new, and then the next one is its.
    pub(super) fn of(&mut self, key: &'a [u8]) -> Option<usize> {
        if self.many.is_empty() {
            let found = self.few.iter().position(|known| *known == key);
            if found.is_none() {
                self.few.push(key);
            }
            if self.few.len() > Self::FEW {
                self.many = self.few.drain(..).zip(0..).collect();
            }
            return found;
        }
        let next = self.many.len();
        match self.many.entry(key) {
            Entry::Occupied(place) => Some(*place.get()),
            Entry::Vacant(place) => {
                place.insert(next);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_keeps_the_place_of_its_first_time() {
        for keys in [1, 15, 16, 17, 100_u8] {
            let names: Vec<[u8; 1]> = (0..keys).map(|key| [key]).collect();
            let mut places = Places::default();
            for (at, name) in names.iter().enumerate() {
                assert_eq!(places.of(name), None);
                // Also while it is being decided how to look for them.
                assert_eq!(places.of(name), Some(at), "of {keys}");
            }
            for (at, name) in names.iter().enumerate().rev() {
                assert_eq!(places.of(name), Some(at), "of {keys}");
            }
        }
    }
}
