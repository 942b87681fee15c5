//! Equal keys of a map, of which the last one counts.

use std::collections::HashMap;

/// Where the keys of a map have come up, once there are many.
#[derive(Default)]
pub(super) struct Places<'a> {
    many: Option<HashMap<&'a [u8], usize>>,
}

impl<'a> Places<'a> {
    /// From here on to hash is quicker than to look at each.
    const FEW: usize = 16;

    /// The place of this key among the known ones; none if it is new, and then the next one is its.
    #[inline]
    pub(super) fn of(
        &mut self,
        key: &[u8],
        mut known: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> Option<usize> {
        if known.len() <= Self::FEW {
            return known.position(|known| known == key);
        }
        let many = self.many.get_or_insert_default();
        // Those that were added since the last time.
        let next = many.len();
        many.extend(known.skip(next).zip(next..));
        many.get(key).copied()
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
            let known = |count| names.iter().take(count).map(|name| name.as_slice());
            for (at, name) in names.iter().enumerate() {
                assert_eq!(places.of(name, known(at)), None);
                // Also while it is being decided how to look for them.
                assert_eq!(places.of(name, known(at + 1)), Some(at), "of {keys}");
            }
            for (at, name) in names.iter().enumerate().rev() {
                assert_eq!(places.of(name, known(names.len())), Some(at), "of {keys}");
            }
        }
    }
}
