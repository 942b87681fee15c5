//! Messages that come in, and the handles that settle them.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use tokio::sync::{Mutex, mpsc};

use crate::broker::memory as embedded;
use super::message::{Origin, Properties};
use crate::broker::rabbitmq as rabbit;
#[cfg(test)]
use crate::broker::testing as simulated;

/// The deliveries of one consumer. Several workers may wait on it; each gets messages of its own.
#[derive(Debug)]
pub struct Deliveries {
    // One worker at a time waits at the source, the others in line behind it.
    source: Mutex<Source>,
}

/// A message, and the duty to settle it.
#[derive(Debug)]
pub struct Delivery {
    /// The bytes.
    pub body: Bytes,
    /// The exchange that it was published to; empty for the default one.
    pub exchange: Cow<'static, str>,
    /// Its routing key.
    pub routing_key: Cow<'static, str>,
    /// Whether it may have been delivered before.
    pub redelivered: bool,
    /// What it says about itself.
    pub properties: Properties,
    /// Settles it.
    pub ack: Ack,
}

/// Settles a delivery. Dropped, it gives the message back to its queue.
#[must_use = "a message that is not settled is delivered again"]
pub struct Ack {
    held: Held,
}

/// What became of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Settled {
    /// The broker was told.
    Done,
    /// The connection that the message came by is gone; the broker delivers it again.
    Lost,
}

/// Where deliveries come from.
#[derive(Debug)]
pub(in crate::broker) enum Source {
    Embedded(embedded::Consumer),
    Rabbit(mpsc::Receiver<Delivery>),
    #[cfg(test)]
    Simulated(simulated::Consumer),
}

/// A delivery that is not settled yet.
pub(in crate::broker) enum Held {
    Embedded(embedded::Held),
    Rabbit(rabbit::Held),
    #[cfg(test)]
    Simulated(simulated::Held),
}

// === impl Deliveries ===

impl Deliveries {
    pub(in crate::broker) fn new(source: Source) -> Self {
        Self {
            source: Mutex::new(source),
        }
    }

    /// The next message, or `None` once the broker is closed. A future that is dropped loses no message.
    pub async fn next(&self) -> Option<Delivery> {
        match &mut *self.source.lock().await {
            Source::Embedded(consumer) => consumer.next().await,
            #[cfg(test)]
            Source::Simulated(consumer) => loop {
                let delivery = consumer.next().await?;
                if !delivery.ack.is_stale() {
                    return Some(delivery);
                }
            },
            Source::Rabbit(deliveries) => loop {
                let delivery = deliveries.recv().await?;
                // What came by a channel that is gone comes again by the new one.
                if !delivery.ack.is_stale() {
                    return Some(delivery);
                }
            },
        }
    }
}

// === impl Ack ===

impl Ack {
    pub(in crate::broker) fn new(held: Held) -> Self {
        Self { held }
    }

    /// Tells the broker that the message is dealt with.
    pub async fn ack(self) -> Settled {
        match self.held {
            Held::Embedded(held) => held.ack(),
            Held::Rabbit(held) => held.ack().await,
            #[cfg(test)]
            Held::Simulated(held) => held.settle(false),
        }
    }

    /// Gives the message back to its queue, at the place where it was.
    pub async fn requeue(self) -> Settled {
        match self.held {
            Held::Embedded(held) => held.requeue(),
            Held::Rabbit(held) => held.requeue().await,
            #[cfg(test)]
            Held::Simulated(held) => held.settle(true),
        }
    }

    /// What a message that replaces this delivery refers to.
    pub(in crate::broker) fn origin(&self) -> Option<Origin> {
        match &self.held {
            Held::Embedded(held) => held.origin(),
            Held::Rabbit(_) => Some(Origin::Rabbit),
            #[cfg(test)]
            Held::Simulated(held) => held.origin(),
        }
    }

    fn is_stale(&self) -> bool {
        match &self.held {
            Held::Embedded(_) => false,
            Held::Rabbit(held) => held.is_stale(),
            #[cfg(test)]
            Held::Simulated(held) => held.is_stale(),
        }
    }
}

impl fmt::Debug for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ack").finish_non_exhaustive()
    }
}
