//! What one unit of a message is by itself: an event under its header, or a JSON object.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::prepare::{Content, Prepared};
use super::split::{Part, Why};
use crate::contract::column::plain::push_varint;
use crate::contract::headers::JSON;
use crate::contract::{Envelope, Input};

/// A message that would hold the unit alone.
pub(super) struct Body {
    pub bytes: Bytes,
    pub content_type: Option<Cow<'static, str>>,
    pub kind: Option<Cow<'static, str>>,
}

/// A unit by itself: a request with a single event, a single JSON object, or the whole message.
pub(super) fn alone(message: &Prepared, unit: usize) -> Body {
    let properties = &message.delivery.properties;
    let of_kind = |bytes: Bytes, kind: Option<Cow<'static, str>>| Body {
        bytes,
        content_type: properties.content_type.clone(),
        kind,
    };
    match (&message.content, message.queue.input) {
        (Content::Events(parts), Input::Events(envelope)) => {
            let kind = Some(Cow::Borrowed(envelope.message));
            match (event_at(parts, unit), as_json(parts, unit)) {
                (_, Some(request)) => Body {
                    bytes: request.clone(),
                    content_type: Some(JSON.into()),
                    kind,
                },
                (Some((part, event)), None) => {
                    of_kind(request(envelope, part, event, &message.delivery.body), kind)
                }
                (None, None) => whole(message),
            }
        }
        (Content::Json(objects), _) if objects.len() > 1 => {
            let text = objects.text(&message.delivery.body, unit);
            of_kind(text, properties.kind.clone())
        }
        _ => whole(message),
    }
}

/// All units of a message together, as they came.
pub(super) fn whole(message: &Prepared) -> Body {
    let properties = &message.delivery.properties;
    let (bytes, content_type) = match &message.as_json {
        Some(json) => (json, Some(JSON.into())),
        None => (&message.delivery.body, properties.content_type.clone()),
    };
    Body {
        bytes: bytes.clone(),
        content_type,
        kind: properties.kind.clone(),
    }
}

/// The name of an event's type.
pub(super) fn kind_of(message: &Prepared, unit: usize) -> Option<&'static str> {
    let Content::Events(parts) = &message.content else {
        return None;
    };
    let (part, event) = event_at(parts, unit)?;
    let run = part.runs.iter().find(|run| run.events.contains(event))?;
    Some(run.kind.name)
}

/// The part that a unit is in, and where it is in the message.
pub(super) fn event_at(parts: &[Part], mut unit: usize) -> Option<(&Part, &Range<usize>)> {
    for part in parts {
        let events = part
            .runs
            .iter()
            .flat_map(|r| &r.events)
            .chain(part.lost.iter().map(|l| &l.event));
        let count = events.clone().count();
        match unit.checked_sub(count) {
            Some(rest) => unit = rest,
            None => return events.into_iter().nth(unit).map(|event| (part, event)),
        }
    }
    None
}

/// The request of an event that only its JSON tells in full.
fn as_json(parts: &[Part], unit: usize) -> Option<&Bytes> {
    let (part, event) = event_at(parts, unit)?;
    let lost = part.lost.iter().find(|lost| lost.event == *event)?;
    match &lost.why {
        Why::UnknownMember { request, .. } => Some(request),
        Why::Bad(_) | Why::UnknownType(_) | Why::NoType => None,
    }
}

/// A request that holds one event under its header.
fn request(envelope: &Envelope, part: &Part, event: &Range<usize>, body: &[u8]) -> Bytes {
    let event = body.get(event.clone()).unwrap_or_default();
    let mut out = Vec::with_capacity(part.header.len() + event.len() + 16);
    for (number, bytes) in [
        (envelope.header, &part.header[..]),
        (envelope.events, event),
    ] {
        const DELIMITED: u64 = 2;
        push_varint(&mut out, u64::from(number) << 3 | DELIMITED);
        push_varint(&mut out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }
    out.into()
}
