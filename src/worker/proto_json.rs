//! Converts requests that other services publish as proto3 JSON into protobuf.

use bytes::Bytes;

use super::split::{Around, Lost, MAX_EVENTS, Part, Why, too_many};
use crate::contract::Envelope;
use crate::proto_json::{Found, Most, ProtoJson, Request, Unread};
use crate::row_error::RowError;

/// Maximum number of bad events of a message with a reason of their own: beyond these they share dead letters.
const TOLD: usize = 4096;

/// Decodes a request: its protobuf form, and its one part, which keeps the JSON of each event that no table can store.
pub(super) fn read(
    reader: &ProtoJson,
    envelope: &'static Envelope,
    json: &Bytes,
) -> Result<(Bytes, Part), RowError> {
    let most = Most {
        events: MAX_EVENTS,
        told: TOLD,
    };
    let request = reader.read(json, most).map_err(|unread| match unread {
        Unread::TooMany(_) => too_many(),
        unread => RowError::field(envelope.message, unread.to_string()),
    })?;
    let Request {
        wire,
        header,
        events,
        around,
        ..
    } = request;
    let wire = Bytes::from(wire);
    let mut part = Part {
        header: header.map_or_else(Bytes::new, |header| wire.slice(header)),
        client: Bytes::new(),
        json: None,
        runs: Vec::new(),
        lost: Vec::new(),
        without_ids: false,
    };
    for event in events {
        let kind = match &event.found {
            Found::Known(number, _) => envelope.event_type(*number),
            _ => None,
        };
        let why = match (event.found, kind) {
            (Found::Known(_, place), Some(kind)) => {
                part.add(kind, place);
                continue;
            }
            (Found::Unknown(name), _) => Why::UnknownMember { name },
            (Found::RowError(bad), _) => Why::RowError(bad),
            (Found::Known(..) | Found::NoType, _) => Why::NoType,
        };
        // It has no protobuf form; an offset beyond the body distinguishes it.
        let start = wire.len() + event.at;
        part.lost.push(Lost {
            event: start..start + event.text.len(),
            why,
            json: Some(json.slice(event.at..event.at + event.text.len())),
        });
    }
    if !part.lost.is_empty() {
        let (before, after) = around.ends();
        part.json = Some(Around {
            before: before.into(),
            after: Bytes::from_static(after),
        });
    }
    Ok((wire, part))
}
