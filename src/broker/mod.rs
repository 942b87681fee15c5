//! Where messages are published to and consumed from: RabbitMQ, or the same semantics in memory.
//!
//! Both implementations promise the same. A message whose `publish` returned `Ok` is the broker's to keep until a
//! consumer acknowledges it. A delivery that nobody acknowledges comes again. A message that replaces a delivery
//! (a retry, a dead letter) is published with [`Outgoing::in_place_of`] before that delivery is acknowledged.

mod delivery;
mod embedded;
mod error;
mod letter;
mod limits;
mod lock;
mod message;
mod meters;
mod rabbit;
mod routing;
#[cfg(test)]
pub(crate) mod simulated;
mod status;
mod topology;

pub use delivery::{Ack, Deliveries, Delivery, Settled};
pub use embedded::Embedded;
pub use error::{ConsumeError, PublishError};
pub use letter::{Letter, letter_id};
pub use limits::{Limits, SHORT, header_len};
pub use lock::Lock;
pub use message::{HeaderValue, Outgoing, Properties};
pub use rabbit::{
    Address, AddressError, Cutover, CutoverError, Depth, DepthError, Depths, Found, Rabbit,
    RabbitOptions,
};
pub use routing::Bound;
pub use status::{Link, Status, Troubles};
pub use topology::{QueueSpec, Topology, TopologyError};

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::watch;

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

    /// Starts to consume a queue, with the prefetch of its [`QueueSpec`].
    ///
    /// The stream outlives lost connections. Dropping it stops the consumer; deliveries that are still held can be
    /// settled afterwards.
    fn consume(&self, queue: &str) -> Result<Deliveries, ConsumeError>;

    /// The most that it takes of one message.
    fn limits(&self) -> Limits {
        Limits::NONE
    }

    /// How the broker is doing, now and on every change.
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
