//! Requests of app events as proto3 JSON: what prost-reflect writes, and what the reader makes the same request of.

use event_grpc::contract::Group;
use event_grpc::contract::json::object_text;
use event_grpc::proto_json::ProtoJson;
use event_grpc::protobuf::canonical::canonical;
use prost::Message as _;
use prost_reflect::{DynamicMessage, ReflectMessage as _, SerializeOptions};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::Value;

use super::{MOST, Sample, pipelines, same, seed};

#[test]
fn every_type_is_written_as_it_is_read_and_as_others_write_it() {
    let mut random = StdRng::seed_from_u64(seed());
    for (pool, envelope) in pipelines() {
        let reader = ProtoJson::new(envelope);
        let rounds = 1000 / envelope.types.len();
        for kind in (0..rounds).flat_map(|_| envelope.types) {
            let sample = Sample::new(&pool, envelope, &[kind.number], &mut random);
            let header = canonical(envelope.header_shape, &sample.header.encode_to_vec()).unwrap();
            let event = sample.events[0].encode_to_vec();
            let event = canonical(envelope.event_shape, &event).unwrap();
            let group = Group {
                kind,
                header: &header,
                events: &[&event],
                client: "",
            };
            group.check(envelope).unwrap();
            let text = object_text(&group.json(envelope).unwrap());
            let read = reader.read(text.as_bytes(), MOST);
            let read = read.unwrap_or_else(|e| panic!("{e}: {text}"));
            assert_eq!(read.warnings.count, 0, "{:?} {text}", read.warnings);
            let meant = sample.meant(envelope);
            let of = |bytes: &[u8]| DynamicMessage::decode(meant.descriptor(), bytes).unwrap();
            same(&of(&read.wire), &meant, &text);
            same(&of(&group.request(envelope)), &meant, &text);
            assert_eq!(parsed(&text), theirs(&meant), "{text}");
        }
    }
}

/// The text as a value, whose numbers are compared as what they are, however they are written.
fn parsed(text: &str) -> Value {
    plain(serde_json::from_str(text).unwrap())
}

fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::from(number.as_f64()),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            members.map(|(key, value)| (key, plain(value))).collect()
        }
        other => other,
    }
}

/// What the other library writes.
fn theirs(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new().skip_default_fields(true);
    let mut text = serde_json::Serializer::new(Vec::new());
    message.serialize_with_options(&mut text, &options).unwrap();
    parsed(&String::from_utf8(text.into_inner()).unwrap())
}
