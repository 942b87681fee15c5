//! Depths of queues in Kafka, as the cluster reports them. Nothing is changed, nothing made, no group joined.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use super::monitor::ASK;
use crate::contract::Topic;
use crate::kafka::KafkaAddress;

/// Reason why there is no answer.
#[derive(Debug, thiserror::Error)]
#[error("Kafka says: {0}")]
pub struct KafkaDepthError(String);

/// Numbers of messages that aren't settled in the topics of queues, by the name of the queue. Those that instances hold
/// are among them.
pub async fn unsettled(
    address: &KafkaAddress,
    topics: &[(&'static str, Topic)],
) -> Result<BTreeMap<&'static str, u64>, KafkaDepthError> {
    let (address, topics) = (address.clone(), topics.to_vec());
    let asked = tokio::task::spawn_blocking(move || ask(&address, &topics)).await;
    let failed = |error: &dyn std::fmt::Display| KafkaDepthError(error.to_string());
    asked
        .map_err(|error| failed(&error))?
        .map_err(|error| failed(&error))
}

fn ask(
    address: &KafkaAddress,
    topics: &[(&'static str, Topic)],
) -> Result<BTreeMap<&'static str, u64>, KafkaError> {
    let mut depths = BTreeMap::new();
    for (queue, topic) in topics {
        let mut config = address.client();
        config.set("group.id", topic.name);
        let client: BaseConsumer = config.create()?;
        let mut open = 0;
        for name in [topic.name.to_owned(), topic.retry()] {
            for committed in committed(&client, &name)? {
                open += committed.open();
            }
        }
        depths.insert(*queue, open);
    }
    Ok(depths)
}

/// What a queue's topics hold that isn't settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lag {
    /// Messages.
    pub(super) messages: u64,
    /// Messages that Kafka has deleted before they were settled.
    pub(super) deleted: u64,
    /// Quarters of the retention that the oldest one has used up.
    pub(super) quarters: u8,
}

/// A partition, and how far its group has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Committed {
    pub(super) partition: i32,
    /// The first offset that there is, and the one after the last.
    pub(super) first: i64,
    pub(super) end: i64,
    /// The committed offset; none if nothing was committed yet.
    pub(super) offset: Option<i64>,
}

impl Committed {
    /// Offset of the first message that isn't settled.
    pub(super) fn position(&self) -> i64 {
        self.offset.unwrap_or(0).max(self.first)
    }

    /// Number of messages that aren't settled.
    pub(super) fn open(&self) -> u64 {
        u64::try_from(self.end - self.position()).unwrap_or(0)
    }

    /// Number of messages that were deleted before they were settled. What a topic of other services has deleted before it
    /// was first read is none of them.
    pub(super) fn deleted(&self, foreign: bool) -> u64 {
        let known = self.offset.or((!foreign).then_some(0));
        let deleted = known.map_or(0, |known| self.first - known);
        u64::try_from(deleted).unwrap_or(0)
    }
}

/// How far the group of a client has come in each partition of a topic. It blocks.
pub(super) fn committed<C: rdkafka::consumer::ConsumerContext>(
    client: &BaseConsumer<C>,
    topic: &str,
) -> Result<Vec<Committed>, KafkaError> {
    let metadata = client.fetch_metadata(Some(topic), ASK)?;
    let mut list = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(|t| t.partitions()) {
        list.add_partition(topic, partition.id());
    }
    let mut all = Vec::new();
    if list.count() == 0 {
        // There is no such topic.
        return Ok(all);
    }
    for element in client.committed_offsets(list, ASK)?.elements() {
        let partition = element.partition();
        let (first, end) = client.fetch_watermarks(topic, partition, ASK)?;
        let offset = match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        all.push(Committed {
            partition,
            first,
            end,
            offset,
        });
    }
    Ok(all)
}

/// How long a topic keeps messages, as its cluster says.
#[derive(Debug, Default)]
pub(super) struct Retention(AtomicU64);

/// Nothing is deleted by its age.
const FOR_EVER: u64 = u64::MAX;

impl Retention {
    /// Takes note of what the cluster says.
    pub(super) fn set(&self, retention_ms: Option<u64>) {
        let told = retention_ms.unwrap_or(FOR_EVER);
        self.0.store(told, Ordering::Relaxed);
    }

    /// Milliseconds; those that are declared until the cluster has told, and none if it is for ever or nobody knows.
    pub(super) fn get(&self, declared: Option<u64>) -> Option<u64> {
        match self.0.load(Ordering::Relaxed) {
            0 => declared,
            FOR_EVER => None,
            told => Some(told),
        }
    }
}
