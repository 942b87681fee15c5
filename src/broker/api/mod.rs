//! Interface of a broker: messages, handles that settle deliveries, topology, limits and status. The server uses it, and
//! a backend implements it.

pub(in crate::broker) mod delivery;
pub(in crate::broker) mod error;
pub(in crate::broker) mod limits;
pub(in crate::broker) mod lock;
pub(in crate::broker) mod message;
pub(in crate::broker) mod meters;
pub(in crate::broker) mod origin;
pub(in crate::broker) mod routing;
pub(in crate::broker) mod status;
pub(in crate::broker) mod topology;

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

use delivery::Deliveries;
use error::{ConsumeError, PublishError};
use limits::Limits;
use lock::Lock;
use message::Outgoing;
use status::Status;

/// A message broker.
pub trait Broker: Send + Sync + 'static {
    /// Publishes a message and waits until the broker has taken responsibility for it.
    ///
    /// RabbitMQ has confirmed it then. In memory, every queue's copy of it has been acknowledged, and whatever was
    /// published in its place too; a message published in place of a delivery is taken at once, because whoever
    /// waits for that delivery now waits for both.
    ///
    /// Waiting is bounded by whoever polls: a dropped future may leave the message published.
    fn publish(&self, message: Outgoing) -> BoxFuture<'_, Result<(), PublishError>>;

    /// Starts to consume a queue, with the prefetch of its [`QueueSpec`](topology::QueueSpec).
    ///
    /// The stream outlives lost connections. Dropping it stops the consumer; deliveries that are still held can be
    /// settled afterwards.
    fn consume(&self, queue: &str) -> Result<Deliveries, ConsumeError>;

    /// The most that it takes of one message.
    fn limits(&self) -> Limits {
        Limits::NONE
    }

    /// State of the broker, now and on every change.
    fn status(&self) -> watch::Receiver<Status>;

    /// Takes a lock that one instance at a time has; none if another one has it, or the broker can't be asked now.
    /// Where a broker has one instance only, that instance has it.
    fn lock<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, Option<Lock>> {
        async { Some(Lock::alone()) }.boxed()
    }

    /// Refuses new messages, except those in place of a delivery, waits at most this long for the ones under way to
    /// be answered, then ends all deliveries and connections.
    fn close(&self, patience: Duration) -> BoxFuture<'_, ()>;
}
