//! Input of a transform: a group of events, a JSON message or a dead letter.

use super::envelope::EventType;
use crate::json::{Map, Value};
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

/// Function that makes a text of a message.
pub type TextOf = fn(&Message<'_>) -> Result<String, RowError>;

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
