//! Matching of binding keys and routing keys.

use std::collections::BTreeSet;

use crate::model::ExchangeKind;

/// True if a binding matches a message. An exchange of unknown type matches everything: that it is unknown is already
/// reported elsewhere.
pub(crate) fn matches(kind: Option<ExchangeKind>, binding: &str, routing_key: &str) -> bool {
    match kind {
        Some(ExchangeKind::Direct) => binding == routing_key,
        Some(ExchangeKind::Topic) => {
            let pattern: Vec<&str> = words(binding);
            topic(&pattern, &words(routing_key))
        }
        Some(ExchangeKind::Fanout) | None => true,
    }
}

/// The binding keys of an exchange, to be asked for many routing keys.
pub(crate) struct Bound<'b> {
    kind: Option<ExchangeKind>,
    keys: BTreeSet<&'b str>,
    /// Those of them that match more than themselves.
    wild: Vec<&'b str>,
}

impl<'b> Bound<'b> {
    /// That of these keys.
    pub(crate) fn new(kind: Option<ExchangeKind>, keys: impl Iterator<Item = &'b str>) -> Self {
        let keys: BTreeSet<&str> = keys.collect();
        let is_wild = |key: &&str| match kind {
            Some(ExchangeKind::Direct) => false,
            Some(ExchangeKind::Topic) => key.contains(['*', '#']),
            Some(ExchangeKind::Fanout) | None => true,
        };
        let wild = keys.iter().copied().filter(is_wild).collect();
        Bound { kind, keys, wild }
    }

    /// True if one of them matches a message, as [`matches`] has it.
    pub(crate) fn takes(&self, routing_key: &str) -> bool {
        let mut wild = self.wild.iter();
        self.keys.contains(routing_key) || wild.any(|key| matches(self.kind, key, routing_key))
    }
}

fn words(key: &str) -> Vec<&str> {
    if key.is_empty() {
        return Vec::new();
    }
    key.split('.').collect()
}

/// `*` is exactly one word, `#` any number of words.
fn topic(pattern: &[&str], words: &[&str]) -> bool {
    // After each word of the pattern: which prefixes of the routing key are matched so far. Unlike recursion
    // this stays cheap for a pattern of many `#`.
    let mut reached = vec![false; words.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for part in pattern {
        let mut next = vec![false; words.len() + 1];
        let mut open = false;
        for (i, slot) in next.iter_mut().enumerate() {
            let here = reached.get(i) == Some(&true);
            let before = i.checked_sub(1);
            let came = before.is_some_and(|b| reached.get(b) == Some(&true));
            open |= here;
            *slot = match *part {
                "#" => open,
                "*" => came,
                word => came && before.and_then(|b| words.get(b)) == Some(&word),
            };
        }
        reached = next;
    }
    reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_matches_by_words() {
        let topic = |b, k| matches(Some(ExchangeKind::Topic), b, k);
        assert!(topic("*", "AddToCartEvent"));
        assert!(!topic("*", "error.q"));
        assert!(!topic("*", ""));
        assert!(topic("#", ""));
        assert!(topic("#", "a.b.c"));
        assert!(topic("a.#.c", "a.c"));
        assert!(topic("a.#.c", "a.b.b.c"));
        assert!(!topic("a.#.c", "a.b"));
        assert!(topic("error.*", "error.q"));
        assert!(topic("#.#.x", "x"));
    }

    #[test]
    fn a_direct_exchange_compares_and_a_fanout_does_not() {
        assert!(!matches(Some(ExchangeKind::Direct), "*", "a"));
        assert!(matches(Some(ExchangeKind::Direct), "a", "a"));
        assert!(matches(Some(ExchangeKind::Fanout), "", "a"));
    }

    #[test]
    fn keys_match_together_as_one_by_one() {
        let keys = ["", "a", "a.#", "*", "b.c"];
        let kinds = [
            ExchangeKind::Direct,
            ExchangeKind::Topic,
            ExchangeKind::Fanout,
        ];
        for kind in kinds.into_iter().map(Some).chain([None]) {
            for count in 0..=keys.len() {
                let keys = keys.get(..count).unwrap_or_default();
                let bound = Bound::new(kind, keys.iter().copied());
                for key in ["", "a", "b", "a.b.c", "b.c", "c.b", "*"] {
                    let one = keys.iter().any(|binding| matches(kind, binding, key));
                    assert_eq!(bound.takes(key), one, "{kind:?} {keys:?} {key}");
                }
            }
        }
    }
}
