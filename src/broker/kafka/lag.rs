//! Lag: what of a queue's topics isn't settled, and whether it is before Kafka deletes it.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};

use super::consumer::{Client, Consumer};
use super::depths::{Committed, Lag, committed};
use super::monitor::ASK;
use super::place::Lane;
use crate::kafka::KafkaAddress;
use crate::metrics::kafka::{DELETED_UNREAD, LAG, RETENTION_USED};
use crate::time::now_ms;

/// Measures the lag of a queue, and tells of what is about to be deleted. It blocks.
pub(super) fn measure(consumer: &Consumer) {
    let Some(client) = consumer.client() else {
        return;
    };
    let queue = consumer.group.queue.name;
    match lag(consumer, &client) {
        Ok(lag) => tell(consumer, lag),
        Err(error) => tracing::debug!(queue, %error, "The lag of a queue can't be measured."),
    }
}

fn tell(consumer: &Consumer, lag: Lag) {
    let queue = consumer.group.queue.name;
    LAG.with([queue]).set(lag.messages as f64);
    RETENTION_USED
        .with([queue])
        .set(f64::from(lag.quarters) / 4.0);
    let mut told = consumer.lag.lock().unwrap_or_else(PoisonError::into_inner);
    let known = std::mem::replace(&mut *told, lag);
    let new = lag.deleted.saturating_sub(known.deleted);
    if new > 0 {
        DELETED_UNREAD.with([queue]).increment(new);
        tracing::error!(
            queue,
            messages = new,
            "Kafka has deleted messages before they were settled: its retention is shorter than they waited."
        );
    }
    let messages = lag.messages;
    let late = lag.quarters >= LATE;
    if late && known.quarters < LATE {
        tracing::error!(
            queue,
            messages,
            "Messages wait in Kafka for most of its retention, after which Kafka deletes them; raise retention.ms of the topic."
        );
    }
    let why = late.then(|| {
        format!("{messages} messages wait, some for most of the topic's retention, after which Kafka deletes them")
    });
    consumer.monitor.late(queue, why);
}

/// Quarters of the retention after which a queue is reported.
pub(super) const LATE: u8 = 3;

fn lag(consumer: &Consumer, client: &Client) -> Result<Lag, KafkaError> {
    let group = &consumer.group;
    let mut lag = Lag::default();
    for lane in Lane::ALL {
        let name = lane.topic(&group.queue);
        let foreign = lane == Lane::Messages && group.queue.foreign.is_some();
        let declared = group.queue.topic.filter(|_| !foreign);
        let declared = declared.map(|topic| topic.retention_ms);
        let retention = consumer.retention[lane as usize].get(declared);
        let quarter = Duration::from_millis(retention.unwrap_or(0) / 4);
        for committed in committed(client, &name)? {
            lag.deleted += committed.deleted(foreign);
            lag.messages += committed.open();
            if committed.open() > 0 && retention.is_some() {
                let used = quarters(client, &consumer.address, &name, &committed, quarter)?;
                lag.quarters = lag.quarters.max(used);
            }
        }
    }
    Ok(lag)
}

/// Quarters of the retention that the first message of a partition which isn't settled has used up. It blocks.
pub(super) fn quarters<C: ConsumerContext>(
    client: &BaseConsumer<C>,
    address: &KafkaAddress,
    topic: &str,
    committed: &Committed,
    quarter: Duration,
) -> Result<u8, KafkaError> {
    let (partition, position) = (committed.partition, committed.position());
    let quarter = i64::try_from(quarter.as_millis()).unwrap_or(i64::MAX);
    for quarters in [3, 2, 1] {
        let then = now_ms().saturating_sub(quarter.saturating_mul(quarters.into()));
        let mut times = TopicPartitionList::new();
        times.add_partition_offset(topic, partition, Offset::Offset(then))?;
        let found = client.offsets_for_times(times, ASK)?;
        let younger = found.elements().first().map(|element| element.offset());
        // All before this offset are older.
        let older = match younger {
            Some(Offset::Offset(offset)) => position < offset,
            Some(Offset::End) => true,
            _ => false,
        };
        if older && quarters >= LATE && committed.open() <= FEW {
            let is_any = holds_a_message(address, topic, partition, position)?;
            return Ok(if is_any { quarters } else { 0 });
        }
        if older {
            return Ok(quarters);
        }
    }
    Ok(0)
}

/// Number of offsets up to which a look is taken at what they are.
const FEW: u64 = 16;

/// True if there is a message from this offset on. Otherwise what isn't settled are marks of transactions and what these gave
/// up, which nobody delivers. It blocks.
fn holds_a_message(
    address: &KafkaAddress,
    topic: &str,
    partition: i32,
    offset: i64,
) -> Result<bool, KafkaError> {
    let mut config = address.client();
    // It joins no group and commits nothing.
    config.set("group.id", "event-grpc.look");
    config.set("enable.auto.commit", "false");
    config.set("auto.offset.reset", "earliest");
    config.set("enable.partition.eof", "true");
    let client: BaseConsumer = config.create()?;
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    client.assign(&list)?;
    let end = Instant::now() + ASK;
    while Instant::now() < end {
        match client.poll(Duration::from_millis(200)) {
            Some(Ok(_)) => return Ok(true),
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(false),
            // The library goes on by itself.
            Some(Err(_)) | None => {}
        }
    }
    // Nobody knows.
    Ok(true)
}
