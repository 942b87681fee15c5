//! The broker that is RabbitMQ.
//!
//! Two connections, because the broker stops reading from one that publishes when it runs short of memory, and
//! acknowledgements must get through then. Each has a keeper ([`link`]) that makes it again without end, with the
//! topology declared before anybody uses it. Publishing goes through publish queues into tasks that own a channel each, one for
//! each exchange; what settles deliveries has publish queues of its own. Each consumer is a task with its own channel. Whatever
//! comes by a connection goes through a filter first ([`frame_filter`]), so that no message ends it.

mod address;
mod address_tls;
mod answers;
mod cutover;
mod declare;
mod depths;
mod dial;
mod frame_filter;
mod link;
mod lock;
mod monitor;
mod nodes;
mod prefetch;
mod properties;
mod publish_queue;
mod publish_queues;
mod publisher;
mod subscriber;
mod versions;

#[cfg(any(test, fuzzing))]
pub use frame_filter::fuzz;

pub use address::{Address, AddressError};
pub use cutover::{Cutover, CutoverError, Deleted, Found, Publish, Right, Sample};
pub use depths::{Depth, DepthError, Depths};
pub use versions::versions;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream;
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::link::{Link, Phase, Shared};
use self::lock::HeldLock;
use self::monitor::{Monitor, Role};
use self::publish_queues::PublishQueues;
use self::subscriber::Subscriber;
use crate::broker::api::Broker;
use crate::broker::api::broker_metrics::BrokerMetrics;
use crate::broker::api::delivery::Deliveries;
use crate::broker::api::error::{ConsumeError, PublishError};
use crate::broker::api::limits::Limits;
use crate::broker::api::lock::Lock;
use crate::broker::api::message::Outgoing;
use crate::broker::api::status::Status;
use crate::broker::api::topology::Topology;

/// Timeout of closing the connections.
const GOODBYE: Duration = Duration::from_secs(3);

/// The largest frame before a connection says otherwise, in bytes: RabbitMQ's default.
const FRAME_MAX: usize = 128 << 10;

/// Size of a content header's frame beside the properties, in bytes.
const AROUND_PROPERTIES: usize = 20;

/// Bounds and time limit.
#[derive(Debug, Clone)]
pub struct RabbitOptions {
    /// The name that the broker shows for our connections.
    pub name: String,
    /// Maximum number of unconfirmed messages in each publish queue.
    pub unanswered: usize,
    /// Maximum size of unconfirmed messages in each publish queue, in bytes.
    pub unanswered_bytes: usize,
    /// The largest body, in bytes. RabbitMQ 4 takes 16 MiB unless told otherwise.
    pub max_body: usize,
    /// Confirm timeout, after which the channel counts as broken.
    pub confirm_timeout: Duration,
    /// Grace period: how long the broker may be away or blocked before messages are refused.
    pub grace: Duration,
}

/// A RabbitMQ server.
pub struct Rabbit {
    shared: Arc<Shared>,
    metrics: BrokerMetrics,
    /// For messages that come from outside.
    intake: PublishQueues,
    /// For messages in place of a delivery.
    settlement: PublishQueues,
    consume_phases: watch::Receiver<Phase>,
    tasks: TaskTracker,
    closing: AtomicBool,
}

impl Default for RabbitOptions {
    fn default() -> Self {
        Self {
            name: "event-grpc".to_owned(),
            unanswered: 1000,
            unanswered_bytes: 64 << 20,
            max_body: 16 << 20,
            confirm_timeout: Duration::from_secs(30),
            grace: Duration::from_millis(500),
        }
    }
}

impl Rabbit {
    /// Starts to connect, and returns at once; it may take for ever. Needs a Tokio runtime.
    pub fn connect(address: Address, topology: Topology, options: RabbitOptions) -> Self {
        let metrics = BrokerMetrics::new(&topology);
        let shared = Arc::new(Shared {
            monitor: Monitor::new(address.clone()),
            address,
            name: options.name.clone(),
            topology,
            frame_max: AtomicUsize::new(FRAME_MAX),
            max_body: AtomicUsize::new(options.max_body),
            stop: CancellationToken::new(),
            declaring: Mutex::new(()),
        });
        let tasks = TaskTracker::new();
        let publish = Link::new(&shared, Role::Publish);
        let consume = Link::new(&shared, Role::Consume);
        let consume_phases = consume.phases();
        let phases = publish.phases();
        let publish_queues = || PublishQueues::new(&shared, &options, &phases, &tasks);
        let (intake, settlement) = (publish_queues(), publish_queues());
        tasks.spawn(publish.keep());
        tasks.spawn(consume.keep());
        Self {
            shared,
            metrics,
            intake,
            settlement,
            consume_phases,
            tasks,
            closing: AtomicBool::new(false),
        }
    }

    async fn publish_counted(&self, message: Outgoing) -> Result<(), PublishError> {
        let replaces = message.origin.is_some();
        let closed = if replaces {
            self.shared.stop.is_cancelled()
        } else {
            self.closing.load(Ordering::Acquire)
        };
        if closed {
            return Err(PublishError::Closed);
        }
        self.limits().check(&message)?;
        self.check_target(&message)?;
        let publish_queues = if replaces {
            &self.settlement
        } else {
            &self.intake
        };
        publish_queues.publish(message).await
    }

    /// Refuses what we have not declared: the broker would close the channel, with everything that is on it.
    fn check_target(&self, message: &Outgoing) -> Result<(), PublishError> {
        let topology = &self.shared.topology;
        if message.exchange.is_empty() {
            if topology.queue(&message.routing_key).is_none() {
                return Err(PublishError::Unroutable {
                    exchange: String::new(),
                    routing_key: message.routing_key.to_string(),
                });
            }
        } else if !topology.has_exchange(&message.exchange) {
            return Err(PublishError::NoExchange {
                exchange: message.exchange.to_string(),
            });
        }
        Ok(())
    }
}

impl Broker for Rabbit {
    fn publish(&self, message: Outgoing) -> BoxFuture<'_, Result<(), PublishError>> {
        async move {
            let publishing = self.metrics.publishing(&message);
            let result = self.publish_counted(message).await;
            publishing.end(&result);
            result
        }
        .boxed()
    }

    fn consume(&self, queue: &str) -> Result<Deliveries, ConsumeError> {
        if self.shared.stop.is_cancelled() {
            return Err(ConsumeError::Closed);
        }
        let no_queue = || ConsumeError::NoQueue {
            queue: queue.to_owned(),
        };
        let at = self.metrics.routes().queue(queue).ok_or_else(no_queue)?;
        let metrics = self.metrics.queue(at).ok_or_else(no_queue)?;
        let queue = *self.shared.topology.queues.get(at).ok_or_else(no_queue)?;
        let (deliveries, receiver) = mpsc::channel(usize::from(queue.prefetch.max(1)));
        let subscriber = Subscriber {
            shared: Arc::clone(&self.shared),
            metrics: Arc::clone(metrics),
            queue,
            phases: self.consume_phases.clone(),
            deliveries,
        };
        self.tasks.spawn(subscriber.run());
        let deliveries = stream::unfold(receiver, |mut receiver| async move {
            let delivery = receiver.recv().await?;
            Some((delivery, receiver))
        });
        Ok(Deliveries::new(deliveries))
    }

    fn limits(&self) -> Limits {
        let frame_max = self.shared.frame_max.load(Ordering::Relaxed);
        // Room for what the broker adds as a message goes round.
        let best_effort = frame_max / 8;
        Limits {
            properties: frame_max.saturating_sub(best_effort + AROUND_PROPERTIES),
            body: self.shared.max_body.load(Ordering::Relaxed),
        }
    }

    fn status(&self) -> watch::Receiver<Status> {
        self.shared.monitor.status()
    }

    fn lock<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Option<Lock>> {
        async move {
            let session = self.consume_phases.borrow().session().map(Arc::clone)?;
            let held = HeldLock::take(session, name).await?;
            Some(Lock::until(held.release()))
        }
        .boxed()
    }

    fn close(&self, time_limit: Duration) -> BoxFuture<'_, ()> {
        async move {
            self.closing.store(true, Ordering::Release);
            let answered = async {
                self.intake.empty().await;
                self.settlement.empty().await;
            };
            if tokio::time::timeout(time_limit, answered).await.is_err() {
                tracing::warn!(
                    "The connection to the broker closes before all messages are confirmed."
                );
            }
            self.shared.stop.cancel();
            self.tasks.close();
            // They say goodbye to the broker, which may not listen.
            tokio::time::timeout(GOODBYE, self.tasks.wait()).await.ok();
            self.shared.monitor.closed();
        }
        .boxed()
    }
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}
