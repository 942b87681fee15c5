//! What taps see of intake: events as they are judged, requests that are refused, and messages that are confirmed.

use std::sync::Arc;

use super::late;
use crate::broker::{HeaderValue, Outgoing};
use crate::contract::headers::{CLIENT, EVENT_BATCH};
use crate::contract::{Envelope, Retired};
use crate::dead_letter::Record;
use crate::events::{Event, Verdict};
use crate::listen::Look;
use crate::tap::{Place, Seen, Shown, Stage, Taps};

/// Something at a source of which nothing else is known.
pub(super) fn at_source<'a>(source: &'a str, client: &'a str) -> Seen<'a> {
    Seen {
        place: Place::Source(source),
        into: "",
        event_type: "",
        client,
        id: "",
        class: "",
        reason: "",
    }
}

/// Offers the events of a request, the valid ones as received and the others as refused.
pub(super) fn events(
    taps: &Taps,
    (source, retired): (&'static str, &Retired),
    (envelope, client, header): (&'static Envelope, &str, &[u8]),
    events: &[Event<'_>],
) {
    if !taps.any() {
        return;
    }
    let (received, refused) = (taps.at(Stage::Received), taps.at(Stage::Refused));
    for event in events {
        let verdict = &event.verdict;
        let retired = late::discarded(verdict, retired);
        let look = match (verdict, retired) {
            (Verdict::Good(_), _) | (_, Some(_)) => &received,
            _ => &refused,
        };
        let Some(look) = look else {
            continue;
        };
        let (class, reason) = match (retired, verdict.class()) {
            (Some(_), _) => (
                "retired",
                "its type is retired: it is accepted and not stored".to_owned(),
            ),
            (None, class) => (class.map_or("", |class| class.name()), verdict.reason()),
        };
        let number;
        let event_type = match verdict {
            Verdict::Good(kind) => kind.name,
            Verdict::UnknownName(name) | Verdict::NotAllowed { name, .. } => name,
            Verdict::UnknownType(of) => {
                number = of.to_string();
                &number
            }
            _ => "",
        };
        let seen = Seen {
            event_type,
            class,
            reason: &reason,
            ..at_source(source, client)
        };
        let shown = match event.json {
            true => Shown::Text(event.bytes),
            false => Shown::Event {
                envelope,
                header,
                event: event.bytes,
            },
        };
        look.offer(&seen, shown);
    }
}

/// Offers requests that are refused as a whole; one whose events were offered has said it all.
pub(crate) fn refused(taps: Taps) -> Look {
    Arc::new(move |request| {
        let refused = request.refused;
        let Some(look) = taps.at(Stage::Refused).filter(|_| !refused.by_events) else {
            return;
        };
        let place = match refused.source {
            "" => Place::Door(request.door),
            source => Place::Source(source),
        };
        let seen = Seen {
            place,
            class: refused.reason,
            reason: &refused.text,
            ..at_source("", request.client.name())
        };
        look.offer(&seen, Shown::Nothing);
    })
}

/// A copy of a message, if somebody will look at it once it is confirmed. Its bytes are shared.
pub(super) fn before(taps: &Taps, message: &Outgoing) -> Option<Outgoing> {
    let looks = taps.any()
        && [Stage::Published, Stage::DeadLettered]
            .iter()
            .any(|s| taps.at(*s).is_some());
    looks.then(|| message.clone())
}

/// Offers a message that the broker has confirmed: a dead letter, or one that is published.
pub(super) fn confirmed(taps: &Taps, message: &Outgoing) {
    let properties = &message.properties;
    let nothing = Record {
        reason: "",
        class: "",
        queue: "",
        exchange: "",
        routing_key: "",
        event_type: "",
        attempts: 0,
        first_failed_ms: 0,
        last_failed_ms: 0,
        fingerprint: "",
        message_id: "",
        sent_ms: None,
        client: "",
    };
    let record = Record::from_headers(|name| properties.value(name), nothing);
    let client = match properties.header(CLIENT) {
        Some(HeaderValue::Text(name)) => name,
        _ => "",
    };
    let is_batch = properties.kind.as_deref() == Some(EVENT_BATCH);
    let id = properties.message_id.as_deref().unwrap_or_default();
    let (stage, exchange, seen) = match record.class {
        "" => {
            let seen = Seen {
                place: Place::Exchange(&message.exchange),
                into: "",
                event_type: match (is_batch, &properties.kind) {
                    (false, Some(kind)) => kind,
                    _ => &message.routing_key,
                },
                client,
                id: if is_batch { "" } else { id },
                class: "",
                reason: "",
            };
            (Stage::Published, &*message.exchange, seen)
        }
        class => {
            let seen = Seen {
                event_type: record.event_type,
                id,
                class,
                reason: record.reason,
                ..at_source(record.queue, record.client)
            };
            (Stage::DeadLettered, record.exchange, seen)
        }
    };
    let Some(look) = taps.at(stage) else {
        return;
    };
    match is_batch {
        true => look.offer_batch(exchange, &seen, &message.body),
        false => look.offer(&seen, Shown::Text(&message.body)),
    }
}
