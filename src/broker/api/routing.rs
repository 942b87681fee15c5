//! Message routing, by the rules of AMQP.

use std::collections::HashMap;

use super::error::PublishError;
use super::topology::{QueueSpec, Topology};
use crate::contract::{ExchangeKind, Partition};

/// The bindings of all exchanges, ready to be matched. Queues are positions in [`Topology::queues`].
pub(in crate::broker) struct Routes {
    exchanges: HashMap<&'static str, Vec<Binding>>,
    queues: HashMap<&'static str, usize>,
    unrouted: &'static str,
}

#[derive(Debug)]
struct Binding {
    pattern: Pattern,
    queue: usize,
    share: Share,
}

/// Messages that a queue takes of those that its bindings match.
#[derive(Debug, Clone, Copy)]
enum Share {
    /// All.
    Whole,
    /// Those whose partition key falls into this partition.
    Partition { index: u64, count: u64 },
    /// Those without a partition key.
    Keyless,
}

/// The queues that are bound to one exchange, for those who want to know where a message will go.
#[derive(Debug)]
pub struct Bound {
    bindings: Vec<Binding>,
    queues: Vec<&'static str>,
}

impl Bound {
    /// Bindings of this exchange.
    pub fn to(topology: &Topology, exchange: &str) -> Self {
        let bindings = Routes::new(topology).exchanges.remove(exchange);
        Bound {
            bindings: bindings.unwrap_or_default(),
            queues: topology.queues.iter().map(|queue| queue.name).collect(),
        }
    }

    /// The names of the queues that get a message with this routing key; of one with partitions its own.
    pub fn reached(&self, routing_key: &str) -> impl Iterator<Item = &'static str> {
        let reached = matching(&self.bindings, routing_key, None).into_iter();
        reached.filter_map(|at| self.queues.get(at).copied())
    }

    /// The names of all queues that some message gets to.
    pub fn all(&self) -> impl Iterator<Item = &'static str> {
        let queues = self.bindings.iter().map(|binding| binding.queue);
        queues.filter_map(|at| self.queues.get(at).copied())
    }
}

impl Topology {
    /// True if a queue takes messages of this exchange with this routing key.
    pub fn is_bound(&self, exchange: &str, routing_key: &str) -> bool {
        Routes::new(self).is_bound(exchange, routing_key)
    }
}

/// Pattern of a routing key.
#[derive(Debug)]
enum Pattern {
    /// Anything.
    Any,
    /// Exactly this.
    Exactly(&'static str),
    /// These words, of which `*` is any one and `#` any number.
    Words(Vec<&'static str>),
}

impl Routes {
    pub(in crate::broker) fn new(topology: &Topology) -> Self {
        let bindings_of = |name: &str, kind: ExchangeKind| {
            let mut bindings = Vec::new();
            for (queue, spec) in topology.queues.iter().enumerate() {
                for route in spec.bindings.iter().filter(|route| route.exchange == name) {
                    bindings.push(Binding {
                        pattern: Pattern::new(kind, route.routing_key),
                        queue,
                        share: Share::of(spec, topology),
                    });
                }
            }
            bindings
        };
        Self {
            exchanges: topology
                .exchanges
                .iter()
                .map(|exchange| (exchange.name, bindings_of(exchange.name, exchange.kind)))
                .collect(),
            queues: topology
                .queues
                .iter()
                .enumerate()
                .map(|(at, queue)| (queue.name, at))
                .collect(),
            unrouted: topology.unrouted,
        }
    }

    /// The position of a queue.
    pub(in crate::broker) fn queue(&self, name: &str) -> Option<usize> {
        self.queues.get(name).copied()
    }

    /// True if a binding of this exchange matches.
    fn is_bound(&self, exchange: &str, routing_key: &str) -> bool {
        !self.bound(exchange, routing_key).is_empty()
    }

    /// The queues whose bindings match, each once.
    pub(in crate::broker) fn bound(&self, exchange: &str, routing_key: &str) -> Vec<usize> {
        let bindings = self.exchanges.get(exchange);
        bindings.map_or_else(Vec::new, |bindings| matching(bindings, routing_key, None))
    }

    /// The queues that get a copy of a message with this hash of its partition key, each once and at least one.
    pub(in crate::broker) fn targets(
        &self,
        exchange: &str,
        routing_key: &str,
        partition: Option<u64>,
    ) -> Result<Vec<usize>, PublishError> {
        let unroutable = || PublishError::Unroutable {
            exchange: exchange.to_owned(),
            routing_key: routing_key.to_owned(),
        };
        if exchange.is_empty() {
            return self
                .queue(routing_key)
                .map(|at| vec![at])
                .ok_or_else(unroutable);
        }
        let bindings = self
            .exchanges
            .get(exchange)
            .ok_or_else(|| PublishError::NoExchange {
                exchange: exchange.to_owned(),
            })?;
        let mut targets = matching(bindings, routing_key, partition);
        if targets.is_empty() && exchange != self.unrouted {
            targets = self
                .exchanges
                .get(self.unrouted)
                .map(|bindings| matching(bindings, routing_key, partition))
                .unwrap_or_default();
        }
        if targets.is_empty() {
            return Err(unroutable());
        }
        Ok(targets)
    }
}

fn matching(bindings: &[Binding], routing_key: &str, partition: Option<u64>) -> Vec<usize> {
    let mut targets = Vec::new();
    for binding in bindings {
        if !targets.contains(&binding.queue)
            && binding.share.takes(partition)
            && binding.pattern.matches(routing_key)
        {
            targets.push(binding.queue);
        }
    }
    targets
}

// === impl Share ===

impl Share {
    /// Where a broker has no partitions, their queue takes all.
    fn of(spec: &QueueSpec, topology: &Topology) -> Self {
        match spec.partition {
            None => Self::Whole,
            Some(Partition {
                index: Some(index),
                count,
                ..
            }) => Self::Partition {
                index: u64::from(index),
                count: u64::from(count.max(1)),
            },
            Some(_) => match topology.partitions(spec.name).next() {
                Some(_) => Self::Keyless,
                None => Self::Whole,
            },
        }
    }

    fn takes(self, partition: Option<u64>) -> bool {
        match (self, partition) {
            (Self::Whole, _) | (Self::Keyless, None) => true,
            (Self::Partition { index, count }, Some(hash)) => hash % count == index,
            (Self::Keyless, Some(_)) | (Self::Partition { .. }, None) => false,
        }
    }
}

// === impl Pattern ===

impl Pattern {
    fn new(kind: ExchangeKind, key: &'static str) -> Self {
        match kind {
            ExchangeKind::Fanout => Self::Any,
            ExchangeKind::Direct => Self::Exactly(key),
            ExchangeKind::Topic => match words(key).collect::<Vec<_>>() {
                words if words == ["#"] => Self::Any,
                words if words.iter().any(|word| matches!(*word, "*" | "#")) => Self::Words(words),
                _ => Self::Exactly(key),
            },
        }
    }

    fn matches(&self, key: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(exactly) => *exactly == key,
            Self::Words(pattern) => words_match(pattern, &words(key).collect::<Vec<_>>()),
        }
    }
}

/// The words of a key; the empty key has none.
fn words(key: &str) -> impl Iterator<Item = &str> {
    key.split('.').filter(move |_| !key.is_empty())
}

/// Matches word for word. At a mismatch the last `#` takes one word more, which is enough: what stands before it
/// matches already, and no choice there could help what comes after.
fn words_match(pattern: &[&str], key: &[&str]) -> bool {
    let (mut at, mut word) = (0, 0);
    let mut last_hash = None;
    loop {
        match (pattern.get(at), key.get(word)) {
            (Some(&"#"), _) => {
                at += 1;
                last_hash = Some((at, word));
            }
            (Some(wanted), Some(found)) if *wanted == "*" || wanted == found => {
                at += 1;
                word += 1;
            }
            (None, None) => return true,
            _ => match last_hash {
                Some((after, taken)) if taken < key.len() => {
                    last_hash = Some((after, taken + 1));
                    (at, word) = (after, taken + 1);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &'static str, key: &str) -> bool {
        Pattern::new(ExchangeKind::Topic, pattern).matches(key)
    }

    #[test]
    fn a_star_is_one_word() {
        assert!(matches("*", "a"));
        assert!(!matches("*", "a.b"));
        assert!(!matches("*", ""));
        assert!(matches("a.*.c", "a.b.c"));
        assert!(matches("a.*.c", "a..c"));
        assert!(!matches("a.*.c", "a.c"));
    }

    #[test]
    fn a_hash_is_any_number_of_words() {
        assert!(matches("#", ""));
        assert!(matches("#", "a.b.c"));
        assert!(matches("a.#", "a"));
        assert!(matches("a.#", "a.b.c"));
        assert!(!matches("a.#", "b.a"));
        assert!(matches("#.c", "a.b.c"));
        assert!(matches("#.c", "c.c"));
        assert!(!matches("#.c", "c.d"));
    }

    #[test]
    fn wildcards_mix() {
        assert!(matches("#.*", "a"));
        assert!(!matches("#.*", ""));
        assert!(matches("#.b.#.d", "a.b.b.c.d"));
        assert!(!matches("#.b.#.d", "a.c.d"));
        assert!(matches("#.#", ""));
        assert!(matches("*.#.*", "a.b"));
        assert!(!matches("*.#.*", "a"));
    }

    #[test]
    fn a_key_is_in_one_partition_and_what_has_none_is_beside_them() {
        let whole = Share::Whole;
        let of_four = |index| Share::Partition { index, count: 4 };
        for hash in 0..16 {
            let taken = (0..4).filter(|index| of_four(*index).takes(Some(hash)));
            assert_eq!(taken.collect::<Vec<_>>(), [hash % 4]);
            assert!(whole.takes(Some(hash)) && !Share::Keyless.takes(Some(hash)));
        }
        assert!(whole.takes(None) && Share::Keyless.takes(None));
        assert!((0..4).all(|index| !of_four(index).takes(None)));
    }

    #[test]
    fn without_wildcards_keys_are_equal() {
        assert!(matches("error.q", "error.q"));
        assert!(!matches("error.q", "error.q.x"));
        // A star inside a word is a letter.
        assert!(!matches("a*", "ab"));
    }
}
