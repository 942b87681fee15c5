//! Fuzz targets: everything that takes bytes from outside, as functions of bytes. A panic is a finding.
//!
//! `fuzz/` runs them with libFuzzer; a test replays what it has found.

use std::cell::OnceCell;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::broker::{self, Ack, Delivery, Properties};
use crate::contract::headers::{EVENT_BATCH, JSON, PROTOBUF};
use crate::contract::{
    Encoding, Envelope, Intake, Scheme, SecretForm, Signature, SignatureForm, Signed, SignedTime,
    Verify,
};
use crate::events::{Verdict, scan};
use crate::generated::PIPELINE;
use crate::ingest::verify::Verifier;
use crate::proto_json::{Found, Most, ProtoJson};
use crate::worker::fuzz::Messages;

/// A target: what it runs on.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("scan", a_request),
    ("proto_json", a_text),
    ("message", a_message),
    ("amqp_frames", broker::fuzz::frames),
    ("amqp_header", broker::fuzz::header),
    ("webhook", a_webhook),
];

fn envelope() -> &'static Envelope {
    let mut sources = PIPELINE.sources.iter();
    let found = sources.find_map(|source| match source.intake {
        Intake::Grpc { envelope, .. } => Some(envelope),
        Intake::Post { .. } => None,
    });
    found.unwrap_or_else(|| unreachable!("the pipeline takes app events"))
}

/// A request over gRPC: scanned; then its rows, for what is good must become rows or say why not.
fn a_request(bytes: &[u8]) {
    let Ok(request) = scan(bytes, envelope()) else {
        return;
    };
    for event in &request.events {
        drop(event.verdict.reason());
    }
    let is_good = |verdict: &Verdict| matches!(verdict, Verdict::Good(_));
    if request.events.iter().any(|event| is_good(&event.verdict)) {
        rows(0, PROTOBUF, None, bytes);
    }
}

/// A request as JSON: each event that is read is one that protobuf's reader takes.
fn a_text(text: &[u8]) {
    thread_local! {
        static READER: ProtoJson = ProtoJson::new(envelope());
    }
    const MOST: Most = Most {
        events: 1000,
        told: 1000,
    };
    READER.with(|reader| {
        let Ok(request) = reader.read(text, MOST) else {
            return;
        };
        for event in &request.events {
            if let Found::Known(number, place) = &event.found {
                let bytes = request.wire.get(place.clone()).unwrap_or_default();
                let read = prost_events(bytes);
                assert!(read, "event {number} isn't what prost reads: {bytes:?}");
            }
        }
    });
}

/// True if prost reads an event.
fn prost_events(event: &[u8]) -> bool {
    use prost::Message as _;
    crate::generated::proto::event::Event::decode(event).is_ok()
}

/// A message of some queue. The first byte tells which, the second what it says of its content.
fn a_message(bytes: &[u8]) {
    let [queue, kind, body @ ..] = bytes else {
        return;
    };
    let (content_type, kind) = match kind % 3 {
        0 => (PROTOBUF, Some(EVENT_BATCH)),
        1 => (PROTOBUF, None),
        _ => (JSON, None),
    };
    rows(usize::from(*queue), content_type, kind, body);
}

fn rows(queue: usize, content_type: &'static str, kind: Option<&'static str>, body: &[u8]) {
    thread_local! {
        static MESSAGES: OnceCell<Messages> = const { OnceCell::new() };
    }
    let Some(queue) = PIPELINE.queues.get(queue % PIPELINE.queues.len()) else {
        return;
    };
    let delivery = Delivery {
        body: Bytes::copy_from_slice(body),
        exchange: "".into(),
        routing_key: queue.name.into(),
        redelivered: false,
        properties: Properties {
            content_type: Some(content_type.into()),
            kind: kind.map(Into::into),
            ..Properties::default()
        },
        ack: Ack::of_nobody(),
    };
    MESSAGES.with(|cell| {
        let messages = cell.get_or_init(|| Messages::new(&PIPELINE));
        messages.run(queue, delivery);
    });
}

/// A webhook's proof: the first byte tells the scheme, a line the header or segment, and the rest is the body.
fn a_webhook(bytes: &[u8]) {
    const NOW_MS: u64 = 1_760_000_000_000;
    let Some((which, rest)) = bytes.split_first() else {
        return;
    };
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let value = parts.next().unwrap_or_default();
    let body = parts.next().unwrap_or_default();
    let scheme = match which % 6 {
        0 => Scheme::Bearer,
        1 => Scheme::Basic,
        2 => Scheme::Path,
        3 => Scheme::Hmac(signature(SignatureForm::One, Encoding::Hex)),
        4 => Scheme::Hmac(signature(SignatureForm::Spaced, Encoding::Base64)),
        _ => Scheme::Hmac(signature(SignatureForm::Pairs, Encoding::Hex)),
    };
    let name = match scheme {
        Scheme::Hmac(ref signature) => HeaderName::from_static(signature.header),
        Scheme::Bearer | Scheme::Basic | Scheme::Path => http::header::AUTHORIZATION,
    };
    let verify = Verify {
        variable: "SECRET",
        scheme,
    };
    // Nobody guesses it in a run, so that whatever is taken is forged.
    let secret = |_: &str| Some("5f0c1b7f7c3d4a0f9a4be5ad4f2b7d01".to_owned());
    let Ok(verifier) = Verifier::new(&verify, false, &secret) else {
        return;
    };
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return;
    };
    let segment = value.to_str().unwrap_or_default().to_owned();
    let headers = HeaderMap::from_iter([(name, value)]);
    if let Ok(proof) = verifier.read(&headers, &segment, NOW_MS) {
        assert!(verifier.verify(&proof, body).is_err(), "a forged proof");
    }
}

/// Signature whose header has this form, with a time where the form has one.
fn signature(form: SignatureForm, encoding: Encoding) -> Signature {
    let time = matches!(form, SignatureForm::Pairs).then_some(SignedTime {
        header: None,
        tolerance_ms: 300_000,
    });
    Signature {
        header: "x-signature",
        encoding,
        prefix: "",
        form,
        secret: SecretForm::Text,
        signed: &[Signed::Body],
        time,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn what_fuzzing_found_does_no_harm() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        for (name, target) in TARGETS {
            let inputs = fs::read_dir(corpus.join(name)).map(Iterator::collect::<Vec<_>>);
            let inputs = inputs.unwrap_or_default();
            assert!(!inputs.is_empty(), "{name} has no corpus");
            for input in inputs.into_iter().flatten() {
                target(&fs::read(input.path()).unwrap_or_default());
            }
        }
    }
}
