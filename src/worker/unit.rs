//! Single units of a message: an event under its header, or a JSON object.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::message::{Content, Prepared};
use super::split::Part;
use crate::contract::headers::JSON;
use crate::contract::{Envelope, EventType, Input};

/// Message that would hold the unit alone.
pub(super) struct Body {
    pub bytes: Bytes,
    pub content_type: Option<Cow<'static, str>>,
    pub kind: Option<Cow<'static, str>>,
}

/// Unit by itself: a request with a single event, a single JSON object, or the whole message.
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
            let Some((part, event)) = event_at(parts, unit) else {
                return whole(message);
            };
            match as_json(part, &[event]) {
                Some(bytes) => Body {
                    bytes,
                    content_type: Some(JSON.into()),
                    kind,
                },
                None => of_kind(
                    request(envelope, part, &[event], &message.delivery.body),
                    kind,
                ),
            }
        }
        (Content::Json(objects), _) if objects.len() > 1 => {
            let text = objects.text(&message.delivery.body, unit);
            of_kind(text, properties.kind.clone())
        }
        _ => whole(message),
    }
}

/// Units by themselves: events of one request that are all kept as JSON, or none of them.
pub(super) fn together(message: &Prepared, units: &[usize]) -> Body {
    let (Content::Events(parts), Input::Events(envelope), [first, _, ..]) =
        (&message.content, message.queue.input, units)
    else {
        return units
            .first()
            .map_or_else(|| whole(message), |unit| alone(message, *unit));
    };
    let places = places(parts);
    let events: Vec<&Range<usize>> = units
        .iter()
        .filter_map(|unit| places.get(*unit).map(|place| place.event))
        .collect();
    let Some(part) = places.get(*first).and_then(|place| parts.get(place.part)) else {
        return whole(message);
    };
    let (bytes, content_type) = match as_json(part, &events) {
        Some(bytes) => (bytes, Some(JSON.into())),
        None => (
            request(envelope, part, &events, &message.delivery.body),
            message.delivery.properties.content_type.clone(),
        ),
    };
    Body {
        bytes,
        content_type,
        kind: Some(envelope.message.into()),
    }
}

/// Position of a unit.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// Index of its part.
    pub part: usize,
    /// Range of the event in the message.
    pub event: &'a Range<usize>,
    /// Type, if it is known.
    pub kind: Option<&'static EventType>,
}

/// Positions of the units of a message, in order.
pub(super) fn places(parts: &[Part]) -> Vec<Place<'_>> {
    let mut places = Vec::new();
    for (part, of) in parts.iter().enumerate() {
        for run in &of.runs {
            let kind = Some(run.kind);
            places.extend(run.events.iter().map(|event| Place { part, event, kind }));
        }
        let lost = of.lost.iter().map(|lost| &lost.event);
        places.extend(lost.map(|event| Place {
            part,
            event,
            kind: None,
        }));
    }
    places
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

/// Name of an event's type.
pub(super) fn kind_of(message: &Prepared, unit: usize) -> Option<&'static str> {
    let Content::Events(parts) = &message.content else {
        return None;
    };
    let (part, event) = event_at(parts, unit)?;
    let run = part.runs.iter().find(|run| run.events.contains(event))?;
    Some(run.kind.name)
}

/// Part of a unit, and its range in the message.
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

/// Request in JSON of events that are kept so; none if they aren't.
fn as_json(part: &Part, events: &[&Range<usize>]) -> Option<Bytes> {
    let around = part.json.as_ref()?;
    let mut out = around.before.to_vec();
    // The events of a part are in order, and those that no table can store are few or all.
    let mut lost = part.lost.iter();
    for (at, event) in events.iter().enumerate() {
        let lost = lost.find(|lost| lost.event == **event)?;
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(lost.json.as_ref()?);
    }
    out.extend_from_slice(&around.after);
    Some(out.into())
}

/// Request that holds events under their header.
fn request(envelope: &Envelope, part: &Part, events: &[&Range<usize>], body: &[u8]) -> Bytes {
    let events = events.iter();
    let events: Vec<&[u8]> = events
        .map(|event| body.get((*event).clone()).unwrap_or_default())
        .collect();
    envelope.request(&part.header, &events).into()
}
