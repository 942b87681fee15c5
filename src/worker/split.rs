//! Splits a broker message into runs of events of one type, by offsets: nothing is decoded or copied.

use std::ops::Range;

use bytes::Bytes;

use crate::client::name_in;
use crate::contract::{CLIENT_FIELD, Envelope, EventType};
use crate::protobuf::wire::{self, RECURSION_LIMIT, WireType};
use crate::row_error::RowError;
use crate::unknown::UNKNOWN_MEMBERS;

/// Maximum number of events of a message: twice as many as of a request, from which older producers make one message.
/// It bounds the cost of a small message with many empty events.
pub(super) const MAX_EVENTS: usize = 100_000;

/// Events of one request, which share a header.
#[derive(Debug)]
pub(super) struct Part {
    /// Bytes of the header; several headers are merged by concatenation.
    pub header: Bytes,
    /// Name of the client that sent it; empty if it is unknown.
    pub client: Bytes,
    /// JSON around the events, of a request that came as JSON and has events that are kept so.
    pub json: Option<Around>,
    /// Runs of events of the same type, in the order of the message.
    pub runs: Vec<Run>,
    /// Events that no table can store, with the reason.
    pub lost: Vec<Lost>,
    /// True if some of its events have no id.
    pub without_ids: bool,
}

/// JSON around the events of a request: its header before them, the end of their list after them.
#[derive(Debug)]
pub(super) struct Around {
    pub before: Bytes,
    pub after: Bytes,
}

/// Run of events of one type.
#[derive(Debug)]
pub(super) struct Run {
    /// Type of the events.
    pub kind: &'static EventType,
    /// Ranges of the events in the message.
    pub events: Vec<Range<usize>>,
}

/// Event that no table can store.
#[derive(Debug)]
pub(super) struct Lost {
    /// Range of the event in the message.
    pub event: Range<usize>,
    /// Reason.
    pub why: Why,
    /// JSON of the event, if it came as JSON. The message doesn't hold it otherwise.
    pub json: Option<Bytes>,
}

/// Reason why no table can store an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// It isn't well formed.
    RowError(RowError),
    /// It is of a type that this build doesn't know.
    UnknownType(u32),
    /// Its type is unknown, and it came as JSON: there the type has a name.
    UnknownMember {
        /// Name of its type.
        name: String,
    },
    /// It has no type at all.
    NoType,
}

/// Splits a message that holds requests (an `EventBatch`), or one request.
pub(super) fn split(
    envelope: &'static Envelope,
    body: &Bytes,
    batch: bool,
) -> Result<Vec<Part>, RowError> {
    let mut left = MAX_EVENTS;
    if !batch {
        return Ok(vec![part(envelope, body, 0..body.len(), &mut left)?]);
    }
    let mut parts = Vec::new();
    each_field(body, 0..body.len(), |number, wire_type, value| {
        if number == envelope.batches {
            expect_delimited(wire_type)?;
            parts.push(part(envelope, body, value, &mut left)?);
        }
        Ok(())
    })?;
    Ok(parts)
}

/// Splits one request. `left` is how many more events the message may have.
fn part(
    envelope: &'static Envelope,
    body: &Bytes,
    request: Range<usize>,
    left: &mut usize,
) -> Result<Part, RowError> {
    let mut header: Option<Bytes> = None;
    let mut part = Part {
        header: Bytes::new(),
        client: Bytes::new(),
        json: None,
        runs: Vec::new(),
        lost: Vec::new(),
        without_ids: false,
    };
    each_field(body, request, |number, wire_type, value| {
        if number == envelope.header {
            expect_delimited(wire_type)?;
            let next = body.slice(value);
            header = Some(match header.take() {
                None => next,
                Some(before) => [before, next].concat().into(),
            });
        } else if number == CLIENT_FIELD {
            let name = name_in(body.get(value.clone()).unwrap_or_default());
            if wire_type == WireType::LengthDelimited && !name.is_empty() {
                part.client = body.slice(value);
            }
        } else if number == envelope.events {
            expect_delimited(wire_type)?;
            *left = left.checked_sub(1).ok_or_else(too_many)?;
            let mut has_id = false;
            let kind = event_type(envelope, body, value.clone(), &mut has_id);
            part.without_ids |= !has_id;
            match kind {
                Ok(kind) => part.add(kind, value),
                Err(why) => part.lost.push(Lost {
                    event: value,
                    why,
                    json: None,
                }),
            }
        }
        Ok(())
    })?;
    part.header = header.unwrap_or_default();
    Ok(part)
}

pub(super) fn too_many() -> RowError {
    let reason = format!("the message has more than {MAX_EVENTS} events; send fewer in one");
    RowError::field("events", reason)
}

impl Part {
    /// Adds an event behind the others.
    pub(super) fn add(&mut self, kind: &'static EventType, event: Range<usize>) {
        match self.runs.last_mut() {
            Some(run) if run.kind.number == kind.number => run.events.push(event),
            _ => self.runs.push(Run {
                kind,
                events: vec![event],
            }),
        }
    }
}

/// Type of an event: the last variant of its oneof, as prost merges them; and true if it has an id.
fn event_type(
    envelope: &'static Envelope,
    body: &[u8],
    event: Range<usize>,
    has_id: &mut bool,
) -> Result<&'static EventType, Why> {
    let (mut known, mut unknown) = (None, None);
    each_field(body, event, |number, wire_type, value| {
        if let Some(kind) = envelope.event_type(number) {
            known = Some(kind);
        } else if number == envelope.id {
            *has_id = !value.is_empty();
        } else if wire_type == WireType::LengthDelimited
            && number != UNKNOWN_MEMBERS
            && envelope.event_shape.field(number).is_none()
            && envelope.event_shape.retired(number).is_none()
        {
            unknown = Some(number);
        }
        Ok(())
    })
    .map_err(Why::RowError)?;
    match (known, unknown) {
        (Some(kind), _) => Ok(kind),
        (None, Some(number)) => Err(Why::UnknownType(number)),
        (None, None) => Err(Why::NoType),
    }
}

fn expect_delimited(wire_type: WireType) -> Result<(), RowError> {
    if wire_type == WireType::LengthDelimited {
        Ok(())
    } else {
        Err(wire::WRONG_TYPE)
    }
}

/// Calls `visit` with each field of the message at `range` of `bytes`, and the range of its value.
fn each_field(
    bytes: &[u8],
    range: Range<usize>,
    mut visit: impl FnMut(u32, WireType, Range<usize>) -> Result<(), RowError>,
) -> Result<(), RowError> {
    let message = bytes.get(range.clone()).unwrap_or_default();
    let mut at = 0;
    while at < message.len() {
        let (number, wire_type) = wire::key(message, &mut at)?;
        let value = if wire_type == WireType::LengthDelimited {
            let len = wire::delimited(message, &mut at)?.len();
            range.start + at - len..range.start + at
        } else {
            let start = range.start + at;
            wire::skip(message, &mut at, number, wire_type, RECURSION_LIMIT)?;
            start..range.start + at
        };
        visit(number, wire_type, value)?;
    }
    Ok(())
}
