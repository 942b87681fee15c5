//! The envelope: how a batch of events is laid out on the wire, and which types of events there are.

use super::ids::Ids;
use crate::protobuf::Shape;
use crate::protobuf::writer::push_field;

/// The number of the field of a request in a broker message that holds its client's name, a text: the highest that
/// protobuf has but one. Intake writes it, and takes it from no sender: it reads a request's header and events alone.
pub const CLIENT_FIELD: u32 = 536_870_910;

/// Wire layout of a batch of events.
#[derive(Debug)]
pub struct Envelope {
    /// Full name of the request message.
    pub message: &'static str,
    /// Field number of the header in the request.
    pub header: u32,
    /// Field number of the repeated events in the request.
    pub events: u32,
    /// Field number of the repeated requests in a broker message (`EventBatch`).
    pub batches: u32,
    /// The request's fields.
    pub request_shape: &'static Shape,
    /// The header's fields.
    pub header_shape: &'static Shape,
    /// An event's fields, the variants of its oneof among them.
    pub event_shape: &'static Shape,
    /// Field number of an event's id, a string.
    pub id: u32,
    /// Field number of an event's timestamp, a string of decimal milliseconds since the epoch.
    pub timestamp: u32,
    /// Version of the ids of events that come without one.
    pub ids: Ids,
    /// The variants of the oneof, by number.
    pub types: &'static [EventType],
}

impl Envelope {
    /// The request that holds events under their header.
    pub fn request(&self, header: &[u8], events: &[&[u8]]) -> Vec<u8> {
        let len: usize = events.iter().map(|event| event.len() + 6).sum();
        let mut out = Vec::with_capacity(header.len() + len + 16);
        push_field(&mut out, self.header, header);
        for event in events {
            push_field(&mut out, self.events, event);
        }
        out
    }

    /// The event type with this field number in the oneof.
    #[inline]
    pub fn event_type(&self, number: u32) -> Option<&'static EventType> {
        // Numbers mostly follow one another, so that a type's place is known from its own.
        let first = self.types.first()?.number;
        let guess = self.types.get(number.checked_sub(first)? as usize);
        if guess.is_some_and(|kind| kind.number == number) {
            return guess;
        }
        let at = self
            .types
            .binary_search_by_key(&number, |t| t.number)
            .ok()?;
        self.types.get(at)
    }
}

/// One variant of the oneof.
#[derive(Debug)]
pub struct EventType {
    /// Its field number in the oneof.
    pub number: u32,
    /// Its message name, which is also its routing key.
    pub name: &'static str,
    /// The fields of its payload.
    pub shape: &'static Shape,
}
