//! Bodies of the messages with events that no table can take.

use event_grpc::contract::{Envelope, headers};
use event_grpc::generated::proto::event::event::EventOf;
use event_grpc::generated::proto::event::{Event, Header, LaunchEvent};
use prost::Message as _;
use prost::encoding::encode_varint;

/// The session of events that the table refuses, where it has a constraint against it.
const REFUSED_SESSION: &str = "poison";
/// A type that no build has.
const UNKNOWN_TYPE: u32 = 4000;
/// A time that no column holds: milliseconds since the epoch, in the year 5138.
const TOO_LATE: &str = "99999999999999";

/// Content of a message.
pub(super) struct Body {
    pub bytes: Vec<u8>,
    /// Its content type, and its AMQP type if it has one.
    pub content_type: &'static str,
    pub kind: Option<&'static str>,
}

/// One poisoned event: how it is called, and what its message is made from.
pub(super) struct One<'a> {
    pub name: &'a str,
    /// Id of the good event beside it.
    pub beside: &'a str,
    /// The time, in milliseconds since the epoch.
    pub now: &'a str,
    pub envelope: &'a Envelope,
}

pub(super) fn noise(one: &One<'_>) -> Body {
    batch([&[0xff; 12], one.name.as_bytes()].concat())
}

pub(super) fn not_utf8(one: &One<'_>) -> Body {
    let mut event = one.event(one.now);
    event.current_url = "\u{1}\u{1}\u{1}\u{1}".to_owned();
    let mut bytes = event.encode_to_vec();
    for byte in bytes.iter_mut().filter(|byte| **byte == 1) {
        *byte = 0xff;
    }
    one.with_good(&[bytes])
}

pub(super) fn broken_header(one: &One<'_>) -> Body {
    // A text of 100 bytes that isn't there.
    let bad = one.request(&[0x2a, 100], &[one.event(one.now).encode_to_vec()]);
    one.batch_of(&[bad, one.good()])
}

pub(super) fn cut_off(one: &One<'_>) -> Body {
    one.with_good(&[one.half()])
}

pub(super) fn only_cut_off(one: &One<'_>) -> Body {
    request(one.request(&header("good"), &[one.half()]))
}

pub(super) fn unknown_type(one: &One<'_>) -> Body {
    let mut event = Event {
        event_of: None,
        ..one.event(one.now)
    }
    .encode_to_vec();
    push(&mut event, UNKNOWN_TYPE, b"news");
    request(one.request(&header("good"), &[event, one.good_event()]))
}

pub(super) fn no_type(one: &One<'_>) -> Body {
    one.with_good(&[Event {
        event_of: None,
        ..one.event(one.now)
    }
    .encode_to_vec()])
}

pub(super) fn too_late(one: &One<'_>) -> Body {
    one.with_good(&[one.event(TOO_LATE).encode_to_vec()])
}

pub(super) fn refused_row(one: &One<'_>) -> Body {
    let bad = one.request(
        &header(REFUSED_SESSION),
        &[one.event(one.now).encode_to_vec()],
    );
    one.batch_of(&[one.good(), bad])
}

pub(super) fn false_name(one: &One<'_>) -> Body {
    Body {
        content_type: headers::JSON,
        ..cut_off(one)
    }
}

pub(super) fn half_json(one: &One<'_>) -> Body {
    json(format!(r#"{{"event_id": "{}", "source": "#, one.name))
}

pub(super) fn wrong_type(one: &One<'_>) -> Body {
    let good = log(one.beside, "0.5", "2026-01-06 06:00:00");
    json(format!(
        "[{good}, {}]",
        log(one.name, r#""a lot""#, "2026-01-06 06:00:00")
    ))
}

pub(super) fn wrong_time(one: &One<'_>) -> Body {
    let good = log(one.beside, "0.5", "2026-01-06 06:00:00");
    json(format!(
        "[{}, {good}]",
        log(one.name, "0.5", "2226-01-06 06:00:00")
    ))
}

pub(super) fn no_objects(one: &One<'_>) -> Body {
    json(format!(r#"[1, "{}"]"#, one.name))
}

pub(super) fn empty(_: &One<'_>) -> Body {
    json(String::new())
}

pub(super) fn text_id(one: &One<'_>) -> Body {
    account(r#""many""#, one.name)
}

pub(super) fn nul(one: &One<'_>) -> Body {
    account("0", &format!("{}\\u0000", one.name))
}

pub(super) fn for_the_api(one: &One<'_>) -> Body {
    let (name, now) = (one.name, one.now);
    json(format!(
        r#"{{"userId": "{name}", "eventName": "{name}", "eventTime": "{now}", "eventData": {{}}}}"#
    ))
}

impl One<'_> {
    fn event(&self, timestamp: &str) -> Event {
        Event {
            id: self.name.to_owned(),
            timestamp: timestamp.to_owned(),
            event_of: Some(EventOf::LaunchEvent(LaunchEvent::default())),
            ..Event::default()
        }
    }

    /// An event whose last field is longer than what is left of it.
    fn half(&self) -> Vec<u8> {
        let mut bytes = self.event(self.now).encode_to_vec();
        bytes.extend_from_slice(&[0x32, 100]);
        bytes
    }

    /// These events and a good one under a good header.
    fn with_good(&self, bad: &[Vec<u8>]) -> Body {
        let events: Vec<_> = bad.iter().cloned().chain([self.good_event()]).collect();
        self.batch_of(&[self.request(&header("good"), &events)])
    }

    fn good_event(&self) -> Vec<u8> {
        let good = Event {
            id: self.beside.to_owned(),
            ..self.event(self.now)
        };
        good.encode_to_vec()
    }

    fn good(&self) -> Vec<u8> {
        self.request(&header("good"), &[self.good_event()])
    }

    fn request(&self, header: &[u8], events: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        push(&mut bytes, self.envelope.header, header);
        for event in events {
            push(&mut bytes, self.envelope.events, event);
        }
        bytes
    }

    fn batch_of(&self, requests: &[Vec<u8>]) -> Body {
        let mut bytes = Vec::new();
        for request in requests {
            push(&mut bytes, self.envelope.batches, request);
        }
        batch(bytes)
    }
}

fn header(session: &str) -> Vec<u8> {
    let header = Header {
        session_id: session.to_owned(),
        ..Header::default()
    };
    header.encode_to_vec()
}

/// A message of the service that weighs comments.
fn log(id: &str, score: &str, time: &str) -> String {
    format!(
        r#"{{"event_id": "{id}", "source": "comments", "platform": "YOUTUBE", "shortcode": "vid", "comment_id": "{id}",
        "comment": "Where?", "sentiment": "POSITIVE", "score": {score}, "metrics": {{}}, "dimensions": {{}},
        "event_timestamp": "{time}"}}"#
    )
}

/// A message of the service that knows accounts.
fn account(id: &str, client: &str) -> Body {
    json(format!(
        r#"{{"newEntry": {{"id": {id}, "createdOn": 1760000000500, "clientId": "{client}", "socialAccounts": []}}}}"#
    ))
}

fn batch(bytes: Vec<u8>) -> Body {
    Body {
        bytes,
        content_type: headers::PROTOBUF,
        kind: Some(headers::EVENT_BATCH),
    }
}

fn request(bytes: Vec<u8>) -> Body {
    Body {
        bytes,
        content_type: headers::PROTOBUF,
        kind: Some("event.Events"),
    }
}

fn json(text: String) -> Body {
    Body {
        bytes: text.into(),
        content_type: headers::JSON,
        kind: None,
    }
}

fn push(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    const DELIMITED: u64 = 2;
    encode_varint(u64::from(number) << 3 | DELIMITED, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}
