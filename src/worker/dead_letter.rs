//! Dead letters: how failed units are published, and how they become rows of the dead-letter table.

use std::borrow::Cow;

use super::alike::Alike;
use super::append::Failed;
use super::guard::guarded;
use super::prepare::{Content, Prepared};
use super::split::Part;
use super::unit::{self, Body};
use crate::broker::{HeaderValue, Letter, Outgoing, Properties, letter_id};
use crate::contract::headers as h;
use crate::contract::json;
use crate::contract::{
    AppendDeadLetter, Bad, Block, Context, DeadLetter, Envelope, Group, IdFrom, Input, Pipeline,
    Route,
};
use crate::protobuf::canonical::canonical;
use crate::time::MILLIS_RANGE;

/// Message of a dead letter: the bytes of the failed units as received, and the reason in the headers.
pub(super) fn outgoing(
    pipeline: &Pipeline,
    message: &Prepared,
    route: Route,
    letter: &Alike,
    attempts: u32,
    now_ms: i64,
) -> Outgoing {
    let Alike { units, failed } = letter;
    // A table that refuses a row doesn't know the event type.
    let event_type = match failed.event_type.as_str() {
        "" => unit::kind_of(message, failed.unit).unwrap_or_default(),
        known => known,
    };
    let own_id = own_id(message, failed.unit);
    let mut sent = super::headers::as_sent(&message.delivery.properties);
    if let (Content::Json(objects), false) =
        (&message.content, message.queue.id == IdFrom::MessageId)
        && objects.len() > 1
    {
        // Replayed by itself, it is still the object that it was in its list.
        let id = HeaderValue::Text(own_id.clone().into_owned());
        sent.push((h::OBJECT_ID.into(), id));
    }
    let parts = Parts {
        body: unit::together(message, units),
        own_id,
        event_type,
        sent,
    };
    let letter = assemble(pipeline, message, route, failed, attempts, now_ms, parts);
    message.delivery.duty.replaced_by(letter)
}

/// Dead letter of a whole message, made with as little work as possible, after a panic.
pub(super) fn whole(
    pipeline: &Pipeline,
    message: &Prepared,
    route: Route,
    failed: &Failed,
    attempts: u32,
    now_ms: i64,
) -> Outgoing {
    let properties = &message.delivery.properties;
    let parts = Parts {
        body: unit::whole(message),
        own_id: properties.message_id.as_deref().unwrap_or_default().into(),
        event_type: "",
        sent: guarded(|| super::headers::as_sent(properties)).unwrap_or_default(),
    };
    let letter = assemble(pipeline, message, route, failed, attempts, now_ms, parts);
    message.delivery.duty.replaced_by(letter)
}

/// Headers of a unit, beside those of its message.
struct Parts<'a> {
    body: Body,
    own_id: Cow<'a, str>,
    event_type: &'a str,
    sent: Vec<(Cow<'static, str>, HeaderValue)>,
}

fn assemble(
    pipeline: &Pipeline,
    message: &Prepared,
    route: Route,
    failed: &Failed,
    attempts: u32,
    now_ms: i64,
    parts: Parts<'_>,
) -> Outgoing {
    let delivery = &message.delivery;
    let Parts {
        body: Body {
            bytes: body,
            content_type,
            kind,
        },
        own_id,
        event_type,
        sent,
    } = parts;
    let first = delivery.first_failed_ms.unwrap_or(now_ms);
    let times = Times::of(&delivery.properties, first, attempts, now_ms);
    Letter {
        id: letter_id(message.queue.name, identity(message, &own_id), &body),
        reason: &failed.reason,
        class: failed.class,
        queue: message.queue.name,
        exchange: &delivery.exchange,
        routing_key: &delivery.routing_key,
        event_type,
        attempts: times.attempts,
        first_failed_ms: times.first_failed_ms,
        last_failed_ms: times.last_failed_ms,
        now_ms,
        fingerprint: pipeline.fingerprint,
        own_id: &own_id,
        sent_ms: sent_ms(&delivery.properties),
        content_type,
        kind,
        sent,
    }
    .outgoing(route, body)
}

/// Id of the message that a unit is, or would be by itself: columns of `$id` are made from it.
fn own_id(message: &Prepared, unit: usize) -> Cow<'_, str> {
    let sent = message.delivery.properties.message_id.as_deref();
    match &message.content {
        Content::Json(objects) if objects.len() > 1 || message.queue.id != IdFrom::MessageId => {
            objects.id(message.queue, &message.delivery, unit).into()
        }
        _ => sent.unwrap_or_default().into(),
    }
}

/// Identity of a message among those with the same body. App events have ids of their own, and the same event may come
/// in many messages.
fn identity<'a>(message: &Prepared, own_id: &'a str) -> &'a str {
    match message.queue.input {
        Input::Json(_) => own_id,
        Input::Events(_) | Input::DeadLetters(_) => "",
    }
}

/// Times and number of failures. A replayed dead letter continues its history.
struct Times {
    first_failed_ms: i64,
    last_failed_ms: i64,
    attempts: i64,
}

impl Times {
    fn of(properties: &Properties, first_ms: i64, attempts: u32, now_ms: i64) -> Self {
        let before = |name| integer(properties, name);
        let last = before(h::REPLAY_LAST_FAILED);
        Times {
            first_failed_ms: before(h::REPLAY_FIRST_FAILED).unwrap_or(first_ms),
            // Later than before, whatever the clocks of two machines show.
            last_failed_ms: last.map_or(now_ms, |last| now_ms.max(last.saturating_add(1))),
            attempts: before(h::REPLAY_ATTEMPTS)
                .unwrap_or(0)
                .saturating_add(i64::from(attempts)),
        }
    }
}

fn integer(properties: &Properties, name: &str) -> Option<i64> {
    match properties.header(name) {
        Some(HeaderValue::Integer(value)) => Some(*value),
        _ => None,
    }
}

fn sent_ms(properties: &Properties) -> Option<i64> {
    i64::try_from(properties.timestamp?.checked_mul(1000)?).ok()
}

/// Stable id of a failed unit, in whatever message it comes.
pub(super) fn unit_id(message: &Prepared, unit: usize) -> String {
    let own_id = own_id(message, unit);
    let body = unit::alone(message, unit).bytes;
    letter_id(message.queue.name, identity(message, &own_id), &body)
}

/// Appends the row of a dead letter. Columns from its event are best effort; the row itself fails only if generated/
/// and the server are of different builds.
pub(super) fn append(
    block: &mut Block,
    function: AppendDeadLetter,
    message: &Prepared,
    part: Option<&Part>,
    cx: &Context,
) -> Result<(), Bad> {
    let letter = letter(message, cx);
    let letter = letter.borrowed(&message.delivery.body);
    if let (Some(part), Input::DeadLetters(envelope)) = (part, message.queue.input)
        && let Some(event) = single(envelope, part, &message.delivery.body)
    {
        block.mark();
        let group = Group {
            kind: event.0,
            header: &event.1,
            events: &[&event.2],
        };
        if matches!(
            guarded(|| function(block, &letter, Some(&group), cx)),
            Ok(Ok(()))
        ) {
            return Ok(());
        }
        block.rollback();
    }
    block.mark();
    function(block, &letter, None, cx)
}

type Single = (&'static crate::contract::EventType, Vec<u8>, Vec<u8>);

/// Single event of a dead letter, normalized.
fn single(envelope: &Envelope, part: &Part, body: &[u8]) -> Option<Single> {
    let run = part.runs.first()?;
    let event = body.get(run.events.first()?.clone())?;
    let header = canonical(envelope.header_shape, &part.header).unwrap_or_default();
    Some((
        run.kind,
        header,
        canonical(envelope.event_shape, event).ok()?,
    ))
}

/// Dead letter as its headers describe it; without them, a message that no queue accepted.
struct Told {
    texts: [String; 10],
    content_type: String,
    attempts: u32,
    first_failed_ms: i64,
    last_failed_ms: i64,
    sent_ms: Option<i64>,
    headers: String,
}

fn letter(message: &Prepared, cx: &Context) -> Told {
    let (delivery, properties) = (&message.delivery, &message.delivery.properties);
    let text = |name: &str, otherwise: &str| match properties.header(name) {
        Some(HeaderValue::Text(text)) => text.clone(),
        _ => otherwise.to_owned(),
    };
    let is_letter = properties.header(h::DEAD_CLASS).is_some();
    let sent = sent_ms(properties);
    // An unrouted message has no failure time; it failed when it was sent or replayed.
    let at = integer(properties, h::REPLAY_AT).or(sent);
    let at = at.unwrap_or(cx.now_ms);
    let times = Times::of(properties, at, 0, at);
    let first = integer(properties, h::DEAD_FIRST_FAILED).unwrap_or(times.first_failed_ms);
    let last = integer(properties, h::DEAD_LAST_FAILED).unwrap_or(times.last_failed_ms);
    let attempts = integer(properties, h::DEAD_ATTEMPTS).unwrap_or(times.attempts);
    let sender_id = properties.message_id.as_deref().unwrap_or_default();
    let id = match sender_id {
        "" => letter_id(message.queue.name, "", &delivery.body),
        sender_id => sender_id.to_owned(),
    };
    let (own_id, sent) = match is_letter {
        true => ("", integer(properties, h::DEAD_SENT)),
        false => (sender_id, sent),
    };
    let kind = properties.kind.as_deref().unwrap_or_default();
    Told {
        texts: [
            id,
            text(h::DEAD_REASON, "no queue is bound for this routing key"),
            text(h::DEAD_CLASS, "unroutable"),
            text(h::DEAD_QUEUE, ""),
            text(h::DEAD_EXCHANGE, &delivery.exchange),
            text(h::DEAD_ROUTING_KEY, &delivery.routing_key),
            text(h::DEAD_EVENT_TYPE, kind),
            text(h::DEAD_FINGERPRINT, ""),
            kind.to_owned(),
            text(h::DEAD_MESSAGE_ID, own_id),
        ],
        content_type: properties
            .content_type
            .as_deref()
            .unwrap_or_default()
            .to_owned(),
        attempts: u32::try_from(attempts).unwrap_or(0),
        first_failed_ms: in_range(first, cx),
        last_failed_ms: in_range(last, cx),
        sent_ms: sent.filter(|sent| MILLIS_RANGE.contains(sent)),
        headers: json::object_text(&super::headers::as_json(properties)),
    }
}

/// Clamps a time from a header, which anybody may write: one that no column holds becomes the present.
fn in_range(millis: i64, cx: &Context) -> i64 {
    if MILLIS_RANGE.contains(&millis) {
        millis
    } else {
        cx.now_ms
    }
}

impl Told {
    fn borrowed<'a>(&'a self, body: &'a [u8]) -> DeadLetter<'a> {
        let [
            id,
            reason,
            class,
            queue,
            exchange,
            routing_key,
            event_type,
            fingerprint,
            kind,
            message_id,
        ] = &self.texts;
        DeadLetter {
            id,
            reason,
            class,
            queue,
            exchange,
            routing_key,
            event_type,
            attempts: self.attempts,
            first_failed_ms: self.first_failed_ms,
            last_failed_ms: self.last_failed_ms,
            fingerprint,
            content_type: &self.content_type,
            kind,
            message_id,
            sent_ms: self.sent_ms,
            headers: &self.headers,
            body,
        }
    }
}
