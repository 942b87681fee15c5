//! A message on its way out, and the properties that messages carry.

use std::borrow::Cow;

use bytes::Bytes;

use super::origin::Origin;
use crate::contract::Schema;
use crate::dead_letter::Value;
use crate::trace::TraceContext;
use crate::weight;

/// A message to publish. It is always persistent.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// The exchange's name; empty for the default exchange, whose routing keys are names of queues.
    pub exchange: Cow<'static, str>,
    /// The routing key.
    pub routing_key: Cow<'static, str>,
    /// The bytes.
    pub body: Bytes,
    /// Properties of the message.
    pub properties: Properties,
    /// Hash of the partition key that all of it shares, as it is or modulo the slots of the exchange
    /// ([`Topology::slots`](super::topology::Topology::slots)); none if nobody knows its key.
    pub partition: Option<u64>,
    /// The delivery that this message replaces.
    pub(in crate::broker) origin: Option<Origin>,
}

/// AMQP properties of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties {
    /// The MIME type of the body.
    pub content_type: Option<Cow<'static, str>>,
    /// The sender's id for the message.
    pub message_id: Option<String>,
    /// AMQP's `type`: what the body holds.
    pub kind: Option<Cow<'static, str>>,
    /// When it was sent, in seconds since the epoch.
    pub timestamp: Option<u64>,
    /// Schema that it was made under. It travels as the header `x-schema`; what is no schema there counts as none.
    pub schema: Option<Schema>,
    /// Span that it was published in, if that is recorded. It travels as the header `traceparent`.
    pub trace: Option<TraceContext>,
    /// Further facts. RabbitMQ sorts them by name; tables, lists and binary values that other producers send are
    /// left out.
    pub headers: Vec<(Cow<'static, str>, HeaderValue)>,
}

/// The value of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// A text; bytes that are not UTF-8 arrive replaced.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A truth value.
    Boolean(bool),
}

impl Outgoing {
    /// A message to an exchange, without properties.
    pub fn new(
        exchange: impl Into<Cow<'static, str>>,
        routing_key: impl Into<Cow<'static, str>>,
        body: impl Into<Bytes>,
    ) -> Self {
        Self {
            exchange: exchange.into(),
            routing_key: routing_key.into(),
            body: body.into(),
            properties: Properties::default(),
            partition: None,
            origin: None,
        }
    }

    /// A message to one queue, past all exchanges: a retry.
    pub fn to_queue(queue: impl Into<Cow<'static, str>>, body: impl Into<Bytes>) -> Self {
        Self::new("", queue, body)
    }

    /// Sets the properties.
    pub fn with(mut self, properties: Properties) -> Self {
        self.properties = properties;
        self
    }

    /// Sets the hash of its partition key.
    pub fn in_partition(mut self, partition: Option<u64>) -> Self {
        self.partition = partition;
        self
    }

    /// Weight of the message while it is under way, headers included.
    pub fn weight(&self) -> u64 {
        weight::message(self.body.len(), self.properties.encoded_len())
    }
}

// === impl HeaderValue ===

impl From<Value<'_>> for HeaderValue {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Text(text) => HeaderValue::Text(text.to_owned()),
            Value::Integer(number) => HeaderValue::Integer(number),
        }
    }
}

// === impl Properties ===

impl Properties {
    /// The header with this name.
    pub fn header(&self, name: &str) -> Option<&HeaderValue> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
    }

    /// Value of a header, as those of dead letters are read; none if it is a truth value.
    pub fn value(&self, name: &str) -> Option<Value<'_>> {
        match self.header(name)? {
            HeaderValue::Text(text) => Some(Value::Text(text)),
            HeaderValue::Integer(number) => Some(Value::Integer(*number)),
            HeaderValue::Boolean(_) => None,
        }
    }

    /// Sets a header, in place of one of the same name.
    pub fn set_header(&mut self, name: impl Into<Cow<'static, str>>, value: HeaderValue) {
        let name = name.into();
        match self.headers.iter_mut().find(|(key, _)| *key == name) {
            Some((_, present)) => *present = value,
            None => self.headers.push((name, value)),
        }
    }
}
