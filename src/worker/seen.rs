//! What taps see of the workers: units of settled messages, stored or dead letters.

use std::collections::BTreeMap;

use super::failed::{Failed, Verdict};
use super::message::{Content, Prepared};
use super::split::Part;
use super::{client, unit};
use crate::broker::HeaderValue;
use crate::client::name_in;
use crate::contract::Input;
use crate::dead_letter::headers::{DEAD_CLASS, DEAD_EVENT_TYPE, DEAD_REASON};
use crate::tap::{Look, Place, Seen, Shown, Stage, Taps};

/// Offers the units of a message whose rows are stored and whose dead letters are confirmed.
pub(super) fn settled(taps: &Taps, message: &Prepared, failed: &[Failed]) {
    if !taps.any() {
        return;
    }
    let (stored, dead) = (taps.at(Stage::Stored), taps.at(Stage::DeadLettered));
    if stored.is_none() && dead.is_none() {
        return;
    }
    let looks = Looks {
        stored,
        dead,
        message,
        failed: failed.iter().map(|f| (f.unit, f)).collect(),
    };
    match &message.content {
        Content::Events(parts) => looks.events(parts),
        Content::Json(objects) => {
            for at in 0..objects.len() {
                let text = objects.text(&message.delivery.body, at);
                looks.offer(at, looks.of_message(), Shown::Text(&text));
            }
        }
        _ => looks.offer(0, looks.of_message(), Shown::Text(&message.delivery.body)),
    }
}

/// Those who look, and what they look at.
struct Looks<'a> {
    stored: Option<Look<'a>>,
    dead: Option<Look<'a>>,
    message: &'a Prepared,
    failed: BTreeMap<usize, &'a Failed>,
}

impl<'a> Looks<'a> {
    fn events(&self, parts: &[Part]) {
        let Input::Events(envelope) = self.message.queue.input else {
            return;
        };
        let body = &self.message.delivery.body;
        for (at, place) in unit::places(parts).into_iter().enumerate() {
            let Some(part) = parts.get(place.part) else {
                continue;
            };
            let seen = Seen {
                event_type: place.kind.map_or("", |kind| kind.name),
                client: name_in(&part.client),
                id: "",
                ..self.of_message()
            };
            let mut lost = part.lost.iter().filter(|lost| lost.event == *place.event);
            let shown = match lost.next().and_then(|lost| lost.json.as_ref()) {
                Some(json) => Shown::Text(json),
                None => Shown::Event {
                    envelope,
                    header: &part.header,
                    event: body.get(place.event.clone()).unwrap_or_default(),
                },
            };
            self.offer(at, seen, shown);
        }
    }

    /// What is known of the units of the message.
    fn of_message(&self) -> Seen<'a> {
        let (queue, properties) = (self.message.queue, &self.message.delivery.properties);
        let header = |name: &str| match properties.header(name) {
            Some(HeaderValue::Text(text)) => text.as_str(),
            _ => "",
        };
        let (event_type, class, reason) = match queue.input {
            Input::Json(shape) => (shape.name, "", ""),
            Input::Events(_) => ("", "", ""),
            Input::DeadLetters(_) => (
                header(DEAD_EVENT_TYPE),
                header(DEAD_CLASS),
                header(DEAD_REASON),
            ),
        };
        Seen {
            place: Place::Queue(queue.name),
            into: queue.into.name(),
            event_type,
            client: client::of_headers(properties),
            id: properties.message_id.as_deref().unwrap_or_default(),
            class,
            reason,
        }
    }

    fn offer(&self, unit: usize, seen: Seen<'_>, shown: Shown<'_>) {
        match (self.failed.get(&unit), &self.stored, &self.dead) {
            (None, Some(look), _) => look.offer(&seen, shown),
            (Some(failed), _, Some(look)) if failed.verdict == Verdict::Dead => {
                let seen = Seen {
                    into: "",
                    event_type: match failed.event_type.as_str() {
                        "" => seen.event_type,
                        known => known,
                    },
                    class: failed.class.name(),
                    reason: &failed.reason,
                    ..seen
                };
                look.offer(&seen, shown);
            }
            _ => {}
        }
    }
}
