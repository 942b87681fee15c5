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

/// A message that could not be stored, and why.
#[derive(Debug, Clone, Copy)]
pub struct DeadLetter<'a> {
    /// The same for the same dead letter, however often it is delivered.
    pub id: &'a str,
    /// What went wrong, for people.
    pub reason: &'a str,
    /// What went wrong, as a short stable word.
    pub class: &'a str,
    /// The queue that it failed in, or the source that refused it.
    pub queue: &'a str,
    /// The exchange that it was first published to.
    pub exchange: &'a str,
    /// The routing key that it was first published with.
    pub routing_key: &'a str,
    /// The event type's name, or its number where this build doesn't know it.
    pub event_type: &'a str,
    /// How often it was tried.
    pub attempts: u32,
    /// When it first failed, in milliseconds since the epoch.
    pub first_failed_ms: i64,
    /// When it last failed, in milliseconds since the epoch.
    pub last_failed_ms: i64,
    /// The fingerprint of the pipeline that gave it up.
    pub fingerprint: &'a str,
    /// What the body is.
    pub content_type: &'a str,
    /// What the body holds: AMQP's `type`; empty if nothing is said of it.
    pub kind: &'a str,
    /// The message's id, from which `$id` comes; empty if it has none.
    pub message_id: &'a str,
    /// When it was sent, by its own word, in milliseconds since the epoch.
    pub sent_ms: Option<i64>,
    /// The headers that its sender set, as one JSON object.
    pub headers: &'a str,
    /// The bytes as they came.
    pub body: &'a [u8],
}

/// What is the same for all rows of one call.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The server's clock, in milliseconds since the epoch.
    pub now_ms: i64,
}
