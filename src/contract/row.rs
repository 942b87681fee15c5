//! Input of a transform: a group of events, a JSON message or a dead letter.

use super::envelope::{Envelope, EventType};
use crate::json::{Map, Value, message_object};
use crate::protobuf::wire::RECURSION_LIMIT;
use crate::protobuf::{At, Shape, well_formed};
use crate::row_error::RowError;

/// Events of one type that share a header, as slices of the message that they came in.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// Type of the events.
    pub kind: &'static EventType,
    /// The header's bytes.
    pub header: &'a [u8],
    /// Each event's bytes.
    pub events: &'a [&'a [u8]],
    /// Name of the client that sent them; empty if nothing proved who it was.
    pub client: &'a str,
}

impl<'a> Group<'a> {
    /// Its event, of a group that has one.
    ///
    /// # Errors
    ///
    /// If it has none or several.
    pub fn only(&self) -> Result<&'a [u8], RowError> {
        match self.events {
            [event] => Ok(event),
            _ => Err(RowError::Layout("of one event")),
        }
    }

    /// What is at a path of its header.
    pub fn header_at(&self, envelope: &Envelope, path: &[u32]) -> At<'a> {
        At::path(envelope.header_shape, self.header, path)
    }

    /// What is at a path of its event, of a group that has one.
    pub fn event_at(&self, envelope: &Envelope, path: &[u32]) -> At<'a> {
        let event = self.only().unwrap_or_default();
        At::path(envelope.event_shape, event, path)
    }

    /// The request that holds it alone: the message that a sender would send.
    pub fn request(&self, envelope: &Envelope) -> Vec<u8> {
        envelope.request(self.header, self.events)
    }

    /// That request as proto3 JSON.
    ///
    /// # Errors
    ///
    /// If header or events are not well formed, or not in canonical order.
    pub fn json(&self, envelope: &Envelope) -> Result<Map, RowError> {
        let name = |number: u32| {
            let field = envelope.request_shape.field(number);
            field.map_or("", |(_, field)| field.json_name).to_owned()
        };
        let header = Value::Object(message_object(envelope.header_shape, self.header)?);
        let events = self.events.iter();
        let events = events
            .map(|event| message_object(envelope.event_shape, event).map(Value::Object))
            .collect::<Result<_, _>>()?;
        Ok([
            (name(envelope.header), header),
            (name(envelope.events), Value::Array(events)),
        ]
        .into())
    }

    /// Whether header and events are well formed.
    ///
    /// # Errors
    ///
    /// If one of them isn't.
    pub fn check(&self, envelope: &Envelope) -> Result<(), RowError> {
        well_formed::check(self.header, envelope.header_shape, RECURSION_LIMIT)?;
        let mut events = self.events.iter();
        events
            .try_for_each(|event| well_formed::check(event, envelope.event_shape, RECURSION_LIMIT))
    }
}

/// Function that makes a text of a message.
pub type TextOf = fn(&Message<'_>) -> Result<String, RowError>;

/// Function that makes a text of an event, in a group by itself.
pub type TextOfEvent = fn(&Group<'_>) -> Result<String, RowError>;

/// What a message holds, one by one: a JSON object of a shape, or an app event in a group by itself.
#[derive(Debug, Clone, Copy)]
pub enum Unit<'a> {
    /// A JSON object.
    Message(&'static Shape, &'a Message<'a>),
    /// An app event.
    Event(&'static Envelope, &'a Group<'a>),
}

/// One JSON object and what is known of it from outside.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// The object.
    pub body: &'a Map<String, Value>,
    /// Its id: the sender's `message_id`, or a hash of body and position.
    pub id: &'a str,
    /// When it was sent, or else came, in milliseconds since the epoch.
    pub received_ms: i64,
    /// Headers that its sender set: of a webhook that keeps them the HTTP headers, otherwise the AMQP headers. Each is
    /// a text, a number, a boolean, or a list of texts.
    pub headers: &'a Map<String, Value>,
    /// Name of the client that sent it; empty if nothing proved who it was.
    pub client: &'a str,
}

/// Context of one call, the same for all of its rows.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The server's clock, in milliseconds since the epoch.
    pub now_ms: i64,
}
