//! The kinds of events that no table can take, and what each has to become.

use prost::Message as _;

use event_grpc::contract::{Envelope, headers};
use event_grpc::generated::proto::event::event::EventOf;
use event_grpc::generated::proto::event::{Event, Header, LaunchEvent};
use prost::encoding::encode_varint;

/// The session of events that the table refuses, where it has a constraint against it.
pub(super) const REFUSED_SESSION: &str = "poison";
/// A type that no build has.
const UNKNOWN_TYPE: u32 = 4000;
/// A time that no column holds: milliseconds since the epoch, in the year 5138.
const TOO_LATE: &str = "99999999999999";

/// Way to send a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the exchange of this queue, as other services do.
    Queue(&'static str),
    /// To an instance.
    Grpc,
}

/// One kind.
pub(super) struct Kind {
    /// Defect.
    pub what: &'static str,
    pub way: Way,
    /// The queue, or the source, that its letter names, and the letter's class.
    pub queue: &'static str,
    pub class: &'static str,
    /// True if it is refused at once: then whether it is kept, too, is not promised.
    pub refused: bool,
    /// The table that stores the good event which travels with it.
    pub beside: Option<&'static str>,
    pub make: fn(&One<'_>) -> Body,
}

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

const EVENTS: &str = "grpc_clickhouse_event_q";
const JSON: &str = "sentiment_log_events_q";

/// A kind of app events that comes through RabbitMQ with a good event beside it.
const APP: Kind = Kind {
    what: "",
    way: Way::Queue(EVENTS),
    queue: EVENTS,
    class: "malformed",
    refused: false,
    beside: Some("event"),
    make: noise,
};

/// A kind of JSON messages.
const OTHER: Kind = Kind {
    way: Way::Queue(JSON),
    queue: JSON,
    class: "bad_field",
    beside: None,
    ..APP
};

/// A kind of app events that comes to an instance.
const DIRECT: Kind = Kind {
    way: Way::Grpc,
    queue: "app",
    ..APP
};

/// All of them.
pub(super) static KINDS: [Kind; 16] = [
    Kind {
        what: "no protobuf at all",
        beside: None,
        ..APP
    },
    Kind {
        what: "text that is not UTF-8",
        make: not_utf8,
        ..APP
    },
    Kind {
        what: "a header that is cut off",
        make: broken_header,
        ..APP
    },
    Kind {
        what: "an event that is cut off",
        make: cut_off,
        ..APP
    },
    Kind {
        what: "an unknown type",
        class: "unknown_type",
        make: unknown_type,
        ..APP
    },
    Kind {
        what: "no type",
        class: "no_type",
        make: no_type,
        ..APP
    },
    Kind {
        what: "a time out of range",
        class: "bad_value",
        make: too_late,
        ..APP
    },
    Kind {
        what: "a row that the table refuses",
        class: "refused",
        make: refused_row,
        ..APP
    },
    Kind {
        what: "protobuf that says it is JSON",
        class: "bad_field",
        beside: None,
        make: false_name,
        ..APP
    },
    Kind {
        what: "JSON that ends too soon",
        make: half_json,
        ..OTHER
    },
    Kind {
        what: "JSON with a number that is a text",
        beside: Some("sentiment_log"),
        make: wrong_type,
        ..OTHER
    },
    Kind {
        what: "JSON with a time out of range",
        class: "bad_value",
        beside: Some("sentiment_log"),
        make: wrong_time,
        ..OTHER
    },
    Kind {
        what: "a list of JSON that holds no objects",
        make: no_objects,
        ..OTHER
    },
    Kind {
        what: "an empty body",
        make: empty,
        ..OTHER
    },
    Kind {
        what: "an unknown type, sent to an instance",
        class: "unknown_type",
        make: unknown_type,
        ..DIRECT
    },
    Kind {
        what: "an event that is cut off, sent to an instance",
        refused: true,
        beside: None,
        make: only_cut_off,
        ..DIRECT
    },
];

impl Kind {
    /// The kind of the poison with this number.
    pub(super) fn of(number: u64) -> &'static Kind {
        let at = usize::try_from(number).unwrap_or(0) % KINDS.len();
        KINDS.get(at).unwrap_or(&KINDS[0])
    }
}

fn noise(one: &One<'_>) -> Body {
    batch([&[0xff; 12], one.name.as_bytes()].concat())
}

fn not_utf8(one: &One<'_>) -> Body {
    let mut event = one.event(one.now);
    event.current_url = "\u{1}\u{1}\u{1}\u{1}".to_owned();
    let mut bytes = event.encode_to_vec();
    for byte in bytes.iter_mut().filter(|byte| **byte == 1) {
        *byte = 0xff;
    }
    one.with_good(&[bytes])
}

fn broken_header(one: &One<'_>) -> Body {
    // A text of 100 bytes that isn't there.
    let bad = one.request(&[0x2a, 100], &[one.event(one.now).encode_to_vec()]);
    one.batch_of(&[bad, one.good()])
}

fn cut_off(one: &One<'_>) -> Body {
    one.with_good(&[one.half()])
}

fn only_cut_off(one: &One<'_>) -> Body {
    request(one.request(&header("good"), &[one.half()]))
}

fn unknown_type(one: &One<'_>) -> Body {
    let mut event = Event {
        event_of: None,
        ..one.event(one.now)
    }
    .encode_to_vec();
    push(&mut event, UNKNOWN_TYPE, b"news");
    request(one.request(&header("good"), &[event, one.good_event()]))
}

fn no_type(one: &One<'_>) -> Body {
    one.with_good(&[Event {
        event_of: None,
        ..one.event(one.now)
    }
    .encode_to_vec()])
}

fn too_late(one: &One<'_>) -> Body {
    one.with_good(&[one.event(TOO_LATE).encode_to_vec()])
}

fn refused_row(one: &One<'_>) -> Body {
    let bad = one.request(
        &header(REFUSED_SESSION),
        &[one.event(one.now).encode_to_vec()],
    );
    one.batch_of(&[one.good(), bad])
}

fn false_name(one: &One<'_>) -> Body {
    Body {
        content_type: headers::JSON,
        ..cut_off(one)
    }
}

fn half_json(one: &One<'_>) -> Body {
    json(format!(r#"{{"event_id": "{}", "source": "#, one.name))
}

fn wrong_type(one: &One<'_>) -> Body {
    let good = log(one.beside, "0.5", "2026-01-06 06:00:00");
    json(format!(
        "[{good}, {}]",
        log(one.name, r#""a lot""#, "2026-01-06 06:00:00")
    ))
}

fn wrong_time(one: &One<'_>) -> Body {
    let good = log(one.beside, "0.5", "2026-01-06 06:00:00");
    json(format!(
        "[{}, {good}]",
        log(one.name, "0.5", "2226-01-06 06:00:00")
    ))
}

fn no_objects(one: &One<'_>) -> Body {
    json(format!(r#"[1, "{}"]"#, one.name))
}

fn empty(_: &One<'_>) -> Body {
    json(String::new())
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
