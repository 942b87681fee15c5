//! Producer: what it has confirmed all in-sync replicas have (`acks=all`), once (`enable.idempotence`).

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use tokio::time::{sleep, timeout};

use super::KafkaOptions;
use super::headers::to_kafka;
use super::monitor::{Monitor, Told};
use crate::broker::api::error::PublishError;
use crate::broker::api::message::Outgoing;
use crate::broker::api::status::Link;
use crate::kafka::KafkaAddress;
use crate::weight::Budget;

/// Pause before a message is offered again to a library whose own queue is full.
const FULL: Duration = Duration::from_millis(20);

type Client = FutureProducer<Told>;

/// Waits until a message is confirmed.
pub(super) type Confirm = BoxFuture<'static, Result<(), PublishError>>;

/// Producer for all topics.
pub(super) struct Producer {
    address: KafkaAddress,
    options: KafkaOptions,
    monitor: Arc<Monitor>,
    /// Replaced after an error that the library calls fatal.
    client: Mutex<Client>,
    /// Room for messages that come from outside, and for those in place of a delivery.
    intake: Budget,
    settlement: Budget,
    next: AtomicU32,
}

impl Producer {
    pub(super) fn new(
        address: &KafkaAddress,
        options: &KafkaOptions,
        monitor: &Arc<Monitor>,
    ) -> Result<Self, KafkaError> {
        Ok(Producer {
            client: Mutex::new(client(address, options, monitor)?),
            address: address.clone(),
            options: options.clone(),
            monitor: Arc::clone(monitor),
            intake: Budget::new(options.unanswered_bytes),
            settlement: Budget::new(options.unanswered_bytes),
            next: AtomicU32::new(0),
        })
    }

    /// Hands a message to the library, for a topic with so many partitions; the future that it returns waits until the
    /// message is confirmed. What was handed over first is before the others in its partition.
    pub(super) async fn enqueue(
        self: &Arc<Self>,
        topic: &str,
        partitions: u16,
        message: Outgoing,
    ) -> Result<Confirm, PublishError> {
        self.connected().await?;
        let budget = match message.origin {
            Some(_) => &self.settlement,
            None => &self.intake,
        };
        let room = budget.acquire(message.weight()).await;
        let partition = self.partition(partitions, message.partition);
        let client = self.client();
        let answer = loop {
            let record: FutureRecord<'_, [u8], [u8]> = FutureRecord::to(topic)
                .partition(partition)
                .payload(&*message.body)
                .headers(to_kafka(&message));
            match client.send_result(record) {
                Ok(answer) => break answer,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    sleep(FULL).await;
                }
                Err((error, _)) => {
                    self.replace_if_fatal(&client);
                    return Err(self.refused(&error, &message));
                }
            }
        };
        let producer = Arc::clone(self);
        let confirm = async move {
            let _room = room;
            match answer.await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err((error, _))) => {
                    producer.replace_if_fatal(&client);
                    Err(producer.refused(&error, &message))
                }
                Err(_) => Err(unknown("the producer was replaced")),
            }
        };
        Ok(confirm.boxed())
    }

    /// Waits until all that is under way is answered.
    pub(super) async fn flush(&self, limit: Duration) {
        let client = self.client();
        let flushed = tokio::task::spawn_blocking(move || client.flush(limit)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::warn!("The connection to Kafka closes before all messages are confirmed.");
        }
    }

    /// Client for questions about the cluster.
    pub(super) fn client(&self) -> Client {
        self.client
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Fails if the cluster is away, after a grace period.
    async fn connected(&self) -> Result<(), PublishError> {
        let mut status = self.monitor.status();
        let up = status.wait_for(|status| status.link == Link::Up);
        if let Ok(Ok(_)) = timeout(self.options.grace, up).await {
            return Ok(());
        }
        let reason = match &self.monitor.status().borrow().link {
            Link::Down { reason, .. } | Link::Blocked { reason, .. } => reason.clone(),
            Link::Up => return Ok(()),
            Link::Closed => return Err(PublishError::Closed),
        };
        Err(PublishError::Down { reason })
    }

    /// Partition of a message: its hash modulo their number, or one after the other.
    fn partition(&self, partitions: u16, hash: Option<u64>) -> i32 {
        let next = || u64::from(self.next.fetch_add(1, Ordering::Relaxed));
        let partition = hash.unwrap_or_else(next) % u64::from(partitions.max(1));
        i32::try_from(partition).unwrap_or(0)
    }

    /// After some errors the library does nothing any more.
    fn replace_if_fatal(&self, failed: &Client) {
        let Some((_, reason)) = failed.client().fatal_error() else {
            return;
        };
        let mut current = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if current.client().fatal_error().is_none() {
            return;
        }
        tracing::error!(
            reason,
            "The producer has ended; another one takes its place."
        );
        match client(&self.address, &self.options, &self.monitor) {
            Ok(fresh) => *current = fresh,
            Err(error) => tracing::error!(%error, "No producer can be made."),
        }
    }

    fn refused(&self, error: &KafkaError, message: &Outgoing) -> PublishError {
        use RDKafkaErrorCode::{
            InvalidRequiredAcks, MessageSizeTooLarge, NotEnoughReplicas, PolicyViolation,
            TopicAuthorizationFailed, UnknownPartition, UnknownTopic, UnknownTopicOrPartition,
        };
        let KafkaError::MessageProduction(code) = error else {
            return unknown(&error.to_string());
        };
        let reason = code.to_string();
        match code {
            MessageSizeTooLarge => PublishError::TooLarge {
                size: message.body.len(),
                limit: self.options.max_body,
            },
            UnknownTopic
            | UnknownTopicOrPartition
            | UnknownPartition
            | TopicAuthorizationFailed
            | InvalidRequiredAcks
            | PolicyViolation => {
                self.monitor.doubt.notify_one();
                let exchange = message.exchange.to_string();
                PublishError::Shut { exchange, reason }
            }
            NotEnoughReplicas => PublishError::Blocked { reason },
            _ => unknown(&reason),
        }
    }
}

fn unknown(reason: &str) -> PublishError {
    PublishError::Unknown {
        reason: reason.to_owned(),
    }
}

fn client(
    address: &KafkaAddress,
    options: &KafkaOptions,
    monitor: &Arc<Monitor>,
) -> Result<Client, KafkaError> {
    let mut config = address.client();
    config.set("enable.idempotence", "true");
    config.set("acks", "all");
    config.set("linger.ms", "5");
    config.set("compression.codec", "lz4");
    let limit = options.confirm_timeout.as_millis();
    config.set("message.timeout.ms", limit.to_string());
    config.set("message.max.bytes", options.max_record().to_string());
    let room = 2 * options.unanswered_bytes / 1024;
    config.set("queue.buffering.max.kbytes", room.to_string());
    config.create_with_context(Told(Arc::clone(monitor)))
}
