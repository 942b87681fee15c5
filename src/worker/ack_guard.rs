//! Acknowledgement guard: a message on its way through the workers must reach exactly one ending.
//!
//! received ([`Received`]) → prepared (`Prepared`) → batched (`Held`) → decided (`Decided`) → one [`Ending`]. Each step
//! consumes the one before it by value, and the guard with it, so that none is skipped and none happens twice.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::ending::Ending;
use super::held::Since;
use super::settlement_metrics::SettlementMetrics;
use crate::broker::{Ack, Delivery, HeaderValue, Outgoing, Pinned, Place, Properties, Settled};
use crate::contract::headers::{
    RETRY_COUNT, RETRY_EXCHANGE, RETRY_FIRST_FAILED, RETRY_ROUTING_KEY,
};
use crate::trace::{Span, TraceContext};

/// Message as it was received. One that went back to its queue carries where it was first published.
#[derive(Debug)]
pub(super) struct Received {
    pub body: Bytes,
    pub exchange: Cow<'static, str>,
    pub routing_key: Cow<'static, str>,
    pub properties: Properties,
    /// Its place, if it comes from a log.
    pub place: Option<Place>,
    /// Number of times that it has gone back to its queue because it failed.
    pub failures: u32,
    /// Time of its first failure, if there was one, in milliseconds since the epoch.
    pub first_failed_ms: Option<i64>,
    pub ack_guard: AckGuard,
}

/// Guard of a message that must be settled. Dropped, it gives the message back.
#[derive(Debug)]
#[must_use = "a message that is not ended is delivered again"]
pub(super) struct AckGuard {
    metrics: Arc<SettlementMetrics>,
    /// None once the message is settled, or being settled.
    ack: Option<Ack>,
    /// Since when it is held.
    since: Since,
    /// Its span, if that is recorded.
    span: Option<Span>,
    ended: bool,
}

impl Received {
    /// Receives a delivery.
    pub(super) fn new(metrics: &Arc<SettlementMetrics>, delivery: Delivery) -> Self {
        let since = Since::of(&delivery);
        metrics.held.take(since);
        let properties = delivery.properties;
        let text = |name: &str| match properties.header(name) {
            Some(HeaderValue::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let integer = |name: &str| match properties.header(name) {
            Some(HeaderValue::Integer(value)) => Some(*value),
            _ => None,
        };
        // Anybody may write headers: these count only in messages published straight to a queue, as copies are.
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
            place: delivery.place,
            failures: failures.unwrap_or(0),
            first_failed_ms,
            ack_guard: AckGuard {
                metrics: Arc::clone(metrics),
                ack: Some(delivery.ack),
                since,
                span: None,
                ended: false,
            },
        }
    }
}

impl AckGuard {
    /// Metrics of its queue.
    pub(super) fn metrics(&self) -> &Arc<SettlementMetrics> {
        &self.metrics
    }

    /// Since when it is held.
    pub(super) fn since(&self) -> Since {
        self.since
    }

    /// Records this span until the message is settled.
    pub(super) fn record(&mut self, span: Option<Span>) {
        self.span = span;
    }

    /// Its span, if that is recorded.
    pub(super) fn span_mut(&mut self) -> Option<&mut Span> {
        self.span.as_mut()
    }

    /// Context of its span, for what it causes.
    pub(super) fn trace(&self) -> Option<TraceContext> {
        self.span.as_ref()?.context()
    }

    /// Writes down that this message and those up to an offset are stored together.
    pub(super) async fn pin(&self, last: i64) -> Pinned {
        match &self.ack {
            Some(ack) => ack.pin(last).await,
            None => Pinned::Lost,
        }
    }

    /// Marks a message as the replacement of this one, which may be acknowledged once the other is published.
    pub(super) fn replaced_by(&self, message: Outgoing) -> Outgoing {
        match &self.ack {
            Some(ack) => message.in_place_of(ack),
            None => message,
        }
    }

    /// Acknowledges the message: it, or its replacement, is safe.
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
        self.metrics.held.release(self.since);
        let ending = match told {
            Settled::Done => ending,
            Settled::Lost => Ending::Lost,
        };
        self.told(ending);
        ending
    }

    fn told(&mut self, ending: Ending) {
        self.metrics.ended(ending);
        if let Some(mut span) = self.span.take() {
            span.set("event_grpc.ending", ending.name());
            span.end();
        }
    }
}

impl Drop for AckGuard {
    fn drop(&mut self) {
        if !self.ended {
            self.metrics.held.release(self.since);
            self.told(match self.ack {
                Some(_) => Ending::Returned,
                // The task was dropped before the broker was told.
                None => Ending::Lost,
            });
        }
    }
}
