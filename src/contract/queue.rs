//! Queues: what they are bound to, what their messages hold, and where these end up.

use super::envelope::Envelope;
use super::exchange::Route;
use super::ids::IdFrom;
use super::partition::{Partition, PartitionBy};
use super::request::Request;
use super::table::Table;
use super::topic::{Foreign, Topic};
use crate::protobuf::Shape;

/// A queue, who works on it and what becomes of its messages.
#[derive(Debug)]
pub struct Queue {
    /// Its name.
    pub name: &'static str,
    /// Replicated (quorum) or classic.
    pub kind: QueueKind,
    /// Kafka topic that carries its messages, if it isn't RabbitMQ that does.
    pub topic: Option<Topic>,
    /// Kafka topic of other services that its messages come from.
    pub foreign: Option<Foreign>,
    /// Bindings.
    pub bindings: &'static [Route],
    /// Number of workers that prepare its messages in one instance.
    pub workers: u16,
    /// Maximum number of unacknowledged messages of one instance.
    pub prefetch: u16,
    /// Maximum number of failures before a message is a dead letter.
    pub retries: u8,
    /// Share of its events, in percent, that may become dead letters before its circuit breaker opens; 100 never opens
    /// it.
    pub breaker: u8,
    /// When a batch goes out.
    pub batch: Batch,
    /// Route of dead letters; only the queues of dead letters have none.
    pub dead_letter: Option<Route>,
    /// Content of its messages.
    pub input: Input,
    /// Rule for the ids of its JSON objects; [`IdFrom::MessageId`] if a source of ours makes them.
    pub id: IdFrom,
    /// Destination of its messages.
    pub into: Destination,
    /// True if the generator made it, rather than `pipeline.yaml`.
    pub derived: bool,
    /// Its place among partitions; none if it has none.
    pub partition: Option<Partition>,
    /// Partition key of its messages; none if it has no partitions.
    pub partition_by: Option<PartitionBy>,
}

impl Queue {
    /// True if it is one of the partitions of another one.
    pub fn is_partition(&self) -> bool {
        self.partition.is_some_and(|p| p.index.is_some())
    }
}

/// Destination of a queue's messages.
#[derive(Debug, Clone, Copy)]
pub enum Destination {
    /// In a table, as rows of a batch.
    Table(&'static Table),
    /// At an HTTP API or in a topic of others, one by one.
    Request(&'static Request),
}

impl Destination {
    /// Its name in `pipeline.yaml`.
    pub fn name(&self) -> &'static str {
        match self {
            Destination::Table(table) => table.name,
            Destination::Request(request) => request.name,
        }
    }

    /// The table, if it is one.
    pub fn table(&self) -> Option<&'static Table> {
        match self {
            Destination::Table(table) => Some(table),
            Destination::Request(_) => None,
        }
    }
}

/// Replicated or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// A quorum queue.
    Quorum,
    /// A classic, durable queue.
    Classic,
}

/// When a batch goes out: at the first of these that is reached.
#[derive(Debug, Clone, Copy)]
pub struct Batch {
    /// This many rows.
    pub rows: u32,
    /// This many bytes of column data.
    pub bytes: u32,
    /// This old, in milliseconds.
    pub delay_ms: u32,
}

/// Content of a queue's messages.
#[derive(Debug, Clone, Copy)]
pub enum Input {
    /// Batches of typed events.
    Events(&'static Envelope),
    /// One JSON object, or a list of them.
    Json(&'static Shape),
    /// Messages that could not be stored elsewhere, of any kind.
    DeadLetters(&'static Envelope),
}
