//! Requests of app events, written field by field, so that anything can be wrong with them.

use prost::encoding::encode_varint;

/// Field numbers of `event.Events`.
pub(super) const HEADER: u32 = 4;
pub(super) const EVENTS: u32 = 5;
/// Of `event.EventBatch`.
pub(super) const BATCHES: u32 = 1;
/// Of `event.Header`: a text.
pub(super) const SESSION_ID: u32 = 5;
/// Of `event.Event`.
pub(super) const ID: u32 = 4;
pub(super) const TIMESTAMP: u32 = 5;
pub(super) const CURRENT_URL: u32 = 6;
/// Variants: one without fields that matter, and one with a map.
pub(super) const LAUNCH: u32 = 9;
pub(super) const WIDGET_VIEW: u32 = 13;
/// The map of `event.WidgetViewEvent`.
pub(super) const RECO_INFO: u32 = 9;

/// Adds a field whose value has a length.
pub(super) fn push(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    const DELIMITED: u64 = 2;
    encode_varint(u64::from(number) << 3 | DELIMITED, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// A message of fields whose values have a length.
pub(super) fn message(fields: &[(u32, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, bytes) in fields {
        push(&mut out, *number, bytes);
    }
    out
}

/// An event of a variant.
pub(super) fn event(id: &str, timestamp: &str, variant: u32, payload: &[u8]) -> Vec<u8> {
    message(&[
        (ID, id.as_bytes()),
        (TIMESTAMP, timestamp.as_bytes()),
        (variant, payload),
    ])
}

/// A header with this as its session.
pub(super) fn header(session: &str) -> Vec<u8> {
    message(&[(SESSION_ID, session.as_bytes())])
}

/// A request.
pub(super) fn request(header: &[u8], events: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(
        header.len() + events.iter().map(|event| event.len() + 4).sum::<usize>() + 8,
    );
    push(&mut out, HEADER, header);
    for event in events {
        push(&mut out, EVENTS, event);
    }
    out
}

/// A message of requests.
pub(super) fn batch(requests: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for request in requests {
        push(&mut out, BATCHES, request);
    }
    out
}
