//! Ids for events that came over AMQP without one: the same ids that intake makes, whoever delivers the event and how
//! often.
//!
//! Intake never publishes such events, so usually this only looks for any. Under version 1 of ids they get none, and
//! rows of the same type and time replace each other.

use bytes::Bytes;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use super::ack_guard::Received;
use super::split::{Lost, Part, Why, split};
use crate::contract::{CLIENT_FIELD, Envelope, Ids};
use crate::identity::Maker;
use crate::protobuf::wire::{self, RECURSION_LIMIT, WireType};
use crate::protobuf::writer::push_field;
use crate::row_error::RowError;

/// Splits a message, whose body is `body`, and writes ids into it where they are missing. `delivery` is the received
/// message.
pub(super) fn split_with_ids(
    envelope: &'static Envelope,
    body: &mut Bytes,
    batch: bool,
    delivery: &Received,
) -> Result<Vec<Part>, RowError> {
    let parts = split(envelope, body, batch)?;
    if envelope.ids == Ids::Bytes || parts.iter().all(|part| !part.without_ids) {
        return Ok(parts);
    }
    *body = with_ids(envelope, &parts, body, batch, identity(delivery)).into();
    split(envelope, body, batch)
}

/// Splits a request that came as JSON, and was converted to protobuf, likewise: its events, and its new part.
pub(super) fn json_with_ids(
    envelope: &'static Envelope,
    wire: Bytes,
    part: Part,
    delivery: &Received,
) -> Result<(Bytes, Part), RowError> {
    let has_id = |event: &std::ops::Range<usize>| {
        let found = Found::of(envelope, wire.get(event.clone()).unwrap_or_default());
        found.is_some_and(|found| !found.id.is_empty())
    };
    if envelope.ids == Ids::Bytes || part.runs.iter().all(|run| run.events.iter().all(has_id)) {
        return Ok((wire, part));
    }
    let parts = std::slice::from_ref(&part);
    let body = Bytes::from(with_ids(envelope, parts, &wire, false, identity(delivery)));
    let Some(mut again) = split(envelope, &body, false)?.pop() else {
        return Ok((wire, part));
    };
    // Offsets of events that have no protobuf form stay beyond the body.
    let further = body.len().saturating_sub(wire.len());
    again.lost.extend(part.lost.into_iter().map(|lost| Lost {
        event: lost.event.start + further..lost.event.end + further,
        ..lost
    }));
    again.json = part.json;
    again.client = part.client;
    Ok((body, again))
}

/// Identity of a message, also when it is delivered again.
fn identity(delivery: &Received) -> u128 {
    match delivery.properties.message_id.as_deref() {
        Some(id) if !id.is_empty() => xxh3_128(id.as_bytes()),
        _ => xxh3_128(&delivery.body),
    }
}

pub(super) fn with_ids(
    envelope: &'static Envelope,
    parts: &[Part],
    body: &[u8],
    batch: bool,
    identity: u128,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + body.len() / 4);
    let mut position = 0;
    for part in parts {
        let ids = Maker::new(envelope, &part.header);
        let mut request = Vec::new();
        if !part.client.is_empty() {
            push_field(&mut request, CLIENT_FIELD, &part.client);
        }
        push_field(&mut request, envelope.header, &part.header);
        for (range, typed, unknown) in in_order(part) {
            let event = body.get(range).unwrap_or_default();
            let found = Found::of(envelope, event).filter(|found| typed && found.id.is_empty());
            let id = found.and_then(|found| {
                if !envelope.ids.of_content(found.timestamp) {
                    return None;
                }
                // The content of an event of an unknown type is only known to the build that will know the type.
                if unknown && !found.timestamp.is_empty() {
                    return None;
                }
                // Without a timestamp, only its position distinguishes an event from an equal one that is meant, too.
                let placed = || Uuid::from_u128(identity.wrapping_add(position));
                Some(ids.make(event, found.timestamp).unwrap_or_else(placed))
            });
            position += 1;
            match id {
                None => push_field(&mut request, envelope.events, event),
                Some(id) => {
                    let mut text = Uuid::encode_buffer();
                    let mut with_id = Vec::with_capacity(event.len() + text.len() + 2);
                    let id = id.hyphenated().encode_lower(&mut text);
                    push_field(&mut with_id, envelope.id, id.as_bytes());
                    without(envelope.id, event, &mut with_id);
                    push_field(&mut request, envelope.events, &with_id);
                }
            }
        }
        match batch {
            true => push_field(&mut out, envelope.batches, &request),
            false => out.append(&mut request),
        }
    }
    out
}

/// Ranges of a part's events in the order of arrival, and if each has a type, and if that is unknown.
fn in_order(part: &Part) -> Vec<(std::ops::Range<usize>, bool, bool)> {
    let runs = part.runs.iter().flat_map(|run| &run.events);
    let runs = runs.map(|event| (event.clone(), true, false));
    // An event that is kept as JSON has no protobuf form.
    let lost = part.lost.iter().filter(|lost| lost.json.is_none());
    let lost = lost.map(|lost| {
        let typed = matches!(lost.why, Why::UnknownType(_));
        (lost.event.clone(), typed, typed)
    });
    let mut events: Vec<_> = runs.chain(lost).collect();
    events.sort_by_key(|(event, ..)| event.start);
    events
}

/// Fields of an event that its id depends on; the last occurrence counts.
#[derive(Default)]
struct Found<'a> {
    id: &'a [u8],
    timestamp: &'a [u8],
}

impl<'a> Found<'a> {
    fn of(envelope: &Envelope, event: &'a [u8]) -> Option<Self> {
        let mut found = Found::default();
        let mut at = 0;
        while at < event.len() {
            let (number, wire_type) = wire::key(event, &mut at).ok()?;
            if wire_type != WireType::LengthDelimited {
                wire::skip(event, &mut at, number, wire_type, RECURSION_LIMIT).ok()?;
                continue;
            }
            let value = wire::delimited(event, &mut at).ok()?;
            if number == envelope.id {
                found.id = value;
            } else if number == envelope.timestamp {
                found.timestamp = value;
            }
        }
        Some(found)
    }
}

/// Appends a well-formed message without one of its fields.
fn without(field: u32, message: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    while at < message.len() {
        let start = at;
        let Ok((number, wire_type)) = wire::key(message, &mut at) else {
            return;
        };
        if wire::skip(message, &mut at, number, wire_type, RECURSION_LIMIT).is_err() {
            return;
        }
        if number != field {
            out.extend_from_slice(message.get(start..at).unwrap_or_default());
        }
    }
}
