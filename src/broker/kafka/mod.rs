//! Broker that is a Kafka cluster: it carries the queues that are too hot for RabbitMQ, each in a topic of its own.
//!
//! A message is confirmed when all in-sync replicas have it. A consumer group for each queue has its partitions; what is
//! delivered is settled in any order, and the committed offset passes only what is settled without a gap ([`window`]).
//! Kafka takes nothing back: what goes back is published to a topic of retries, which the same group consumes. Routing is
//! not its business: [`Router`](super::router::Router) says which queues get a message.

mod consumer;
mod depths;
mod drain;
mod foreign;
mod group;
mod guarded;
mod headers;
mod inspect;
mod keeper;
mod lag;
mod monitor;
mod pins;
mod place;
mod producer;
mod rebalance;
mod state;
mod topics;
mod window;

pub use depths::{KafkaDepthError, unsettled};
pub use drain::{Drain, DrainError};
pub use inspect::{InspectError, InspectedTopic, inspect};

use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use futures_util::{FutureExt as _, stream};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::consumer::Consumer;
use self::group::Group;
use self::keeper::Keeper;
use self::monitor::Monitor;
use self::producer::{Confirm, Producer};
use super::api::broker_metrics::BrokerMetrics;
use super::api::delivery::{Deliveries, Delivery};
use super::api::error::{ConsumeError, PublishError};
use super::api::limits::Limits;
use super::api::message::Outgoing;
use super::api::status::Status;
use super::api::topology::{QueueSpec, Topology};
pub use crate::kafka::{KafkaAccount, KafkaAddress, KafkaAddressError, KafkaFiles, KafkaMechanism};

/// Timeout of closing the consumers.
const GOODBYE: Duration = Duration::from_secs(10);

/// Bounds and time limits.
#[derive(Debug, Clone)]
pub struct KafkaOptions {
    /// Maximum size of unconfirmed messages, in bytes: of those that come from outside, and of those that settle others.
    pub unanswered_bytes: u64,
    /// The largest body, in bytes.
    pub max_body: usize,
    /// Confirm timeout, after which it isn't known whether Kafka has a message.
    pub confirm_timeout: Duration,
    /// Grace period: how long the cluster may be away before messages are refused.
    pub grace: Duration,
    /// True if this process moves what other services publish to RabbitMQ.
    pub bridges: bool,
}

/// A Kafka cluster.
pub struct Kafka {
    queues: Vec<QueueSpec>,
    options: KafkaOptions,
    metrics: BrokerMetrics,
    producer: Arc<Producer>,
    consumers: Vec<Arc<Consumer>>,
    /// True for each queue whose consumer's thread was started.
    consumed: Vec<AtomicBool>,
    partitions: Arc<[[AtomicU16; 2]]>,
    monitor: Arc<Monitor>,
    tasks: TaskTracker,
    closing: AtomicBool,
    stop: CancellationToken,
}

/// Reason why there is no client for Kafka.
#[derive(Debug, thiserror::Error)]
pub enum KafkaClientError {
    /// An option is wrong, or a file that one names.
    #[error("the options of Kafka can't be used: {0}")]
    Options(String),
    /// No cluster is named.
    #[error(
        "queues are in Kafka ({queues}), and --kafka-brokers (EVENT_GRPC_KAFKA_BROKERS) is not given"
    )]
    NoBrokers {
        /// Names of the queues.
        queues: String,
    },
}

impl Default for KafkaOptions {
    fn default() -> Self {
        Self {
            unanswered_bytes: 64 << 20,
            max_body: 16 << 20,
            confirm_timeout: Duration::from_secs(30),
            grace: Duration::from_millis(500),
            bridges: true,
        }
    }
}

impl KafkaOptions {
    /// Maximum size of a record.
    fn max_record(&self) -> usize {
        self.max_body + topics::AROUND_BODY
    }
}

impl Kafka {
    /// Starts to connect for the queues of a topology that it carries, and returns at once. Needs a Tokio runtime.
    pub fn connect(
        address: &KafkaAddress,
        topology: &Topology,
        options: KafkaOptions,
    ) -> Result<Self, KafkaClientError> {
        let monitor = Monitor::new(address.to_string());
        let producer = Producer::new(address, &options, &monitor);
        let producer =
            Arc::new(producer.map_err(|error| KafkaClientError::Options(error.to_string()))?);
        let topology = &topology.split().0;
        let metrics = BrokerMetrics::new(topology);
        let queues = topology.queues.clone();
        let stop = CancellationToken::new();
        let consumers = queues.iter().enumerate().filter_map(|(at, queue)| {
            Some(Arc::new(Consumer {
                group: Group::new(*queue, Arc::clone(metrics.queue(at)?)),
                address: address.clone(),
                max_body: options.max_body,
                monitor: Arc::clone(&monitor),
                stop: stop.clone(),
                client: Mutex::new(Weak::new()),
                names: queue.topics()?.map(Into::into),
                lag: Mutex::default(),
                retention: Default::default(),
            }))
        });
        let consumers: Vec<_> = consumers.collect();
        let partitions = queues.iter().filter_map(|queue| {
            let partitions = queue.topic?.partitions;
            Some([AtomicU16::new(partitions), AtomicU16::new(partitions)])
        });
        let partitions: Arc<[_]> = partitions.collect();
        let keeper = Keeper {
            address: address.clone(),
            options: options.clone(),
            monitor: Arc::clone(&monitor),
            producer: Arc::clone(&producer),
            wanted: topics::wanted(&queues),
            partitions: Arc::clone(&partitions),
            consumers: consumers.clone(),
            stop: stop.clone(),
        };
        let tasks = TaskTracker::new();
        tasks.spawn(keeper.run(queues.clone()));
        Ok(Kafka {
            consumed: queues.iter().map(|_| AtomicBool::new(false)).collect(),
            queues,
            options,
            metrics,
            producer,
            consumers,
            partitions,
            monitor,
            tasks,
            closing: AtomicBool::new(false),
            stop,
        })
    }

    /// Publishes a message to the topic of a queue, whatever its exchange, and waits until it is confirmed.
    pub async fn publish_into(&self, queue: &str, message: Outgoing) -> Result<(), PublishError> {
        match self.queue(queue) {
            Some(at) => self.publish_to(at, message).await,
            None => Err(PublishError::Unroutable {
                exchange: String::new(),
                routing_key: queue.to_owned(),
            }),
        }
    }

    /// Metrics and routes of the queues that it carries.
    pub(in crate::broker) fn metrics(&self) -> &BrokerMetrics {
        &self.metrics
    }

    /// The position of a queue that it carries.
    pub(in crate::broker) fn queue(&self, name: &str) -> Option<usize> {
        self.metrics.routes().queue(name)
    }

    /// Publishes a message to the topic of the queue at a position, and waits until it is confirmed.
    pub(in crate::broker) async fn publish_to(
        &self,
        queue: usize,
        message: Outgoing,
    ) -> Result<(), PublishError> {
        self.enqueue(queue, message).await?.await
    }

    /// Hands a message over for the topic of the queue at a position; the future that it returns waits until it is
    /// confirmed. One that goes past all exchanges is a retry, which has a topic of its own.
    pub(in crate::broker) async fn enqueue(
        &self,
        queue: usize,
        message: Outgoing,
    ) -> Result<Confirm, PublishError> {
        let publishing = self.metrics.publishing_to(queue);
        let confirm = match self.hand_over(queue, message).await {
            Ok(confirm) => confirm,
            Err(error) => {
                publishing.end(&Err(error.clone()));
                return Err(error);
            }
        };
        let counted = async move {
            let result = confirm.await;
            publishing.end(&result);
            result
        };
        Ok(counted.boxed())
    }

    async fn hand_over(&self, queue: usize, message: Outgoing) -> Result<Confirm, PublishError> {
        let closed = match message.origin {
            Some(_) => self.stop.is_cancelled(),
            None => self.closing.load(Ordering::Acquire),
        };
        if closed {
            return Err(PublishError::Closed);
        }
        self.limits().check(&message)?;
        let spec = self.queues.get(queue);
        let topics = spec.and_then(QueueSpec::topics);
        let (Some([messages, retries]), Some(partitions)) = (topics, self.partitions.get(queue))
        else {
            return Err(PublishError::Unroutable {
                exchange: message.exchange.to_string(),
                routing_key: message.routing_key.to_string(),
            });
        };
        let [of_messages, of_retries] = partitions;
        // A topic of other services is not written to.
        let goes_back = message.exchange.is_empty() || spec.is_some_and(|q| q.foreign.is_some());
        let (topic, partitions) = match goes_back {
            false => (messages, of_messages),
            true => (retries, of_retries),
        };
        let partitions = partitions.load(Ordering::Relaxed);
        self.producer.enqueue(&topic, partitions, message).await
    }

    /// Starts to consume a queue.
    pub(in crate::broker) fn consume(&self, queue: usize) -> Result<Deliveries, ConsumeError> {
        if self.stop.is_cancelled() {
            return Err(ConsumeError::Closed);
        }
        let no_queue = || ConsumeError::NoQueue {
            queue: String::new(),
        };
        let consumer = self.consumers.get(queue).ok_or_else(no_queue)?;
        let prefetch = usize::from(consumer.group.queue.prefetch.max(1));
        let (deliveries, receiver) = mpsc::channel(prefetch);
        consumer.group.attach(deliveries);
        let started = self.consumed.get(queue).ok_or_else(no_queue)?;
        if !started.swap(true, Ordering::AcqRel) {
            let consumer = Arc::clone(consumer);
            // The library calls back from the thread that polls, and waits for the answer.
            self.tasks.spawn_blocking(move || consumer.run());
        }
        let stop = self.stop.clone();
        let deliveries = stream::unfold(receiver, move |mut receiver| {
            let stop = stop.clone();
            async move {
                let delivery = stop.run_until_cancelled(receiver.recv()).await??;
                Some((delivery, receiver))
            }
        });
        Ok(Deliveries::new(deliveries))
    }

    /// Hands a message of another broker to whoever consumes the queue at a position; false if nobody does.
    pub(in crate::broker) async fn hand_on(&self, queue: usize, delivery: Delivery) -> bool {
        let to = self.consumers.get(queue).and_then(|c| c.group.consumer());
        match to {
            Some(to) => to.send(delivery).await.is_ok(),
            None => false,
        }
    }

    pub(in crate::broker) fn limits(&self) -> Limits {
        Limits {
            // As with RabbitMQ, which takes the dead letters.
            properties: 112 << 10,
            body: self.options.max_body,
        }
    }

    /// Names of its queues, if other services write all of them: senders don't depend on it then.
    pub(in crate::broker) fn only_foreign(&self) -> Option<Vec<&'static str>> {
        let queues = self.queues.iter();
        queues
            .map(|queue| queue.foreign.and(Some(queue.name)))
            .collect()
    }

    /// State of the cluster, now and on every change.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.monitor.status()
    }

    /// Refuses new messages, waits for those under way, commits, and leaves the groups.
    pub async fn close(&self, time_limit: Duration) {
        self.closing.store(true, Ordering::Release);
        self.producer.flush(time_limit).await;
        self.stop.cancel();
        for consumer in &self.consumers {
            consumer.group.wake();
        }
        self.tasks.close();
        tokio::time::timeout(GOODBYE, self.tasks.wait()).await.ok();
        self.monitor.closed();
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
