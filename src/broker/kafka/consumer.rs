//! Consumer: the thread behind a consumer group. It polls, hands on what comes, commits what is settled, and gives up
//! partitions in order when they are revoked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{ClientContext, Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::depths::Lag;
use super::depths::Retention;
use super::foreign;
use super::group::Group;
use super::headers::from_kafka;
use super::monitor::{ASK, Monitor, Told};
use super::pins::Pins;
use super::place::{Commit, Committer, Lane, Place, Record, Stretch};
use crate::broker::api::delivery::{self as api, Delivery};
use crate::broker::api::status::Link;
use crate::kafka::KafkaAddress;
use crate::metrics::kafka::TOMBSTONES;

/// Interval between commits.
const COMMIT: Duration = Duration::from_millis(500);

/// How long messages of a revoked partition may take to be settled. Then it is somebody else's, and what is settled
/// later may be stored again, under the same key.
const FLUSH: Duration = Duration::from_secs(10);

/// How long a thread waits for a message, or for room for one, before it looks around.
const GLANCE: Duration = Duration::from_millis(100);

/// How long there may be no room before the broker is asked to pause.
const PATIENCE: Duration = Duration::from_secs(1);

/// Pause before another attempt after an error.
const REST: Duration = Duration::from_secs(2);

pub(super) type Client = BaseConsumer<Rebalancing>;

/// Consumer of a queue.
pub(super) struct Consumer {
    pub(super) group: Arc<Group>,
    pub(super) address: KafkaAddress,
    /// The largest body, in bytes.
    pub(super) max_body: usize,
    pub(super) monitor: Arc<Monitor>,
    pub(super) stop: CancellationToken,
    /// The client, while there is one.
    pub(super) client: Mutex<Weak<Client>>,
    /// Names of its topics, by lane.
    pub(super) names: [Arc<str>; 2],
    /// What was last told of its lag.
    pub(super) lag: Mutex<Lag>,
    /// How long its topics keep messages, by lane.
    pub(super) retention: [Retention; 2],
}

/// Context of the client: it is told of assignments.
pub(super) struct Rebalancing {
    group: Arc<Group>,
    told: Told,
    stop: CancellationToken,
}

impl Consumer {
    /// Client of the group, for questions about its offsets.
    pub(super) fn client(&self) -> Option<Arc<Client>> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        client.upgrade()
    }

    /// Consumes until the broker is closed. It blocks.
    pub(super) fn run(&self) {
        let queue = self.group.queue.name;
        while !self.stop.is_cancelled() {
            // The topics are there once the cluster has answered.
            if self.monitor.status().borrow().link != Link::Up {
                std::thread::sleep(GLANCE);
                continue;
            }
            let consumed = self.subscribe().and_then(|client| {
                let client = Arc::new(client);
                *self.client.lock().unwrap_or_else(PoisonError::into_inner) =
                    Arc::downgrade(&client);
                self.group.commit_by(Some(committer(&self.group, &client)));
                let consumed = self.consume(&client);
                // Closing it gives its partitions up.
                drop(client);
                consumed
            });
            self.group.commit_by(None);
            self.group.revoked(&self.group.places());
            if let Err(error) = consumed {
                self.monitor.not_consumed(queue, &error.to_string());
                std::thread::sleep(REST);
            }
        }
        self.monitor.consumed(queue);
    }

    fn subscribe(&self) -> Result<Client, KafkaError> {
        let mut config = self.address.client();
        let group = self.group.queue.topic.map_or("", |topic| topic.name);
        config.set("group.id", group);
        config.set("partition.assignment.strategy", "cooperative-sticky");
        config.set("enable.auto.commit", "false");
        config.set("enable.auto.offset.store", "false");
        config.set("auto.offset.reset", "earliest");
        config.set("session.timeout.ms", "15000");
        config.set("topic.metadata.refresh.interval.ms", "30000");
        let most = (self.group.queue.prefetch_bytes / 1024).clamp(64, 65_536);
        config.set("queued.max.messages.kbytes", most.to_string());
        if let Some(instance) = self.address.instance() {
            config.set("group.instance.id", instance);
        }
        let context = Rebalancing {
            group: Arc::clone(&self.group),
            told: Told(Arc::clone(&self.monitor)),
            stop: self.stop.clone(),
        };
        let client: Client = config.create_with_context(context)?;
        let topics = [Lane::Messages, Lane::Retries].map(|lane| topic(&self.group, lane));
        client.subscribe(&topics.each_ref().map(String::as_str))?;
        Ok(client)
    }

    /// Polls until the broker is closed, or the client is of no use any more.
    fn consume(&self, client: &Arc<Client>) -> Result<(), KafkaError> {
        // Assignment that is paused.
        let mut paused = None;
        let mut committed = Instant::now();
        let mut full = None;
        while !self.stop.is_cancelled() {
            let room = self.group.room(GLANCE);
            if room {
                full = None;
                if paused.take().is_some() {
                    client.resume(&client.assignment()?)?;
                }
                self.rewind(client)?;
            } else if full.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                let now = self.group.assignments();
                if paused.replace(now) != Some(now) {
                    client.pause(&client.assignment()?)?;
                }
            }
            // Messages wait in the library while there is no room, and events with them.
            if room || paused.is_some() {
                let wait = if room { GLANCE } else { Duration::ZERO };
                match client.poll(wait) {
                    Some(Ok(message)) => self.hand_on(&message),
                    Some(Err(error)) => self.trouble(client, error)?,
                    None => {}
                }
            }
            if committed.elapsed() >= COMMIT {
                committed = Instant::now();
                self.group.commit(None);
            }
        }
        self.group.commit(None);
        Ok(())
    }

    /// An error that the client survives is told; another one ends it.
    fn trouble(&self, client: &Client, error: KafkaError) -> Result<(), KafkaError> {
        if client.client().fatal_error().is_some() {
            return Err(error);
        }
        self.monitor.doubt.notify_one();
        match error {
            // The connection, which the monitor tells of.
            KafkaError::Global(_) => {}
            error => {
                self.monitor
                    .not_consumed(self.group.queue.name, &error.to_string());
                std::thread::sleep(GLANCE);
            }
        }
        Ok(())
    }

    /// Begins again where messages were given back.
    fn rewind(&self, client: &Client) -> Result<(), KafkaError> {
        let rewinds = self.group.rewinds();
        if rewinds.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        for ((lane, partition), offset) in &rewinds {
            let topic = topic(&self.group, *lane);
            list.add_partition_offset(&topic, *partition, Offset::Offset(*offset))?;
        }
        let sought = client.seek_partitions(list, REST);
        let good = |list: &TopicPartitionList| list.elements().iter().all(|e| e.error().is_ok());
        if !sought.as_ref().is_ok_and(good) {
            let places = rewinds.iter().map(|(place, _)| *place);
            self.group.rewind_again(places);
        }
        Ok(())
    }

    fn hand_on(&self, message: &BorrowedMessage<'_>) {
        let Some(lane) = lane(&self.group, message.topic()) else {
            return;
        };
        let place = (lane, message.partition());
        let mut body = message.payload().unwrap_or_default();
        let mut envelope = from_kafka(message.headers());
        let written_ms = message.timestamp().to_millis().unwrap_or(0);
        if let (Some(foreign), Lane::Messages) = (self.group.queue.foreign, lane) {
            let Some(value) = foreign::read(foreign, message, &mut envelope, self.max_body) else {
                TOMBSTONES.with([self.group.queue.name]).increment(1);
                return self.group.skip(place, message.offset());
            };
            body = value;
        }
        let bytes = (body.len() + envelope.properties.encoded_len()) as u64;
        let logged = |stretch: Stretch| api::Place {
            topic: Arc::clone(&self.names[lane as usize]),
            partition: message.partition(),
            offset: message.offset(),
            begins: stretch.begins,
            timestamp_ms: written_ms,
            pinned: stretch.pinned,
        };
        let delivery = |ack, redelivered, stretch| Delivery {
            body: Bytes::copy_from_slice(body),
            exchange: envelope.exchange.into(),
            routing_key: envelope.routing_key.into(),
            redelivered,
            properties: envelope.properties,
            place: Some(logged(stretch)),
            ack,
        };
        let record = Record {
            place,
            offset: message.offset(),
            written_ms,
            bytes,
        };
        self.group.hand_on(&record, delivery);
    }
}

/// Commits offsets with what is written down beside them.
fn commit<C: ConsumerContext>(
    group: &Group,
    client: &BaseConsumer<C>,
    commits: &[Commit],
) -> Result<(), KafkaError> {
    let mut list = TopicPartitionList::new();
    for commit in commits {
        let (lane, partition) = commit.place;
        let topic = topic(group, lane);
        list.add_partition_offset(&topic, partition, Offset::Offset(commit.offset))?;
        if let Some(mut element) = list.find_partition(&topic, partition)
            && !commit.pins.is_empty()
        {
            element.set_metadata(&commit.pins);
        }
    }
    client.commit(&list, CommitMode::Sync)
}

/// What commits by a client, as long as there is one.
fn committer(group: &Arc<Group>, client: &Arc<Client>) -> Committer {
    let (group, client) = (Arc::downgrade(group), Arc::downgrade(client));
    Arc::new(move |commits| {
        let (Some(group), Some(client)) = (group.upgrade(), client.upgrade()) else {
            return false;
        };
        match commit(&group, &client, commits) {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(queue = group.queue.name, %error, "Offsets could not be committed; they are committed later.");
                false
            }
        }
    })
}

/// Name of a topic of a queue.
pub(super) fn topic(group: &Group, lane: Lane) -> String {
    group.queue.topics().map_or_else(String::new, |topics| {
        let [messages, retries] = topics;
        match lane {
            Lane::Messages => messages,
            Lane::Retries => retries,
        }
    })
}

/// Which of a queue's topics this is.
fn lane(group: &Group, name: &str) -> Option<Lane> {
    let lanes = [Lane::Messages, Lane::Retries];
    lanes.into_iter().find(|lane| topic(group, *lane) == name)
}

// === impl Rebalancing ===

impl Rebalancing {
    fn places(&self, list: &TopicPartitionList) -> Vec<Place> {
        let elements = list.elements();
        let place = |topic: &str, partition| Some((lane(&self.group, topic)?, partition));
        elements
            .iter()
            .filter_map(|element| place(element.topic(), element.partition()))
            .collect()
    }

    /// Ranges that were pinned in partitions before.
    fn pins(&self, client: &BaseConsumer<Self>, list: &TopicPartitionList) -> HashMap<Place, Pins> {
        let mut asked = TopicPartitionList::new();
        for element in list.elements() {
            asked.add_partition(element.topic(), element.partition());
        }
        let committed = match client.committed_offsets(asked, ASK) {
            Ok(committed) => committed,
            Err(error) => {
                tracing::warn!(queue = self.group.queue.name, %error, "Committed offsets can't be read: blocks that were stored before may be stored again, under the same keys.");
                return HashMap::new();
            }
        };
        let elements = committed.elements();
        let pins = elements.iter().filter_map(|element| {
            let place = (lane(&self.group, element.topic())?, element.partition());
            Some((place, Pins::parse(element.metadata())))
        });
        pins.collect()
    }
}

impl ClientContext for Rebalancing {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, text: &str) {
        self.told.log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.told.error(error, reason);
    }
}

impl ConsumerContext for Rebalancing {
    fn pre_rebalance(&self, client: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            Rebalance::Assign(list) => {
                let places = self.places(list);
                tracing::info!(queue = self.group.queue.name, partitions = ?numbers(&places), "Partitions are assigned.");
                let pins = self.pins(client, list);
                let pinned = |place| (place, pins.get(&place).cloned().unwrap_or_default());
                self.group.assigned(places.into_iter().map(pinned));
                self.told.0.consumed(self.group.queue.name);
            }
            Rebalance::Revoke(list) => {
                let places = self.places(list);
                // Whoever has them already would not see what is committed here.
                if !client.assignment_lost() {
                    let limit = if self.stop.is_cancelled() {
                        GLANCE
                    } else {
                        FLUSH
                    };
                    self.group.leave(&places, limit);
                    self.group.commit(Some(&places));
                }
                self.group.revoked(&places);
                tracing::info!(queue = self.group.queue.name, partitions = ?numbers(&places), "Partitions are revoked.");
            }
            Rebalance::Error(error) => {
                tracing::debug!(%error, "A rebalance failed.");
                self.group.revoked(&self.group.places());
            }
        }
    }
}

/// Partitions by topic, for the log.
fn numbers(places: &[Place]) -> HashMap<&'static str, Vec<i32>> {
    let mut numbers = HashMap::<_, Vec<i32>>::new();
    for (lane, partition) in places {
        let lane = match lane {
            Lane::Messages => "messages",
            Lane::Retries => "retries",
        };
        numbers.entry(lane).or_default().push(*partition);
    }
    numbers
}
