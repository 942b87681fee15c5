//! What a transform gets: a group of events, a JSON message or a dead letter.

use super::envelope::EventType;
use crate::json::{Map, Value};

/// Events of one type that share a header, as slices of the message that they came in.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// Their type.
    pub kind: &'static EventType,
    /// The header's bytes.
    pub header: &'a [u8],
    /// Each event's bytes.
    pub events: &'a [&'a [u8]],
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
    /// What its sender put into headers: of a webhook that keeps them those of HTTP, otherwise those of AMQP. Each is
    /// a text, a number, a truth value, or a list of texts.
    pub headers: &'a Map<String, Value>,
}

/// What is the same for all rows of one call.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The server's clock, in milliseconds since the epoch.
    pub now_ms: i64,
}
