//! Dead letters: how failed units are published, and how they become rows of the dead-letter table.

use std::borrow::Cow;

use super::alike::Alike;
use super::catch_panic::catch_panic;
use super::client;
use super::failed::Failed;
use super::message::{Content, Prepared, Undelivered};
use super::split::Part;
use super::unit::{self, Body};
use crate::broker::{HeaderValue, Letter, Outgoing, Properties};
use crate::client::name_in;
use crate::contract::headers as h;
use crate::contract::{
    AppendDeadLetter, Block, Context, Envelope, Group, IdFrom, Input, Pipeline, Route,
};
use crate::dead_letter::{Class, DeadLetter, Failures, History, Record, letter_id};
use crate::json;
use crate::protobuf::canonical::canonical;
use crate::row_error::RowError;
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
        client: client::of_unit(message, failed.unit),
        own_id,
        event_type,
        sent,
    };
    let letter = assemble(pipeline, message, route, failed, attempts, now_ms, parts);
    message.delivery.ack_guard.replaced_by(letter)
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
        client: client::of_whole(message),
        own_id: properties.message_id.as_deref().unwrap_or_default().into(),
        event_type: "",
        sent: catch_panic(|| super::headers::as_sent(properties)).unwrap_or_default(),
    };
    let letter = assemble(pipeline, message, route, failed, attempts, now_ms, parts);
    message.delivery.ack_guard.replaced_by(letter)
}

/// Headers of a unit, beside those of its message.
struct Parts<'a> {
    body: Body,
    client: String,
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
        client,
        own_id,
        event_type,
        sent,
    } = parts;
    let failures = history(&delivery.properties).and_then(Failures {
        first_failed_ms: delivery.first_failed_ms.unwrap_or(now_ms),
        last_failed_ms: now_ms,
        attempts,
    });
    Letter {
        id: letter_id(
            message.queue.name,
            &client,
            identity(message, &own_id),
            &body,
        ),
        record: Record {
            reason: &failed.reason,
            class: failed.class.name(),
            queue: message.queue.name,
            exchange: &delivery.exchange,
            routing_key: &delivery.routing_key,
            event_type,
            attempts: failures.attempts,
            first_failed_ms: failures.first_failed_ms,
            last_failed_ms: failures.last_failed_ms,
            fingerprint: pipeline.fingerprint,
            message_id: &own_id,
            sent_ms: sent_ms(&delivery.properties),
            client: &client,
        },
        now_ms,
        content_type,
        kind,
        schema: delivery.properties.schema,
        trace: delivery.ack_guard.trace(),
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

/// History of the message as a dead letter, if it was one.
fn history(properties: &Properties) -> History {
    History::from_headers(|name| properties.value(name))
}

fn sent_ms(properties: &Properties) -> Option<i64> {
    i64::try_from(properties.timestamp?.checked_mul(1000)?).ok()
}

/// Stable id of a failed unit, in whatever message it comes.
pub(super) fn unit_id(message: &Prepared, unit: usize) -> String {
    let own_id = own_id(message, unit);
    let body = unit::alone(message, unit).bytes;
    let client = client::of_unit(message, unit);
    letter_id(
        message.queue.name,
        &client,
        identity(message, &own_id),
        &body,
    )
}

/// Appends the row of a dead letter. Columns from its event are best effort; the row itself fails only if generated/
/// and the server are of different builds.
pub(super) fn append(
    block: &mut Block,
    function: AppendDeadLetter,
    message: &Prepared,
    undelivered: &Undelivered,
    cx: &Context,
) -> Result<(), RowError> {
    let properties = &message.delivery.properties;
    let record = record(message, name_in(&undelivered.client), cx);
    let id = match properties.message_id.as_deref().unwrap_or_default() {
        "" => &letter_id(
            message.queue.name,
            record.client,
            "",
            &message.delivery.body,
        ),
        sender_id => sender_id,
    };
    let schema = properties.schema.map(|schema| schema.to_string());
    let letter = DeadLetter {
        id,
        record,
        content_type: properties.content_type.as_deref().unwrap_or_default(),
        kind: properties.kind.as_deref().unwrap_or_default(),
        schema: schema.as_deref().unwrap_or_default(),
        headers: &json::object_text(&super::headers::as_json(properties)),
        body: &message.delivery.body,
    };
    if let (Some(part), Input::DeadLetters(envelope)) = (&undelivered.event, message.queue.input)
        && let Some(event) = single(envelope, part, &message.delivery.body)
    {
        block.mark();
        let group = Group {
            kind: event.0,
            header: &event.1,
            events: &[&event.2],
            client: record.client,
        };
        if matches!(
            catch_panic(|| function(block, &letter, Some(&group), cx)),
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

/// Record of a dead letter in the headers of a message; without them, a message of this client that no queue accepted.
fn record<'a>(message: &'a Prepared, client: &'a str, cx: &Context) -> Record<'a> {
    let (delivery, properties) = (&message.delivery, &message.delivery.properties);
    let sent_ms = sent_ms(properties);
    let history = history(properties);
    // An unrouted message has no failure time; it failed when it was sent or replayed.
    let at_ms = history.replayed_ms.or(sent_ms).unwrap_or(cx.now_ms);
    let failures = history.and_then(Failures {
        first_failed_ms: at_ms,
        last_failed_ms: at_ms,
        attempts: 0,
    });
    let unroutable = Record {
        reason: "no queue is bound for this routing key",
        class: Class::Unroutable.name(),
        queue: "",
        exchange: &delivery.exchange,
        routing_key: &delivery.routing_key,
        event_type: properties.kind.as_deref().unwrap_or_default(),
        attempts: failures.attempts,
        first_failed_ms: failures.first_failed_ms,
        last_failed_ms: failures.last_failed_ms,
        fingerprint: "",
        message_id: properties.message_id.as_deref().unwrap_or_default(),
        sent_ms,
        client,
    };
    let record = Record::from_headers(|name| properties.value(name), unroutable);
    Record {
        first_failed_ms: in_range(record.first_failed_ms, cx),
        last_failed_ms: in_range(record.last_failed_ms, cx),
        sent_ms: record.sent_ms.filter(|sent| MILLIS_RANGE.contains(sent)),
        client: name_in(record.client.as_bytes()),
        ..record
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
