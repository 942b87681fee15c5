//! Matching of binding keys and routing keys.

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
}
