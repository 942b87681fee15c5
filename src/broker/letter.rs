//! A dead letter as a message: the bytes as they came, and in headers why they were given up and what it takes to send
//! them again.

use std::borrow::Cow;

use bytes::Bytes;

use super::api::message::{HeaderValue, Outgoing, Properties};
use crate::contract::{Route, Schema};
use crate::dead_letter::Record;
use crate::trace::TraceContext;

/// A dead letter that is to be published.
#[derive(Debug)]
pub struct Letter<'a> {
    /// The letter's own id: see [`letter_id`](crate::dead_letter::letter_id).
    pub id: String,
    /// Why the message could not be stored, and where it comes from.
    pub record: Record<'a>,
    /// When the letter is made, in milliseconds since the epoch.
    pub now_ms: i64,
    /// Content type of the body.
    pub content_type: Option<Cow<'static, str>>,
    /// AMQP's `type` of the body.
    pub kind: Option<Cow<'static, str>>,
    /// Schema that the message was made under; the record has that of the build that gave it up.
    pub schema: Option<Schema>,
    /// Span that gave the message up, if it is recorded.
    pub trace: Option<TraceContext>,
    /// The headers that its sender set.
    pub sent: Vec<(Cow<'static, str>, HeaderValue)>,
}

impl Letter<'_> {
    /// The message.
    pub fn outgoing(self, route: Route, body: Bytes) -> Outgoing {
        let own = self.record.to_headers();
        let own = own.map(|(name, value)| (Cow::Borrowed(name), HeaderValue::from(value)));
        let properties = Properties {
            content_type: self.content_type,
            message_id: Some(self.id),
            kind: self.kind,
            timestamp: u64::try_from(self.now_ms / 1000).ok(),
            schema: self.schema,
            trace: self.trace,
            headers: own.chain(self.sent).collect(),
        };
        Outgoing::new(route.exchange, route.routing_key, body).with(properties)
    }
}
