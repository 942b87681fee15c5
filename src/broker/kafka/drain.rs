//! Drain: takes what isn't settled out of the topics of a queue that Kafka carried before, in the place of its consumer
//! group. What is taken is committed when whoever takes it says that it is kept somewhere else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::depths::{Committed, committed};
use super::headers::from_kafka;
use super::monitor::ASK;
use crate::broker::api::message::Outgoing;
use crate::contract::Topic;
use crate::kafka::KafkaAddress;

/// The most messages that are taken at once, and after how many bytes no further one is.
const MOST: usize = 200;
const MOST_BYTES: usize = 32 << 20;

/// How long a look at the client takes.
const GLANCE: Duration = Duration::from_millis(100);

/// How long nothing may come of what is there.
const PATIENCE: Duration = Duration::from_secs(30);

/// Topics of a queue that are being emptied.
pub struct Drain(Arc<Mutex<Topics>>);

/// Reason why topics can't be emptied. What was not committed is there still, and it can be done again.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// There is no such topic.
    #[error("Kafka has no topic `{0}`")]
    Missing(String),
    /// Instances consume it.
    #[error(
        "topic `{topic}` is still consumed (members of its group: {members}): stop the instances of the former build first; \
         one that was killed, or has a --kafka-instance, counts for 15 more seconds"
    )]
    Consumed {
        /// The topic.
        topic: String,
        /// Members of its consumer group.
        members: usize,
    },
    /// Nothing came.
    #[error("topic `{0}` has messages that aren't settled, and Kafka gives none of them")]
    Quiet(String),
    /// Kafka refused something, or doesn't answer.
    #[error("Kafka says: {0}")]
    Kafka(String),
}

struct Topics {
    client: BaseConsumer,
    /// Its topic of messages and that of retries.
    names: [String; 2],
    /// The one that is being read, and the ends of its partitions that are not reached.
    reading: String,
    left: BTreeMap<i32, i64>,
    /// Offsets behind what was taken of it.
    taken: BTreeMap<i32, i64>,
}

impl Drain {
    /// Opens the topic and that of its retries, which nobody may consume meanwhile.
    pub async fn open(address: &KafkaAddress, topic: &str) -> Result<Self, DrainError> {
        let (address, topic) = (address.clone(), topic.to_owned());
        let opened = blocking(move || Topics::open(&address, &topic)).await?;
        Ok(Drain(Arc::new(Mutex::new(opened))))
    }

    /// Number of messages that aren't settled.
    pub async fn waiting(&self) -> Result<u64, DrainError> {
        self.with(|topics| topics.waiting()).await
    }

    /// The next messages, as they were published; none when nothing is left.
    pub async fn window(&mut self) -> Result<Vec<Outgoing>, DrainError> {
        self.with(Topics::window).await
    }

    /// Commits what the last window held.
    pub async fn commit(&mut self) -> Result<(), DrainError> {
        self.with(Topics::commit).await
    }

    async fn with<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut Topics) -> Result<T, DrainError> + Send + 'static,
    ) -> Result<T, DrainError> {
        let topics = Arc::clone(&self.0);
        blocking(move || what(&mut topics.lock().unwrap_or_else(PoisonError::into_inner))).await
    }
}

/// Runs what waits for the library on a thread that may wait.
async fn blocking<T: Send + 'static>(
    what: impl FnOnce() -> Result<T, DrainError> + Send + 'static,
) -> Result<T, DrainError> {
    let done = tokio::task::spawn_blocking(what).await;
    done.unwrap_or_else(|error| Err(DrainError::Kafka(error.to_string())))
}

impl Topics {
    fn open(address: &KafkaAddress, topic: &str) -> Result<Self, DrainError> {
        let mut config = address.client();
        config.set("group.id", topic);
        config.set("enable.auto.commit", "false");
        config.set("enable.auto.offset.store", "false");
        // Kafka may delete what comes next while this reads; the end, which is the default, would pass what there is still.
        config.set("auto.offset.reset", "earliest");
        config.set("enable.partition.eof", "true");
        config.set("queued.max.messages.kbytes", "65536");
        let client: BaseConsumer = config.create()?;
        let groups = client.client().fetch_group_list(Some(topic), ASK)?;
        let members = groups.groups().iter().map(|group| group.members().len());
        let members = members.sum();
        if members > 0 {
            let topic = topic.to_owned();
            return Err(DrainError::Consumed { topic, members });
        }
        let topics = Topics {
            client,
            names: [topic.to_owned(), format!("{topic}{}", Topic::RETRY)],
            reading: String::new(),
            left: BTreeMap::new(),
            taken: BTreeMap::new(),
        };
        if topics.open_of(topic)?.is_empty() {
            return Err(DrainError::Missing(topic.to_owned()));
        }
        Ok(topics)
    }

    /// How far the group has come in each partition of a topic; nothing if the topic isn't there.
    fn open_of(&self, topic: &str) -> Result<Vec<Committed>, DrainError> {
        Ok(committed(&self.client, topic)?)
    }

    fn waiting(&self) -> Result<u64, DrainError> {
        let mut waiting = 0;
        for name in &self.names {
            let partitions = self.open_of(name)?;
            waiting += partitions.iter().map(Committed::open).sum::<u64>();
        }
        Ok(waiting)
    }

    fn window(&mut self) -> Result<Vec<Outgoing>, DrainError> {
        let (mut window, mut bytes) = (Vec::new(), 0);
        let mut came = Instant::now();
        while window.len() < MOST && bytes < MOST_BYTES {
            if self.left.is_empty() {
                if !window.is_empty() {
                    break;
                }
                // Where the log ends with something that is no message.
                self.commit()?;
                if !self.turn()? {
                    break;
                }
            }
            match self.client.poll(GLANCE) {
                Some(Ok(message)) => {
                    came = Instant::now();
                    let next = message.offset() + 1;
                    reached(&mut self.left, &mut self.taken, message.partition(), next);
                    let message = outgoing(&message);
                    bytes += message.body.len();
                    window.push(message);
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    if let Some(end) = self.left.get(&partition).copied() {
                        reached(&mut self.left, &mut self.taken, partition, end);
                    }
                }
                // The library goes on by itself, as long as that is worth while.
                Some(Err(_)) | None if came.elapsed() < PATIENCE => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err(DrainError::Quiet(self.reading.clone())),
            }
        }
        Ok(window)
    }

    /// Begins to read a topic that has something; false if none has.
    fn turn(&mut self) -> Result<bool, DrainError> {
        for name in &self.names {
            let partitions = self.open_of(name)?;
            let mut list = TopicPartitionList::new();
            for partition in partitions.iter().filter(|partition| partition.open() > 0) {
                let from = Offset::Offset(partition.position());
                list.add_partition_offset(name, partition.partition, from)?;
                self.left.insert(partition.partition, partition.end);
            }
            if !self.left.is_empty() {
                self.reading.clone_from(name);
                self.client.assign(&list)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn commit(&mut self) -> Result<(), DrainError> {
        if self.taken.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        for (partition, offset) in &self.taken {
            list.add_partition_offset(&self.reading, *partition, Offset::Offset(*offset))?;
        }
        // A group that somebody has joined meanwhile refuses it.
        self.client.commit(&list, CommitMode::Sync)?;
        self.taken.clear();
        Ok(())
    }
}

/// Takes note of how far a partition was read.
fn reached(
    left: &mut BTreeMap<i32, i64>,
    taken: &mut BTreeMap<i32, i64>,
    partition: i32,
    offset: i64,
) {
    let at = taken.entry(partition).or_insert(offset);
    *at = offset.max(*at);
    if left.get(&partition).is_some_and(|end| offset >= *end) {
        left.remove(&partition);
    }
}

fn outgoing(message: &BorrowedMessage<'_>) -> Outgoing {
    let envelope = from_kafka(message.headers());
    let body = Bytes::copy_from_slice(message.payload().unwrap_or_default());
    let (exchange, key) = (envelope.exchange.clone(), envelope.routing_key.clone());
    Outgoing::new(exchange, key, body).with(envelope.marked())
}

impl From<KafkaError> for DrainError {
    fn from(error: KafkaError) -> Self {
        DrainError::Kafka(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_left_when_its_end_is_reached_and_never_goes_back() {
        let (mut left, mut taken) = (BTreeMap::from([(0, 5), (1, 3)]), BTreeMap::new());
        reached(&mut left, &mut taken, 0, 4);
        assert_eq!(left.len(), 2);
        // What came after the end was asked for is taken, too.
        reached(&mut left, &mut taken, 0, 7);
        reached(&mut left, &mut taken, 0, 5);
        assert_eq!((left.len(), taken.get(&0)), (1, Some(&7)));
        reached(&mut left, &mut taken, 1, 3);
        assert!(left.is_empty());
        assert_eq!(taken, BTreeMap::from([(0, 7), (1, 3)]));
    }
}
