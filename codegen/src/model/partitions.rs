//! Partitions of a queue, and the key that messages get to them by.

use prost_reflect::FieldDescriptor;

use super::{Model, Queue, Value};

/// Partitions of a queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Partitions {
    /// Their number.
    pub count: u16,
    /// The key.
    pub by: PartitionKey,
}

/// The partition key of messages.
#[derive(Debug, Clone, PartialEq)]
pub enum PartitionKey {
    /// Fields from the header of app events down.
    Header(Vec<FieldDescriptor>),
    /// Fields from the event down.
    Event(Vec<FieldDescriptor>),
    /// An expression over a JSON message: a text or a whole number.
    Message(Value),
}

// === impl Model ===

impl Model {
    /// Number of slots by which messages of an exchange are kept apart: the least common multiple of the numbers of
    /// partitions of its queues.
    pub fn slots(&self, exchange: &str) -> u64 {
        let bound = |queue: &&Queue| queue.bindings.iter().any(|b| b.exchange == exchange);
        let partitioned = self.queues.iter().filter(bound);
        let counts = partitioned.filter_map(|queue| queue.partitions.as_ref());
        counts.fold(1, |slots, p| lcm(slots, u64::from(p.count)))
    }
}

/// The least common multiple.
pub(crate) fn lcm(a: u64, b: u64) -> u64 {
    let (mut divisor, mut rest) = (a, b);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    a / divisor.max(1) * b
}

// === impl Queue ===

impl Queue {
    /// The key by which its messages get to partitions, of its own or of its topic.
    pub fn partition_key(&self) -> Option<&PartitionKey> {
        let own = self.partitions.as_ref().map(|partitions| &partitions.by);
        own.or(self.topic_key.as_ref())
    }

    /// The names of its partitions; none if it has none.
    pub fn partition_names(&self) -> Vec<String> {
        let count = self.partitions.as_ref().map_or(0, |p| p.count);
        let names = (0..count).map(|index| format!("{}.{index}", self.name));
        names.collect()
    }

    /// The exchange between those that it is bound to and its partitions.
    pub fn partitions_exchange(&self) -> String {
        format!("{}.partitions", self.name)
    }

    /// The exchange that brings it what has no partition key.
    pub fn rest_exchange(&self) -> String {
        format!("{}.rest", self.name)
    }
}
