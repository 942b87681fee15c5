//! Equal keys of a map, of which the last one counts.

use std::collections::HashMap;

/// Index of a map's keys, once there are many.
#[derive(Default)]
pub(super) struct Places<'a> {
    many: Option<HashMap<&'a [u8], usize>>,
}

impl<'a> Places<'a> {
    /// From here on to hash is quicker than to look at each.
    const FEW: usize = 16;

    /// The place of this key among the `count` known ones, which `known` gives by place; none if it is new, and then
    /// the next one is its.
    #[inline]
    pub(super) fn of(
        &mut self,
        key: &[u8],
        count: usize,
        known: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> Option<usize> {
        if count <= Self::FEW {
            return (0..count).find(|at| known(*at) == Some(key));
        }
        let many = self.many.get_or_insert_default();
        // Only those that were added since the last time: to walk over all of them each time would be quadratic.
        let added = (many.len()..count).filter_map(|at| Some((known(at)?, at)));
        many.extend(added);
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
            let known = |at: usize| names.get(at).map(|name| name.as_slice());
            for (at, name) in names.iter().enumerate() {
                assert_eq!(places.of(name, at, known), None);
                // Also while it is being decided how to look for them.
                assert_eq!(places.of(name, at + 1, known), Some(at), "of {keys}");
            }
            for (at, name) in names.iter().enumerate().rev() {
                assert_eq!(places.of(name, names.len(), known), Some(at), "of {keys}");
            }
        }
    }
}
