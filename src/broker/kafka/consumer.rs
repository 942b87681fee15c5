//! Consumer: the thread behind a consumer group. It polls, hands on what comes, and commits what is settled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use tokio_util::sync::CancellationToken;

use super::depths::Lag;
use super::depths::Retention;
use super::foreign;
use super::group::Group;
use super::headers::from_kafka;
use super::monitor::{Monitor, Told};
use super::place::{Commit, Committer, Lane, Record, Stretch};
use super::rebalance::Rebalancing;
use crate::broker::api::delivery::{self as api, Delivery};
use crate::broker::api::status::Link;
use crate::kafka::KafkaAddress;
use crate::metrics::kafka::TOMBSTONES;

/// Interval between commits.
const COMMIT: Duration = Duration::from_millis(500);

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
            let run = || {
                let client = self.subscribe()?;
                let client = Arc::new(client);
                *self.client.lock().unwrap_or_else(PoisonError::into_inner) =
                    Arc::downgrade(&client);
                self.group.commit_by(Some(committer(&self.group, &client)));
                let consumed = self.consume(&client);
                // Closing it gives its partitions up.
                drop(client);
                consumed
            };
            let consumed = catch_unwind(AssertUnwindSafe(run));
            self.group.commit_by(None);
            self.group.revoked(&self.group.places());
            let error = match consumed {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                // The log has it. A thread that ended would leave the queue to nobody.
                Err(_) => "a defect of this build: its consumer panicked".to_owned(),
            };
            self.monitor.not_consumed(queue, &error);
            std::thread::sleep(REST);
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
        let topics = Lane::ALL.map(|lane| lane.topic(&self.group.queue));
        client.subscribe(&topics.each_ref().map(String::as_str))?;
        Ok(client)
    }

    /// Polls until the broker is closed, or the client is of no use any more.
    fn consume(&self, client: &Arc<Client>) -> Result<(), KafkaError> {
        // Assignment that is paused.
        let mut paused = None;
        let mut committed = Instant::now();
        let mut full = None;
        let mut troubled = false;
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
                    Some(Ok(message)) => {
                        if std::mem::take(&mut troubled) {
                            self.monitor.consumed(self.group.queue.name);
                        }
                        self.hand_on(&message);
                    }
                    Some(Err(error)) => troubled |= self.trouble(client, error)?,
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

    /// An error that the client survives is told, or that of a connection left to the monitor; another one ends it. True if it
    /// was told.
    fn trouble(&self, client: &Client, error: KafkaError) -> Result<bool, KafkaError> {
        if client.client().fatal_error().is_some() {
            return Err(error);
        }
        self.monitor.doubt.notify_one();
        if error.rdkafka_error_code().is_some_and(is_of_a_connection) {
            return Ok(false);
        }
        self.monitor
            .not_consumed(self.group.queue.name, &error.to_string());
        std::thread::sleep(GLANCE);
        Ok(true)
    }

    /// Begins again where messages were given back.
    fn rewind(&self, client: &Client) -> Result<(), KafkaError> {
        let rewinds = self.group.rewinds();
        if rewinds.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        for ((lane, partition), offset) in &rewinds {
            let topic = lane.topic(&self.group.queue);
            list.add_partition_offset(&topic, *partition, Offset::Offset(*offset))?;
        }
        let sought = client.seek_partitions(list, REST);
        let good = |list: &TopicPartitionList| list.elements().iter().all(|e| e.error().is_ok());
        if sought.as_ref().is_ok_and(good) {
            self.group.sought(&rewinds);
        } else {
            self.group.rewind_again(&rewinds);
        }
        Ok(())
    }

    fn hand_on(&self, message: &BorrowedMessage<'_>) {
        let Some(lane) = Lane::named(&self.group.queue, message.topic()) else {
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
            exchange: envelope.exchange.clone().into(),
            routing_key: envelope.routing_key.clone().into(),
            redelivered,
            properties: envelope.marked(),
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

/// True for errors of a connection, which the library makes anew, and the monitor tells of.
fn is_of_a_connection(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::OperationTimedOut
    )
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
        let topic = lane.topic(&group.queue);
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
