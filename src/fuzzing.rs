//! Fuzz targets: everything that takes bytes from outside, as functions of bytes. A panic is a finding.
//!
//! `fuzz/` runs them with libFuzzer; a test replays what it has found.

mod json;
mod messages;
mod requests;
mod webhook;
mod webhook_body;

use crate::contract::headers::PROTOBUF;
use crate::contract::{Envelope, Intake};
use crate::generated::PIPELINE;
use crate::{access, broker, ingest};

/// A target: what it runs on.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("scan", a_request),
    ("proto_json", requests::spelled),
    ("json", json::text),
    ("message", messages::message),
    ("amqp_frames", broker::fuzz::frames),
    ("amqp_header", broker::fuzz::header),
    ("webhook", webhook::proof),
    ("webhook_body", webhook_body::request),
    ("body", ingest::fuzz::body),
    ("credential", access::fuzz::credential),
];

fn envelope() -> &'static Envelope {
    let mut sources = PIPELINE.sources.iter();
    let found = sources.find_map(|source| match source.intake {
        Intake::Grpc { envelope, .. } => Some(envelope),
        Intake::Post { .. } => None,
    });
    found.unwrap_or_else(|| unreachable!("the pipeline takes app events"))
}

/// A request over gRPC; then its rows, for what is good must become rows or say why not.
fn a_request(bytes: &[u8]) {
    if requests::scanned(bytes) {
        messages::rows(0, PROTOBUF, None, bytes);
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
