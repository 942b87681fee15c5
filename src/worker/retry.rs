//! Retry: a copy of a message for its queue that holds only the undecided units.

use std::borrow::Cow;

use bytes::Bytes;

use super::ack_guard::Received;
use super::message::{Content, Prepared, units};
use super::objects::Objects;
use super::split::Part;
use super::unit::{self, event_at};
use crate::broker::{HeaderValue, Outgoing, Properties, SHORT};
use crate::contract::headers as h;
use crate::contract::{CLIENT_FIELD, Envelope, IdFrom, Input};
use crate::protobuf::writer::push_field;

/// Copies for a message's queue with these of its units, in ascending order. Each object of a list travels by itself,
/// under the id that it has in the list.
pub(super) fn copies(
    message: &Prepared,
    undecided: &[usize],
    counted: bool,
    now_ms: i64,
) -> Vec<Outgoing> {
    if undecided.len() == units(&message.content) {
        return vec![whole(message, counted, now_ms)];
    }
    match (&message.content, message.queue.input) {
        (Content::Events(parts), Input::Events(envelope)) => {
            let mut properties = properties(&message.delivery, counted, now_ms);
            properties.content_type = Some(h::PROTOBUF.into());
            properties.kind = Some(h::EVENT_BATCH.into());
            let body = batch(envelope, parts, undecided, &message.delivery.body);
            vec![outgoing(message, body, properties)]
        }
        (Content::Json(objects), _) if !divides(message, objects, undecided) => {
            vec![whole(message, counted, now_ms)]
        }
        (Content::Json(objects), _) => undecided
            .iter()
            .map(|unit| {
                let mut properties = properties(&message.delivery, counted, now_ms);
                set_id(message, objects, *unit, &mut properties);
                let body = objects.text(&message.delivery.body, *unit);
                outgoing(message, body, properties)
            })
            .collect(),
        _ => vec![whole(message, counted, now_ms)],
    }
}

/// True if each of these objects may travel by itself: under its id, which AMQP must be able to hold, and with the
/// headers of the message, which must not become too much together. Otherwise the message goes back as a whole; units
/// that are stored already have the same keys.
fn divides(message: &Prepared, objects: &Objects, undecided: &[usize]) -> bool {
    const TOGETHER: usize = 1 << 20;
    let delivery = &message.delivery;
    let each = delivery.properties.encoded_len();
    let fits = |unit: &usize| objects.id(message.queue, delivery, *unit).len() <= SHORT;
    each.saturating_mul(undecided.len()) <= TOGETHER && undecided.iter().all(fits)
}

/// Sets the id of an object that was in a list, for when it travels by itself.
fn set_id(message: &Prepared, objects: &Objects, unit: usize, properties: &mut Properties) {
    let id = objects.id(message.queue, &message.delivery, unit);
    if message.queue.id != IdFrom::MessageId {
        properties.set_header(h::OBJECT_ID, HeaderValue::Text(id.clone()));
    }
    properties.message_id = Some(id);
}

/// Copy with all units.
pub(super) fn whole(message: &Prepared, counted: bool, now_ms: i64) -> Outgoing {
    let body = unit::whole(message);
    let properties = Properties {
        content_type: body.content_type,
        ..properties(&message.delivery, counted, now_ms)
    };
    outgoing(message, body.bytes, properties)
}

fn outgoing(message: &Prepared, body: Bytes, properties: Properties) -> Outgoing {
    Outgoing::to_queue(message.queue.name, body).with(properties)
}

/// Properties of a copy: those of the message, and where it was first published.
pub(super) fn properties(delivery: &Received, counted: bool, now_ms: i64) -> Properties {
    // Headers that the broker adds on each delivery are about that delivery alone.
    let goes_on = |name: &str| {
        let of_ours = ["x-dead-", "x-replay-"];
        !h::is_internal(name)
            || name == h::HTTP_HEADERS
            || name == h::CLIENT
            || of_ours.iter().any(|prefix| name.starts_with(prefix))
    };
    let kept = delivery.properties.headers.iter();
    let text = |value: &str| HeaderValue::Text(value.to_owned());
    let failures = i64::from(delivery.failures) + i64::from(counted);
    let first = delivery.first_failed_ms.unwrap_or(now_ms);
    let own: [(Cow<'static, str>, HeaderValue); 4] = [
        (h::RETRY_COUNT.into(), HeaderValue::Integer(failures)),
        (h::RETRY_EXCHANGE.into(), text(&delivery.exchange)),
        (h::RETRY_ROUTING_KEY.into(), text(&delivery.routing_key)),
        (h::RETRY_FIRST_FAILED.into(), HeaderValue::Integer(first)),
    ];
    Properties {
        headers: kept
            .filter(|(name, _)| goes_on(name))
            .cloned()
            .chain(own)
            .collect(),
        ..delivery.properties.clone()
    }
}

/// Batch with one request for each header, with the undecided events.
pub(super) fn batch(
    envelope: &Envelope,
    parts: &[Part],
    undecided: &[usize],
    body: &[u8],
) -> Bytes {
    let mut out = Vec::new();
    let mut from: Option<&Part> = None;
    let mut request = Vec::new();
    for (part, event) in undecided.iter().filter_map(|unit| event_at(parts, *unit)) {
        if !from.is_some_and(|from| std::ptr::eq(from, part)) {
            if from.replace(part).is_some() {
                push_field(&mut out, envelope.batches, &request);
            }
            request.clear();
            if !part.client.is_empty() {
                push_field(&mut request, CLIENT_FIELD, &part.client);
            }
            push_field(&mut request, envelope.header, &part.header);
        }
        let event = body.get(event.clone()).unwrap_or_default();
        push_field(&mut request, envelope.events, event);
    }
    if from.is_some() {
        push_field(&mut out, envelope.batches, &request);
    }
    out.into()
}
