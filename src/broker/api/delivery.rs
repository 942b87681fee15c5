//! Incoming messages, and the handles that settle them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, Stream};
use tokio::sync::Mutex;

use super::message::{Outgoing, Properties};
use super::origin::Origin;

/// The deliveries of one consumer. Several workers may wait on it; each gets messages of its own.
pub struct Deliveries {
    // One worker at a time waits at the source, the others in line behind it.
    source: Mutex<BoxStream<'static, Delivery>>,
}

/// A message that must be settled.
#[derive(Debug)]
pub struct Delivery {
    /// The bytes.
    pub body: Bytes,
    /// The exchange that it was published to; empty for the default one.
    pub exchange: Cow<'static, str>,
    /// Its routing key.
    pub routing_key: Cow<'static, str>,
    /// True if it may have been delivered before.
    pub redelivered: bool,
    /// Properties of the message.
    pub properties: Properties,
    /// Its place, if the broker keeps messages in a log.
    pub place: Option<Place>,
    /// Settles it.
    pub ack: Ack,
}

/// Place of a message in a partition of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the topic.
    pub topic: Arc<str>,
    /// Number of the partition.
    pub partition: i32,
    /// Offset in it.
    pub offset: i64,
    /// Offset after the message before it, which is less than its own where the log skips some: records that were
    /// compacted or that say nothing, and the ends of transactions.
    pub begins: i64,
    /// When it was written there, in milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// Range of offsets that it was pinned in when it was delivered before, here or elsewhere.
    pub pinned: Option<Range>,
}

/// Range of offsets, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub first: i64,
    /// The last.
    pub last: i64,
    /// When the first was written, in milliseconds since the epoch: a topic that is made anew has the same offsets again.
    pub written_ms: i64,
}

/// Outcome of pinning messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Pinned {
    /// They are all of this range that isn't settled: what is stored under its name is all of it.
    As(Range),
    /// They are only a part of a range, or the backend knows no ranges.
    Alone,
    /// It could not be written down: the messages are somebody else's, or will be delivered again.
    Lost,
}

/// Settles a delivery. Dropped, it gives the message back to its queue.
#[must_use = "a message that is not settled is delivered again"]
pub struct Ack {
    held: Box<dyn Settle>,
}

/// Outcome of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Settled {
    /// The broker was told.
    Done,
    /// The connection that the message came by is gone; the broker delivers it again.
    Lost,
}

/// Settlement of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::broker) enum Settlement {
    /// The message is dealt with.
    Ack,
    /// The message goes back to its queue, to the place where it was.
    Requeue,
}

/// Settle handle of a backend: a delivery that is not settled yet. Dropped, it gives the message back.
pub(in crate::broker) trait Settle: Send + Sync {
    /// Tells the broker.
    fn settle(self: Box<Self>, how: Settlement) -> BoxFuture<'static, Settled>;

    /// Pins this message and those up to an offset, for backends that keep messages in a log.
    fn pin(&self, _last: i64) -> BoxFuture<'_, Pinned> {
        Box::pin(std::future::ready(Pinned::Alone))
    }

    /// Delivery that a replacement message refers to.
    fn origin(&self) -> Origin {
        Origin::any()
    }

    /// True if it can't be settled any more, because its channel is gone; the broker delivers it again.
    fn is_stale(&self) -> bool {
        false
    }
}

// === impl Deliveries ===

impl Deliveries {
    /// Deliveries from a backend's stream. It ends once the broker is closed; dropping it stops the consumer.
    pub(in crate::broker) fn new(source: impl Stream<Item = Delivery> + Send + 'static) -> Self {
        Self {
            // Several workers ask, and the one that sees the end isn't the last to ask.
            source: Mutex::new(source.fuse().boxed()),
        }
    }

    /// The next message, or `None` once the broker is closed. A future that is dropped loses no message.
    pub async fn next(&self) -> Option<Delivery> {
        let mut source = self.source.lock().await;
        loop {
            let delivery = source.next().await?;
            // A message of a closed channel is delivered again by the new one.
            if !delivery.ack.held.is_stale() {
                return Some(delivery);
            }
        }
    }
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries").finish_non_exhaustive()
    }
}

// === impl Ack ===

impl Ack {
    pub(in crate::broker) fn new(held: impl Settle + 'static) -> Self {
        Self {
            held: Box::new(held),
        }
    }

    /// Tells the broker that the message is dealt with.
    pub async fn ack(self) -> Settled {
        self.held.settle(Settlement::Ack).await
    }

    /// Writes down that this message and those up to an offset are stored together: whoever gets one of them next is told
    /// of the range.
    pub async fn pin(&self, last: i64) -> Pinned {
        self.held.pin(last).await
    }

    /// Gives the message back to its queue, at the place where it was.
    pub async fn requeue(self) -> Settled {
        self.held.settle(Settlement::Requeue).await
    }
}

#[cfg(any(test, fuzzing))]
impl Ack {
    /// Handle of a message that no broker holds.
    pub fn of_nobody() -> Self {
        struct Nobody;
        impl Settle for Nobody {
            fn settle(self: Box<Self>, _: Settlement) -> BoxFuture<'static, Settled> {
                Box::pin(std::future::ready(Settled::Lost))
            }
        }
        Ack::new(Nobody)
    }
}

impl fmt::Debug for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ack").finish_non_exhaustive()
    }
}

// === impl Outgoing ===

impl Outgoing {
    /// Says that this message takes the place of a delivery, which must be acknowledged only after this one is
    /// published. It doesn't wait behind messages that come from outside, so that settling can't be starved.
    pub fn in_place_of(mut self, delivery: &Ack) -> Self {
        self.origin = Some(delivery.held.origin());
        self
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn each_worker_sees_the_end() {
        let nothing = stream::unfold((), |()| async { None::<(Delivery, ())> });
        let deliveries = Deliveries::new(nothing);
        assert!(deliveries.next().await.is_none());
        assert!(deliveries.next().await.is_none());
    }
}
