//! A message on its way through the workers, and the duty to bring it to exactly one ending.
//!
//! received ([`Received`]) → taken apart (`Prepared`) → batched (`Held`) → decided (`Decided`) → one [`Ending`]. Each
//! step takes the one before it by value, and the duty with it, so that none is skipped and none is taken twice.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::meters::Meters;
use crate::broker::{Ack, Delivery, HeaderValue, Outgoing, Properties, Settled};
use crate::contract::headers::{
    RETRY_COUNT, RETRY_EXCHANGE, RETRY_FIRST_FAILED, RETRY_ROUTING_KEY,
};
use crate::metrics::workers;

/// A message as it came. One that went back to its queue tells where it was first published.
#[derive(Debug)]
pub(super) struct Received {
    pub body: Bytes,
    pub exchange: Cow<'static, str>,
    pub routing_key: Cow<'static, str>,
    pub properties: Properties,
    /// How often it has gone back to its queue because it failed.
    pub failures: u32,
    /// When it first failed, if it has, in milliseconds since the epoch.
    pub first_failed_ms: Option<i64>,
    pub duty: Duty,
}

/// The duty to end a message. Dropped, it gives the message back.
#[derive(Debug)]
#[must_use = "a message that is not ended is delivered again"]
pub(super) struct Duty {
    meters: Arc<Meters>,
    /// None once the broker is told, or is being told.
    ack: Option<Ack>,
    ended: bool,
}

/// How a message ends, as far as its queue is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its units are stored, or dead letters.
    Acknowledged,
    /// The same, but for units that a copy of it takes further.
    Retried,
    /// It is in its queue again as it was, and nothing is counted against it.
    Returned,
    /// It isn't known whether the broker could be told. If not, it delivers it again.
    Lost,
}

impl Received {
    /// Takes a delivery on.
    pub(super) fn new(meters: &Arc<Meters>, delivery: Delivery) -> Self {
        let properties = delivery.properties;
        let text = |name: &str| match properties.header(name) {
            Some(HeaderValue::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let integer = |name: &str| match properties.header(name) {
            Some(HeaderValue::Integer(value)) => Some(*value),
            _ => None,
        };
        // Headers are anybody's to write: they count only in what came past all exchanges, as copies do.
        let origin = match delivery.exchange.is_empty() {
            true => text(RETRY_EXCHANGE).zip(text(RETRY_ROUTING_KEY)),
            false => None,
        };
        let failures = integer(RETRY_COUNT).and_then(|count| u32::try_from(count).ok());
        let first_failed_ms = integer(RETRY_FIRST_FAILED);
        let (exchange, routing_key) = match origin {
            Some((exchange, routing_key)) => (exchange.into(), routing_key.into()),
            None => (delivery.exchange, delivery.routing_key),
        };
        Received {
            body: delivery.body,
            exchange,
            routing_key,
            properties,
            failures: failures.unwrap_or(0),
            first_failed_ms,
            duty: Duty {
                meters: Arc::clone(meters),
                ack: Some(delivery.ack),
                ended: false,
            },
        }
    }
}

impl Duty {
    /// What counts it.
    pub(super) fn meters(&self) -> &Arc<Meters> {
        &self.meters
    }

    /// Says that a message takes the place of this one, which may be acknowledged once that is published.
    pub(super) fn replaced_by(&self, message: Outgoing) -> Outgoing {
        match &self.ack {
            Some(ack) => message.in_place_of(ack),
            None => message,
        }
    }

    /// Acknowledges the message: it, or what takes its place, is safe.
    pub(super) async fn acknowledge(mut self, ending: Ending) -> Ending {
        let told = match self.ack.take() {
            Some(ack) => ack.ack().await,
            None => Settled::Lost,
        };
        self.end(told, ending)
    }

    /// Gives the message back to its queue as it is.
    pub(super) async fn give_back(mut self) -> Ending {
        let told = match self.ack.take() {
            Some(ack) => ack.requeue().await,
            None => Settled::Lost,
        };
        self.end(told, Ending::Returned)
    }

    fn end(&mut self, told: Settled, ending: Ending) -> Ending {
        self.ended = true;
        let ending = match told {
            Settled::Done => ending,
            Settled::Lost => Ending::Lost,
        };
        self.meters.ended(ending);
        ending
    }
}

impl Drop for Duty {
    fn drop(&mut self) {
        if !self.ended {
            self.meters.ended(match self.ack {
                Some(_) => Ending::Returned,
                // Nobody waited until the broker was told.
                None => Ending::Lost,
            });
        }
    }
}

impl Ending {
    /// All of them, in order.
    pub(super) const ALL: [Ending; 4] = [
        Ending::Acknowledged,
        Ending::Retried,
        Ending::Returned,
        Ending::Lost,
    ];

    /// A word for metrics.
    pub(super) fn name(self) -> &'static str {
        match self {
            Ending::Acknowledged => workers::ACKNOWLEDGED,
            Ending::Retried => workers::RETRIED,
            Ending::Returned => workers::RETURNED,
            Ending::Lost => workers::LOST,
        }
    }
}
