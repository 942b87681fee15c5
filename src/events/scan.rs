//! Scan: one pass over the undecoded bytes of a request, for its header and the facts about each event.
//!
//! A request is refused as a whole exactly if its framing or its header doesn't decode. Each event stands alone: it is
//! well formed exactly if prost's `decode` accepts its bytes. Repeated fields count as prost merges them.

use std::borrow::Cow;

use super::verdict::Verdict;
use crate::contract::{Envelope, EventType};
use crate::function::epoch_millis;
use crate::protobuf::Label;
use crate::protobuf::well_formed;
use crate::protobuf::wire::{self, RECURSION_LIMIT, WRONG_TYPE, WireType};
use crate::row_error::RowError;
use crate::unknown::UNKNOWN_MEMBERS;

/// Maximum number of events of a request. It bounds the cost of a small request with many empty events.
pub const MAX_EVENTS: usize = 50_000;

/// Scanned request.
#[derive(Debug)]
pub struct Request<'a> {
    /// Bytes of the header; all occurrences behind each other, which is how protobuf merges them.
    pub header: Option<Cow<'a, [u8]>>,
    /// Events, in the order in which they were received.
    pub events: Vec<Event<'a>>,
}

/// One event of a request.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// Bytes of the event; of one that was sent as JSON and isn't valid, the JSON.
    pub bytes: &'a [u8],
    /// True if its bytes are JSON.
    pub json: bool,
    /// Id in UTF-8; empty if there is none.
    pub id: &'a [u8],
    /// Timestamp as it was sent, in UTF-8; empty if there is none.
    pub timestamp: &'a [u8],
    /// Verdict on the event.
    pub verdict: Verdict,
    /// True if it has at most one variant and no empty id, so that its bytes can be used as they are.
    pub plain: bool,
}

/// Error that refuses a whole request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The request's own fields don't decode.
    #[error("the request is {0}")]
    Framing(RowError),
    /// The header doesn't decode.
    #[error("the header is {0}")]
    Header(RowError),
    /// There are too many events.
    #[error("more than {MAX_EVENTS} events in one request; send fewer at once")]
    TooMany,
}

/// Scans a request.
pub fn scan<'a>(bytes: &'a [u8], envelope: &'static Envelope) -> Result<Request<'a>, Refused> {
    let mut header: Option<Cow<'a, [u8]>> = None;
    let mut events = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (number, wire_type) = wire::key(bytes, &mut at).map_err(Refused::Framing)?;
        if number != envelope.header && number != envelope.events {
            wire::skip(bytes, &mut at, number, wire_type, RECURSION_LIMIT)
                .map_err(Refused::Framing)?;
            continue;
        }
        if wire_type != WireType::LengthDelimited {
            return Err(Refused::Framing(WRONG_TYPE));
        }
        let inner = wire::delimited(bytes, &mut at).map_err(Refused::Framing)?;
        if number == envelope.header {
            well_formed::check(inner, envelope.header_shape, RECURSION_LIMIT - 1)
                .map_err(Refused::Header)?;
            match &mut header {
                None => header = Some(Cow::Borrowed(inner)),
                Some(before) => before.to_mut().extend_from_slice(inner),
            }
        } else {
            if events.len() == MAX_EVENTS {
                return Err(Refused::TooMany);
            }
            if events.capacity() == 0 {
                // The first event's size predicts their number; a wrong guess costs one more growth.
                events.reserve(((bytes.len() - at) / (inner.len() + 2) + 1).min(1_000));
            }
            events.push(event(inner, envelope));
        }
    }
    Ok(Request { header, events })
}

/// Scans an event.
pub(super) fn event<'a>(bytes: &'a [u8], envelope: &'static Envelope) -> Event<'a> {
    let mut found = Found::default();
    let verdict = match walk(bytes, envelope, &mut found) {
        Err(bad) => Verdict::Malformed(bad),
        Ok(()) => match (found.kind, found.unknown) {
            (Some(kind), _) => match epoch_millis(found.timestamp) {
                Ok(_) => Verdict::Good(kind),
                Err(reason) => Verdict::BadTimestamp(reason),
            },
            (None, 0) => Verdict::NoType,
            (None, number) => Verdict::UnknownType(number),
        },
    };
    Event {
        bytes,
        json: false,
        id: found.id,
        timestamp: found.timestamp,
        verdict,
        plain: found.variants <= 1 && (found.ids == 0 || !found.id.is_empty()),
    }
}

/// Result of a walk over an event.
#[derive(Default)]
struct Found<'a> {
    id: &'a [u8],
    ids: u32,
    timestamp: &'a [u8],
    /// Variant that came last.
    kind: Option<&'static EventType>,
    variants: u32,
    /// Highest number of an unknown field that could be a variant, a message; 0 for none. New variants take the next
    /// free number, so an unknown plain field is not mistaken for the type.
    unknown: u32,
}

fn walk<'a>(
    bytes: &'a [u8],
    envelope: &'static Envelope,
    found: &mut Found<'a>,
) -> Result<(), RowError> {
    let mut at = 0;
    while at < bytes.len() {
        let (number, wire_type) = wire::key(bytes, &mut at)?;
        let Some((_, field)) = envelope.event_shape.field(number) else {
            // Unknown JSON members are not a type, nor is a field that an event had before.
            if wire_type == WireType::LengthDelimited
                && number != UNKNOWN_MEMBERS
                && envelope.event_shape.retired(number).is_none()
            {
                found.unknown = found.unknown.max(number);
            }
            wire::skip(bytes, &mut at, number, wire_type, RECURSION_LIMIT)?;
            continue;
        };
        if number == envelope.id || number == envelope.timestamp {
            if wire_type != WireType::LengthDelimited {
                return Err(WRONG_TYPE);
            }
            let text = wire::utf8(wire::delimited(bytes, &mut at)?)?;
            if number == envelope.id {
                found.id = text;
                found.ids += 1;
            } else {
                found.timestamp = text;
            }
            continue;
        }
        let repeated = field.label == Label::Repeated;
        well_formed::value(
            bytes,
            &mut at,
            wire_type,
            field.kind,
            repeated,
            RECURSION_LIMIT,
        )?;
        if matches!(field.label, Label::Oneof(_))
            && let Some(kind) = envelope.event_type(number)
        {
            found.kind = Some(kind);
            found.variants += 1;
        }
    }
    Ok(())
}
