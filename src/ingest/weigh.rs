//! Weight of a request of typed events: first from its framing, before any work is done for it; then, once it is
//! scanned, as the rows that it would become.

use super::response::Refusal;
use crate::contract::Envelope;
use crate::events::{Event, MAX_EVENTS, Refused, Verdict};
use crate::protobuf::wire::{self, RECURSION_LIMIT, WireType};
use crate::weight::{self, MAX_HEADER, MAX_REQUEST, Most};

/// Upper bound on the weight of a protobuf request until it is published, from its framing. Errors of the framing are
/// left to the scan.
pub(super) fn wire(bytes: &[u8], envelope: &Envelope, most: Most) -> Result<u64, Refusal> {
    let (mut header, mut events, mut at) = (0_usize, 0, 0);
    while let Ok((number, wire_type)) = wire::key(bytes, &mut at) {
        let inner = match wire_type {
            WireType::LengthDelimited => wire::delimited(bytes, &mut at).map(<[u8]>::len),
            other => wire::skip(bytes, &mut at, number, other, RECURSION_LIMIT).map(|()| 0),
        };
        let Ok(inner) = inner else {
            break;
        };
        if number == envelope.events {
            events += 1;
        } else if number == envelope.header {
            header += inner;
        }
    }
    if events > MAX_EVENTS {
        return Err(Refused::TooMany.into());
    }
    if header > MAX_HEADER {
        return Err(header_too_heavy(header));
    }
    let groups = weight::groups(envelope.types.len(), bytes.len(), events, header, most);
    Ok(weight::request(bytes.len(), events, header, groups))
}

/// Weight of a proto3 JSON request until it is decoded.
pub(super) fn json(text: &[u8]) -> Result<u64, Refusal> {
    let weight = weight::proto_json(text.len());
    if weight > MAX_REQUEST {
        let why = format!(
            "it has {} bytes of JSON; send fewer events at once, or protobuf",
            text.len()
        );
        return Err(too_heavy(weight, why));
    }
    Ok(weight)
}

/// Weight of a decoded JSON request, like [`wire`]: a header and so many events, valid or not.
pub(super) fn read(
    header: usize,
    events: usize,
    bytes: usize,
    envelope: &Envelope,
    most: Most,
) -> Result<u64, Refusal> {
    if header > MAX_HEADER {
        return Err(header_too_heavy(header));
    }
    let groups = weight::groups(envelope.types.len(), bytes, events, header, most);
    Ok(weight::request(bytes, events, header, groups))
}

/// Refuses a request whose rows would be too heavy: the valid events, and those that a later build may know. Refused
/// events become a few dead letters at most, whatever their number.
pub(super) fn rows(header: usize, events: &[Event<'_>]) -> Result<(), Refusal> {
    let (mut count, mut bytes) = (0, 0);
    for event in events {
        if matches!(event.verdict, Verdict::Good(_)) || event.verdict.is_unknown() {
            count += 1;
            bytes += event.bytes.len();
        }
    }
    let weight = weight::events(header, count, bytes);
    if weight > MAX_REQUEST {
        let each = weight::events(header, 1, bytes.div_ceil(count.max(1)));
        return Err(too_heavy(
            weight,
            format!(
                "each of its {count} events repeats the header of {} bytes; send at most {} such events at once",
                header,
                MAX_REQUEST / each.max(1),
            ),
        ));
    }
    Ok(())
}

fn header_too_heavy(size: usize) -> Refusal {
    Refusal::HeaderTooHeavy {
        size,
        limit: MAX_HEADER,
    }
}

fn too_heavy(weight: u64, why: String) -> Refusal {
    Refusal::TooHeavy {
        weight,
        limit: MAX_REQUEST,
        why,
    }
}
