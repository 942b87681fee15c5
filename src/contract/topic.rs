//! Kafka topics: those that carry queues, and those of other services.

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

/// A topic of other services, whose records are a queue's messages. It is read, and neither made nor written to: the
/// [`Topic`] of the queue is the one of retries beside it, and its name the consumer group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// Its name.
    pub topic: &'static str,
    /// Format of its values.
    pub format: Format,
}

/// Format of the values of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON.
    Json,
    /// The protobuf message of the queue.
    Protobuf,
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
