//! Ids for events that came over AMQP without one: the same that intake makes, whoever delivers the event and how often.
//!
//! Our own intake never sends such events, so that nothing is done here but to look whether there are any. Under
//! version 1 of ids they keep none, and rows of the same type and time replace each other.

use bytes::Bytes;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use super::duty::Received;
use super::split::{Lost, Part, Why, split};
use crate::contract::column::plain::push_varint;
use crate::contract::ids::Maker;
use crate::contract::wire::{self, RECURSION_LIMIT, WireType};
use crate::contract::{Bad, Envelope, Ids};

/// Takes a message apart whose body is `body`, with ids written into it where they are made. `delivery` is the message
/// as it came.
pub(super) fn split_with_ids(
    envelope: &'static Envelope,
    body: &mut Bytes,
    batch: bool,
    delivery: &Received,
) -> Result<Vec<Part>, Bad> {
    let parts = split(envelope, body, batch)?;
    if envelope.ids == Ids::Bytes || parts.iter().all(|part| !part.without_ids) {
        return Ok(parts);
    }
    *body = with_ids(envelope, &parts, body, batch, identity(delivery)).into();
    split(envelope, body, batch)
}

/// The same of a request that came as JSON, which is on the wire now: its events, and its part anew.
pub(super) fn json_with_ids(
    envelope: &'static Envelope,
    wire: Bytes,
    part: Part,
    delivery: &Received,
) -> Result<(Bytes, Part), Bad> {
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
    // What isn't on the wire stays beyond all that is.
    let further = body.len().saturating_sub(wire.len());
    again.lost.extend(part.lost.into_iter().map(|lost| Lost {
        event: lost.event.start + further..lost.event.end + further,
        ..lost
    }));
    again.json = part.json;
    Ok((body, again))
}

/// What tells a message from others, also when it is delivered again.
fn identity(delivery: &Received) -> u128 {
    match delivery.properties.message_id.as_deref() {
        Some(id) if !id.is_empty() => xxh3_128(id.as_bytes()),
        _ => xxh3_128(&delivery.body),
    }
}

fn with_ids(
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
        push_field(&mut request, envelope.header, &part.header);
        for (range, typed, unknown) in in_order(part) {
            let event = body.get(range).unwrap_or_default();
            let found = Found::of(envelope, event).filter(|found| typed && found.id.is_empty());
            let id = found.and_then(|found| {
                if !envelope.ids.of_content(found.timestamp) {
                    return None;
                }
                // What an event of an unknown type says is for the build to tell that will know its type.
                if unknown && !found.timestamp.is_empty() {
                    return None;
                }
                // Without a timestamp, nothing but its place tells an event from one that is the same and meant, too.
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

/// Where a part's events are, in the order in which they came, whether they have a type, and whether it is unknown.
fn in_order(part: &Part) -> Vec<(std::ops::Range<usize>, bool, bool)> {
    let runs = part.runs.iter().flat_map(|run| &run.events);
    let runs = runs.map(|event| (event.clone(), true, false));
    // What came as JSON and is kept so isn't on the wire.
    let lost = part.lost.iter().filter(|lost| lost.json.is_none());
    let lost = lost.map(|lost| {
        let typed = matches!(lost.why, Why::UnknownType(_));
        (lost.event.clone(), typed, typed)
    });
    let mut events: Vec<_> = runs.chain(lost).collect();
    events.sort_by_key(|(event, ..)| event.start);
    events
}

/// What of an event decides about its id; of what is there several times, the last.
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

fn push_field(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    const DELIMITED: u64 = 2;
    push_varint(out, u64::from(number) << 3 | DELIMITED);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
