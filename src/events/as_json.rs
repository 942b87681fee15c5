//! Requests in JSON: their events as the scan sees them, and dead letters of those that are rejected, which keep the
//! JSON as it was sent.

use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use super::scan::{self, Event, MAX_EVENTS};
use super::verdict::Verdict;
use crate::contract::Envelope;
use crate::proto_json::{Found, Most, ProtoJson, Request, Unread};
use crate::weight;

/// Maximum number of bad events whose errors are kept: no answer lists more.
const TOLD: usize = 1000;

/// Verdict on each event of a request in JSON.
///
/// # Errors
///
/// If it can't be read as a request.
pub fn verdicts(envelope: &'static Envelope, text: &[u8]) -> Result<Vec<Verdict>, Unread> {
    let reader = ProtoJson::new(envelope);
    let request = AsJson::read(&reader, envelope, text)?;
    Ok(request
        .events()
        .into_iter()
        .map(|event| event.verdict)
        .collect())
}

/// Reason for the sender of a body that can't be read as a request.
pub fn refused(unread: &Unread) -> String {
    match unread {
        Unread::TooMany(_) => unread.to_string(),
        unread => format!("the body can't be read as a request: {unread}"),
    }
}

/// Request in JSON.
#[derive(Debug)]
pub struct AsJson<'a> {
    reader: &'a ProtoJson,
    envelope: &'static Envelope,
    /// Decoded request.
    pub request: Request<'a>,
}

impl<'a> AsJson<'a> {
    /// Decodes a request.
    pub fn read(
        reader: &'a ProtoJson,
        envelope: &'static Envelope,
        text: &'a [u8],
    ) -> Result<Self, Unread> {
        let most = Most {
            events: MAX_EVENTS,
            told: TOLD,
        };
        let request = reader.read(text, most)?;
        Ok(AsJson {
            reader,
            envelope,
            request,
        })
    }

    /// Encoded header, if there is one.
    pub fn header(&self) -> Option<&[u8]> {
        self.request.wire.get(self.request.header.clone()?)
    }

    /// Events in the form that the scan gives.
    pub fn events(&self) -> Vec<Event<'_>> {
        let events = self.request.events.iter();
        events
            .map(|event| self.event(event.text, &event.found))
            .collect()
    }

    fn event<'e>(&'e self, text: &'e [u8], found: &Found) -> Event<'e> {
        let verdict = match found {
            Found::Known(_, place) => {
                let bytes = self.request.wire.get(place.clone()).unwrap_or_default();
                let event = scan::event(bytes, self.envelope);
                if matches!(event.verdict, Verdict::Good(_)) {
                    return event;
                }
                event.verdict
            }
            Found::Unknown(name) => Verdict::UnknownName(name.clone()),
            Found::NoType => Verdict::NoType,
            Found::Bad(bad) => Verdict::Malformed(bad.clone()),
        };
        Event {
            bytes: text,
            json: true,
            id: &[],
            timestamp: &[],
            verdict,
            plain: true,
        }
    }

    /// Id of an event, as it was sent.
    pub fn id(&self, event: &[u8]) -> String {
        self.reader.id(event)
    }

    /// Known type name that is most like this one.
    pub fn meant(&self, name: &str) -> Option<&'static str> {
        self.reader.meant(name)
    }

    /// Name of the request's message.
    pub fn message(&self) -> &'static str {
        self.envelope.message
    }

    /// Size of the header in a dead letter.
    pub fn header_weight(&self) -> u64 {
        weight::letters(1, self.request.around.header.len(), 0)
    }

    /// Dead letter of some events: a request in JSON. Events that a later build will store get an id if they lack one,
    /// unless that build makes it from their content.
    pub fn letter(&self, events: &[&Event<'_>]) -> Vec<u8> {
        let texts: Vec<_> = events.iter().map(|event| self.text(event)).collect();
        self.request
            .around
            .request(texts.iter().map(|text| &**text))
    }

    fn text<'e>(&self, event: &Event<'e>) -> std::borrow::Cow<'e, [u8]> {
        if !event.verdict.is_unknown() || !self.id(event.bytes).is_empty() {
            return event.bytes.into();
        }
        let timestamp = self.reader.timestamp(event.bytes);
        if !timestamp.is_empty() && self.envelope.ids.of_content(timestamp.as_bytes()) {
            // Only a build that knows the type can tell the content; it makes the id, also if the sender sends again.
            return event.bytes.into();
        }
        // As for protobuf: a repeated request makes the same id if its events can be told apart.
        let id = match timestamp.is_empty() {
            true => Uuid::now_v7(),
            false => {
                let seed = xxh3_64(self.request.around.header);
                let hash = xxh3_128_with_seed(event.bytes, seed);
                uuid::Builder::from_custom_bytes(hash.to_be_bytes()).into_uuid()
            }
        };
        self.reader.with_id(event.bytes, &id.to_string()).into()
    }
}
