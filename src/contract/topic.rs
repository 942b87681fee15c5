//! Kafka topic that carries a queue's messages.

/// A topic in place of a queue of RabbitMQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic {
    /// Its name. That of the topic of retries is this with [`RETRY`](Topic::RETRY) at its end.
    pub name: &'static str,
    /// Number of partitions that it is made with.
    pub partitions: u16,
    /// Replication factor that it is made with.
    pub replicas: u8,
    /// How long a message is kept, in milliseconds, whether or not anybody has read it.
    pub retention_ms: u64,
    /// True if other services publish to the queue's exchanges: what they publish arrives in the queue in RabbitMQ, and a
    /// bridge moves it to the topic.
    pub bridged: bool,
}

impl Topic {
    /// What the name of the topic of retries ends in.
    pub const RETRY: &'static str = ".retry";

    /// Name of the topic of retries.
    pub fn retry(&self) -> String {
        format!("{}{}", self.name, Self::RETRY)
    }

    /// Number of replicas that must have a message before it is confirmed: a majority.
    pub fn in_sync(&self) -> u8 {
        self.replicas / 2 + 1
    }
}
