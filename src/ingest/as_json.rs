//! A request that came as JSON: its events as the scan sees them, and the letters of those that are not good, which are
//! kept as they were written.

use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use super::response::Refusal;
use super::scan::{self, Event, MAX_EVENTS, Refused, Verdict};
use crate::contract::Envelope;
use crate::contract::proto_json::{Found, Most, ProtoJson, Request, Unread};
use crate::weight;

/// Of how many bad events it is said what is wrong with each: no answer lists more.
const TOLD: usize = 1000;

/// What would become of each event of a request that came as JSON.
///
/// # Errors
///
/// If it can't be read as a request.
pub fn verdicts(envelope: &'static Envelope, text: &[u8]) -> Result<Vec<Verdict>, Refusal> {
    let reader = ProtoJson::new(envelope);
    let request = AsJson::read(&reader, envelope, text)?;
    Ok(request
        .events()
        .into_iter()
        .map(|event| event.verdict)
        .collect())
}

/// A request that came as JSON.
#[derive(Debug)]
pub(super) struct AsJson<'a> {
    reader: &'a ProtoJson,
    envelope: &'static Envelope,
    /// What was read of it.
    pub(super) request: Request<'a>,
}

impl<'a> AsJson<'a> {
    /// Reads a request.
    pub(super) fn read(
        reader: &'a ProtoJson,
        envelope: &'static Envelope,
        text: &'a [u8],
    ) -> Result<Self, Refusal> {
        let most = Most {
            events: MAX_EVENTS,
            told: TOLD,
        };
        let request = reader.read(text, most).map_err(|unread| match unread {
            Unread::TooMany(_) => Refused::TooMany.into(),
            unread => Refusal::from(unread),
        })?;
        Ok(AsJson {
            reader,
            envelope,
            request,
        })
    }

    /// The header on the wire, if there is one.
    pub(super) fn header(&self) -> Option<&[u8]> {
        self.request.wire.get(self.request.header.clone()?)
    }

    /// The events as the scan sees them.
    pub(super) fn events(&self) -> Vec<Event<'_>> {
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

    /// The id of an event as it is written.
    pub(super) fn id(&self, event: &[u8]) -> String {
        self.reader.id(event)
    }

    /// The type that may have been meant.
    pub(super) fn meant(&self, name: &str) -> Option<&'static str> {
        self.reader.meant(name)
    }

    /// The message that the request is.
    pub(super) fn message(&self) -> &'static str {
        self.envelope.message
    }

    /// What a letter takes beside its events.
    pub(super) fn header_weight(&self) -> u64 {
        weight::letters(1, self.request.around.header.len(), 0)
    }

    /// The letter of some events: a request as JSON. Those that a later build will store get the id that they lack, unless
    /// that build makes it of what they say.
    pub(super) fn letter(&self, events: &[&Event<'_>]) -> Vec<u8> {
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
            // What it says, only a build that knows its type can tell: the same id then, if its sender sends it again.
            return event.bytes.into();
        }
        // The same as for protobuf: a repeated request makes the same id if there is anything that tells events apart.
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
