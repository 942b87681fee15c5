//! Partitions in generated Rust: the key of messages, and the queues that are the partitions of one.

use serde::Serialize;

use super::function::{KeyFunction, key_function};
use super::names::literal;
use super::refused::Refused;
use super::values::Writer;
use crate::model::{Destination, PartitionKey, Queue};

/// A queue that is a partition of another one.
#[derive(Debug, Serialize)]
pub struct PartitionView {
    /// Its name, as a Rust literal.
    pub name: String,
    /// Which one it is.
    pub index: usize,
}

/// What the partitions of a queue have other than the queue.
#[derive(Debug, Serialize)]
pub struct PartitionsView {
    /// The partitions.
    pub queues: Vec<PartitionView>,
    /// The queue's name, as a Rust literal.
    pub of: String,
    /// Workers of each.
    pub workers: u16,
}

/// Makes the view of a queue's partitions, if it has any. They share its workers; what is forwarded goes one by one, so that
/// it keeps its order.
pub(super) fn partitions(queue: &Queue) -> Option<PartitionsView> {
    let declared = queue.partitions.as_ref()?;
    let names = queue.partition_names();
    let queues = names.iter().enumerate().map(|(index, name)| PartitionView {
        name: literal(name),
        index,
    });
    Some(PartitionsView {
        queues: queues.collect(),
        of: literal(&queue.name),
        workers: match queue.into {
            Destination::Table(_) => queue.workers.div_ceil(declared.count.max(1)),
            Destination::Request(_) => 1,
        },
    })
}

/// Workers of a queue. What is forwarded by a key goes one by one, so that it keeps its order.
pub(super) fn workers(queue: &Queue) -> u16 {
    match (&queue.topic_key, queue.into) {
        (Some(_), Destination::Request(_)) => 1,
        _ => queue.workers,
    }
}

/// Messages that an instance holds unacknowledged of a queue, which its partitions share.
pub(super) fn prefetch(queue: &Queue) -> u16 {
    let count = queue.partitions.as_ref().map_or(1, |p| p.count);
    queue.prefetch.div_ceil(count.max(1))
}

/// A queue's place among its partitions, as Rust source.
pub(super) fn place(queue: &Queue) -> String {
    match &queue.partitions {
        None => "None".to_owned(),
        Some(declared) => format!(
            "Some(Partition {{ of: {}, count: {}, index: None }})",
            literal(&queue.name),
            declared.count
        ),
    }
}

/// A partition key as Rust source; what it calls is [`function`].
pub(super) fn key_view(by: Option<&PartitionKey>) -> String {
    let path = |fields: &[prost_reflect::FieldDescriptor]| {
        let numbers: Vec<String> = fields.iter().map(|f| f.number().to_string()).collect();
        format!("&[{}]", numbers.join(", "))
    };
    match by {
        None => "None".to_owned(),
        Some(PartitionKey::Header(fields)) => {
            format!("Some(PartitionBy::Header({}))", path(fields))
        }
        Some(PartitionKey::Event(fields)) => format!("Some(PartitionBy::Event({}))", path(fields)),
        Some(PartitionKey::Message(_)) => "Some(PartitionBy::Message(partition_key))".to_owned(),
    }
}

/// The function that computes a partition key of JSON messages, if there is one; `of` is whose it is.
pub(super) fn function(
    writer: &Writer<'_>,
    of: &str,
    by: Option<&PartitionKey>,
) -> Result<Option<KeyFunction>, Refused> {
    let Some(PartitionKey::Message(value)) = by else {
        return Ok(None);
    };
    let key = writer.key("partition_by", value);
    key.map(|key| Some(key_function(key)))
        .map_err(|reason| Refused {
            table: of.to_owned(),
            column: "partition_by".to_owned(),
            reason,
        })
}
