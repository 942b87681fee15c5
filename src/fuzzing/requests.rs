//! Fuzz targets: requests of typed events, in protobuf and in JSON. Other parsers of both are the oracles.
#![allow(clippy::panic, reason = "a fuzz target reports by panicking")]

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde::de::IgnoredAny;

use super::envelope;
use crate::contract::Envelope;
use crate::events::{AsJson, Event, Refused, Verdict, scan};
use crate::generated::PIPELINE;
use crate::generated::proto::event::{self, Header};
use crate::ingest::group::RequestBatch;
use crate::json::without_mark;
use crate::proto_json::{Found, Most, ProtoJson, Unread};
use crate::protobuf::canonical::canonical;
use crate::protobuf::writer::push_field;

/// A request as far as its framing and its header go: events stay bytes.
#[derive(Clone, PartialEq, prost::Message)]
struct Framing {
    #[prost(message, optional, tag = "4")]
    header: Option<Header>,
    #[prost(bytes = "vec", repeated, tag = "5")]
    events: Vec<Vec<u8>>,
}

/// What the reader of JSON says of a text that isn't JSON, in parts.
const NO_JSON: &[&str] = &[
    "should follow a",
    "a name in quotes should be here",
    "ends within a value",
    "a text doesn't end",
    "a bracket closes",
    "a value should be here",
    "is not JSON: ",
];

/// Scans a request over gRPC, and writes what is good in it as messages for its queues. True if something is.
///
/// # Panics
///
/// If prost reads something else, or anything else out of the messages.
pub(super) fn scanned(bytes: &[u8]) -> bool {
    let theirs = Framing::decode(bytes);
    let request = match scan(bytes, envelope()) {
        Ok(request) => request,
        Err(Refused::TooMany) => return false,
        Err(refused) => {
            assert!(theirs.is_err(), "it is refused: {refused}");
            return false;
        }
    };
    let Ok(theirs) = theirs else {
        panic!("prost refuses what is scanned");
    };
    assert_eq!(request.header.is_some(), theirs.header.is_some());
    assert_eq!(request.events.len(), theirs.events.len());
    for (event, bytes) in request.events.iter().zip(&theirs.events) {
        assert_eq!(event.bytes, bytes);
        same(event);
    }
    let header = request.header.as_deref().unwrap_or_default();
    grouped(header, &request.events);
    let mut events = request.events.iter();
    events.any(|event| matches!(event.verdict, Verdict::Good(_)))
}

/// An event is what prost reads.
fn same(event: &Event<'_>) {
    drop(event.verdict.reason());
    let malformed = matches!(event.verdict, Verdict::Malformed(_));
    let Ok(theirs) = event::Event::decode(event.bytes) else {
        assert!(malformed, "prost refuses {event:?}");
        return;
    };
    assert!(!malformed, "prost reads {event:?}");
    assert_eq!(event.id, theirs.id.as_bytes());
    assert_eq!(event.timestamp, theirs.timestamp.as_bytes());
    match &event.verdict {
        Verdict::Good(kind) => assert_eq!(Some(kind.number), number(&theirs)),
        Verdict::BadTimestamp(_) => assert!(number(&theirs).is_some()),
        _ => assert_eq!(number(&theirs), None),
    }
    match canonical(envelope().event_shape, event.bytes) {
        Ok(bytes) => {
            let read = event::Event::decode(bytes.as_slice());
            let read = read.map(|event| event.encode_to_vec());
            assert_eq!(read, Ok(theirs.encode_to_vec()), "in canonical order");
        }
        Err(bad) => panic!("{bad}: {event:?}"),
    }
}

/// The number of an event's type.
fn number(event: &event::Event) -> Option<u32> {
    let mut field = Vec::new();
    event.event_of.as_ref()?.encode(&mut field);
    let (number, _) = prost::encoding::decode_key(&mut field.as_slice()).ok()?;
    Some(number)
}

/// The messages of the good events have the same events, each with an id.
fn grouped(header: &[u8], events: &[Event<'_>]) {
    let batch = RequestBatch::new(envelope(), header, "client");
    for group in batch.groups(events, 1 << 20, 1000) {
        let mut out = Vec::new();
        batch.write(&group, &mut out);
        assert!(out.len() <= batch.len(&group), "more than was counted");
        let Ok(written) = event::EventBatch::decode(out.as_slice()) else {
            panic!("prost refuses what was written: {out:?}");
        };
        let written = written.batches.iter().flat_map(|batch| &batch.events);
        let written: Vec<&event::Event> = written.collect();
        assert_eq!(written.len(), group.events.len());
        for (event, written) in group.events.iter().zip(written) {
            let mut sent = event::Event::decode(event.bytes).unwrap_or_default();
            assert!(!written.id.is_empty(), "an event without an id");
            if sent.id.is_empty() {
                sent.id.clone_from(&written.id);
            }
            assert_eq!(written.encode_to_vec(), sent.encode_to_vec());
            assert_eq!(number(written), Some(group.kind.number));
        }
    }
}

/// Reads a request in JSON.
///
/// # Panics
///
/// If it accepts or refuses what another parser doesn't, if prost doesn't read an event that it wrote, or if that event
/// written as JSON, or a dead letter of what is refused, is something else when it is read again.
pub(super) fn spelled(text: &[u8]) {
    thread_local! {
        static READER: (ProtoJson, MessageDescriptor) =
            (ProtoJson::new(envelope()), descriptor(envelope()));
    }
    let parsed: Result<serde_json::Value, _> = serde_json::from_slice(without_mark(text));
    READER.with(
        |(reader, descriptor)| match AsJson::read(reader, envelope(), text) {
            Ok(read) => {
                let events = read.events();
                if !events.iter().any(is_malformed) {
                    let theirs: Result<IgnoredAny, _> = serde_json::from_slice(without_mark(text));
                    assert!(is_json(&theirs), "it is no JSON: {theirs:?}");
                }
                if parsed.is_ok() {
                    events.iter().for_each(isnt_unread);
                }
                for event in &read.request.events {
                    if let Found::Known(number, place) = &event.found {
                        let bytes = read.request.wire.get(place.clone()).unwrap_or_default();
                        let plain = read.request.warnings.count == 0;
                        written(bytes, *number, plain.then_some((reader, descriptor)));
                    }
                }
                again(reader, &read, &events);
            }
            Err(Unread::Broken { reason, .. }) if parsed.is_ok() => {
                let said = NO_JSON.iter().find(|said| reason.contains(**said));
                assert!(said.is_none(), "another parser reads it: {reason}");
            }
            Err(_) => {}
        },
    );
}

/// The descriptor of requests.
fn descriptor(envelope: &Envelope) -> MessageDescriptor {
    let pool = DescriptorPool::decode(PIPELINE.descriptors).ok();
    let found = pool.and_then(|pool| pool.get_message_by_name(envelope.message));
    found.unwrap_or_else(|| panic!("the pipeline describes its requests"))
}

fn is_json<T>(theirs: &Result<T, serde_json::Error>) -> bool {
    match theirs {
        Ok(_) => true,
        // It stands no text as deep as this reader does.
        Err(error) => error.to_string().contains("recursion limit"),
    }
}

fn is_malformed(event: &Event<'_>) -> bool {
    matches!(event.verdict, Verdict::Malformed(_))
}

/// An event of a text that is JSON isn't refused because it were none.
fn isnt_unread(event: &Event<'_>) {
    let reason = event.verdict.reason();
    let said = reason.contains("is not JSON: ") && !reason.contains("nests deeper");
    assert!(!said, "another parser reads it: {reason}");
}

/// An event that was written is one that prost reads, and the same when it is read again from another writer's JSON.
fn written(bytes: &[u8], kind: u32, plain: Option<(&ProtoJson, &MessageDescriptor)>) {
    let Ok(theirs) = event::Event::decode(bytes) else {
        panic!("prost refuses {bytes:?}");
    };
    assert_eq!(number(&theirs), Some(kind));
    let Some((reader, descriptor)) = plain else {
        return;
    };
    let mut request = Vec::new();
    push_field(&mut request, envelope().events, bytes);
    let read = DynamicMessage::decode(descriptor.clone(), request.as_slice());
    let text = read.map(|read| serde_json::to_string(&read));
    let Ok(Ok(text)) = text else {
        panic!("it can't be written as JSON: {theirs:?}");
    };
    let again = reader.read(text.as_bytes(), Most { events: 2, told: 2 });
    let again = again.map(|again| match again.events.as_slice() {
        [event] => match &event.found {
            Found::Known(_, place) => again.wire.get(place.clone()).map(<[u8]>::to_vec),
            _ => None,
        },
        _ => None,
    });
    assert_eq!(again, Ok(Some(bytes.to_vec())), "{text}");
}

/// A dead letter of the events that are refused holds what was sent.
fn again(reader: &ProtoJson, read: &AsJson<'_>, events: &[Event<'_>]) {
    // A good one is in protobuf by now.
    let refused: Vec<&Event<'_>> = events.iter().filter(|event| event.json).collect();
    let letter = read.letter(&refused);
    let shown = String::from_utf8_lossy(&letter);
    let again = AsJson::read(reader, envelope(), &letter);
    let again = again.unwrap_or_else(|unread| panic!("{unread}: {shown}"));
    assert_eq!(again.header(), read.header(), "{shown}");
    let others = again.events();
    assert_eq!(others.len(), refused.len(), "{shown}");
    for (one, other) in refused.into_iter().zip(&others) {
        match (&one.verdict, &other.verdict) {
            (Verdict::Malformed(_), Verdict::Malformed(_)) => {}
            (one, other) => assert_eq!(one.reason(), other.reason(), "{shown}"),
        }
        let id = again.id(other.bytes);
        let before = read.id(one.bytes);
        if other.verdict.is_unknown() && before.is_empty() {
            let timestamp = reader.timestamp(one.bytes);
            let later = envelope().ids.of_content(timestamp.as_bytes());
            assert!(later || !id.is_empty(), "an event without an id: {shown}");
        } else {
            assert_eq!(id, before, "{shown}");
        }
    }
}
