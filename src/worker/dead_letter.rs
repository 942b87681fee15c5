//! Dead letters: how what failed is published, and how it becomes a row of the dead-letter table.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_128;

use super::append::Failed;
use super::guard::guarded;
use super::prepare::{Content, Prepared};
use super::split::Part;
use crate::broker::{HeaderValue, Outgoing, Properties};
use crate::contract::canonical::canonical;
use crate::contract::column::plain::push_varint;
use crate::contract::headers as h;
use crate::contract::{Bad, Block, Context, DeadLetter, Envelope, Group, Input, Pipeline, Route};

type AppendDeadLetter =
    fn(&mut Block, &DeadLetter<'_>, Option<&Group<'_>>, &Context) -> Result<(), Bad>;

/// The message that one failed unit becomes: the unit's bytes as they came, and why it failed in the headers.
pub(super) fn outgoing(
    pipeline: &Pipeline,
    message: &Prepared,
    route: Route,
    failed: &Failed,
    attempts: u32,
    now_ms: i64,
) -> Outgoing {
    let delivery = &message.delivery;
    let (body, kind) = unit_body(message, failed.unit);
    let text = |value: &str| HeaderValue::Text(value.to_owned());
    let mut properties = Properties {
        content_type: delivery.properties.content_type.clone(),
        message_id: Some(id(message.queue.name, &body)),
        kind,
        timestamp: u64::try_from(now_ms / 1000).ok(),
        headers: Vec::new(),
    };
    properties.headers = vec![
        (
            h::DEAD_REASON.into(),
            HeaderValue::Text(shortened(&failed.reason)),
        ),
        (h::DEAD_CLASS.into(), text(failed.class)),
        (h::DEAD_QUEUE.into(), text(message.queue.name)),
        (h::DEAD_EXCHANGE.into(), text(&delivery.exchange)),
        (h::DEAD_ROUTING_KEY.into(), text(&delivery.routing_key)),
        (h::DEAD_EVENT_TYPE.into(), text(&failed.event_type)),
        (
            h::DEAD_ATTEMPTS.into(),
            HeaderValue::Integer(i64::from(attempts)),
        ),
        (
            h::DEAD_FIRST_FAILED.into(),
            HeaderValue::Integer(delivery.first_failed_ms.unwrap_or(now_ms)),
        ),
        (h::DEAD_LAST_FAILED.into(), HeaderValue::Integer(now_ms)),
        (h::DEAD_FINGERPRINT.into(), text(pipeline.fingerprint)),
    ];
    // A replay needs what the sender said beside the body.
    let sent = super::headers::as_sent(&delivery.properties);
    properties.headers.extend(sent);
    let letter = Outgoing::new(route.exchange, route.routing_key, body).with(properties);
    delivery.duty.replaced_by(letter)
}

/// The same for the same dead letter, however often it is made.
fn id(queue: &str, body: &[u8]) -> String {
    let mut seed = queue.as_bytes().to_vec();
    seed.extend_from_slice(&xxh3_128(body).to_le_bytes());
    uuid::Uuid::from_u128(xxh3_128(&seed)).to_string()
}

/// The same for the same unit, in whatever message it comes.
pub(super) fn unit_id(message: &Prepared, unit: usize) -> String {
    id(message.queue.name, &unit_body(message, unit).0)
}

/// Reasons quote values; a header is no place for long ones.
fn shortened(reason: &str) -> String {
    reason.chars().take(500).collect()
}

/// The bytes of one unit: a request with a single event, a single JSON object, or the whole message.
fn unit_body(message: &Prepared, unit: usize) -> (Bytes, Option<Cow<'static, str>>) {
    let whole = || {
        (
            message.delivery.body.clone(),
            message.delivery.properties.kind.clone(),
        )
    };
    match (&message.content, message.queue.input) {
        (Content::Events(parts), Input::Events(envelope)) => match event_at(parts, unit) {
            Some((part, event)) => (
                request(envelope, part, event, &message.delivery.body),
                Some(envelope.message.into()),
            ),
            None => whole(),
        },
        (Content::Json(objects), _) if objects.len() > 1 => match objects.get(unit) {
            Some((object, _)) => {
                let text = serde_json::to_vec(object).unwrap_or_default();
                (text.into(), message.delivery.properties.kind.clone())
            }
            None => whole(),
        },
        _ => whole(),
    }
}

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

/// Appends a dead letter's row. What can be made out of its event is best effort; the row itself fails only if generated/ and
/// the server are of different builds.
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

/// The one event of a dead letter, in canonical order.
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

/// A dead letter as its headers tell it; of a message without them, that no queue took it.
struct Letter {
    texts: [String; 8],
    content_type: String,
    attempts: u32,
    first_failed_ms: i64,
    last_failed_ms: i64,
}

fn letter(message: &Prepared, cx: &Context) -> Letter {
    let (delivery, properties) = (&message.delivery, &message.delivery.properties);
    let text = |name: &str, otherwise: &str| match properties.header(name) {
        Some(HeaderValue::Text(text)) => text.clone(),
        _ => otherwise.to_owned(),
    };
    let integer = |name: &str, otherwise: i64| match properties.header(name) {
        Some(HeaderValue::Integer(value)) => *value,
        _ => otherwise,
    };
    let sent_ms = properties
        .timestamp
        .and_then(|s| i64::try_from(s.checked_mul(1000)?).ok());
    let at = sent_ms.unwrap_or(cx.now_ms);
    let own_id = properties.message_id.clone().filter(|id| !id.is_empty());
    Letter {
        texts: [
            own_id.unwrap_or_else(|| id(message.queue.name, &delivery.body)),
            text(h::DEAD_REASON, "no queue is bound for this routing key"),
            text(h::DEAD_CLASS, "unroutable"),
            text(h::DEAD_QUEUE, ""),
            text(h::DEAD_EXCHANGE, &delivery.exchange),
            text(h::DEAD_ROUTING_KEY, &delivery.routing_key),
            text(
                h::DEAD_EVENT_TYPE,
                properties.kind.as_deref().unwrap_or_default(),
            ),
            text(h::DEAD_FINGERPRINT, ""),
        ],
        content_type: properties
            .content_type
            .as_deref()
            .unwrap_or_default()
            .to_owned(),
        attempts: u32::try_from(integer(h::DEAD_ATTEMPTS, 0)).unwrap_or(0),
        first_failed_ms: in_range(integer(h::DEAD_FIRST_FAILED, at), cx),
        last_failed_ms: in_range(integer(h::DEAD_LAST_FAILED, at), cx),
    }
}

/// Headers are anybody's to write; a time that no column holds becomes the clock's.
fn in_range(millis: i64, cx: &Context) -> i64 {
    if crate::contract::function::MILLIS_RANGE.contains(&millis) {
        millis
    } else {
        cx.now_ms
    }
}

impl Letter {
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
            body,
        }
    }
}
