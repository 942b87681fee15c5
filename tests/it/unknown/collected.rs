//! Unknown fields at random places of random messages, against what prost-reflect finds.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use event_grpc::contract::{Append, Block, Context, Envelope, Group, Pipeline, Shape, Table};
use event_grpc::generated::PIPELINE;
use event_grpc::protobuf::canonical::canonical;
use event_grpc::unknown::{any, found};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MapKey, ReflectMessage as _, Value};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use super::{delimited, varint};
use crate::kinds::small;
use crate::transform::{envelope, random, table};

const PER_TYPE: usize = 30;

/// By pointer, the bytes of the field.
type Expected = BTreeMap<String, Vec<u8>>;

/// Adds unknown fields to a message and to those inside of it, one in `rare` messages.
fn spoil(message: &mut DynamicMessage, rare: u32, random: &mut StdRng) {
    if random.random_ratio(1, rare) {
        for _ in 0..random.random_range(1..4) {
            let number = [1_000, 1_001, 70_000, 536_870_911][random.random_range(0..4)];
            let field = match random.random_range(0..4) {
                0 => varint(number, random.random()),
                1 => delimited(number, &[7; 3]),
                2 => {
                    let mut group = Vec::new();
                    prost::encoding::encode_key(
                        number,
                        prost::encoding::WireType::StartGroup,
                        &mut group,
                    );
                    group.extend(varint(1, 5));
                    prost::encoding::encode_key(
                        number,
                        prost::encoding::WireType::EndGroup,
                        &mut group,
                    );
                    group
                }
                _ => {
                    let mut field = Vec::new();
                    prost::encoding::double::encode(number, &1.5, &mut field);
                    field
                }
            };
            message.merge(field.as_slice()).unwrap();
        }
    }
    let set: Vec<_> = message.fields().map(|(field, _)| field).collect();
    for field in set {
        each(message.get_field_mut(&field), &mut |inner| {
            spoil(inner, rare, random)
        });
    }
}

fn each(value: &mut Value, of: &mut dyn FnMut(&mut DynamicMessage)) {
    match value {
        Value::Message(message) => of(message),
        Value::List(items) => items.iter_mut().for_each(|item| each(item, of)),
        Value::Map(entries) => entries.values_mut().for_each(|value| each(value, of)),
        _ => {}
    }
}

/// The walk of prost-reflect, which knows nothing of ours.
fn expect(message: &DynamicMessage, path: &str, out: &mut Expected) {
    for field in message.unknown_fields() {
        let bytes = out
            .entry(format!("{path}/#{}", field.number()))
            .or_default();
        field.encode(bytes);
    }
    for (field, value) in message.fields() {
        let path = format!("{path}/{}", field.json_name());
        match value {
            Value::Message(inner) => expect(inner, &path, out),
            Value::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    if let Value::Message(inner) = item {
                        expect(inner, &format!("{path}/{at}"), out);
                    }
                }
            }
            Value::Map(entries) => {
                for (key, value) in entries {
                    if let Value::Message(inner) = value {
                        let key = match key {
                            MapKey::String(key) => key.replace('~', "~0").replace('/', "~1"),
                            MapKey::Bool(key) => key.to_string(),
                            MapKey::I32(key) => key.to_string(),
                            MapKey::I64(key) => key.to_string(),
                            MapKey::U32(key) => key.to_string(),
                            MapKey::U64(key) => key.to_string(),
                        };
                        expect(inner, &format!("{path}/{key}"), out);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The flat object that these are.
fn text(expected: &Expected) -> String {
    let object: BTreeMap<&String, String> = expected
        .iter()
        .map(|(key, bytes)| (key, STANDARD.encode(bytes)))
        .collect();
    match object.is_empty() {
        true => String::new(),
        false => serde_json::to_string(&object).unwrap(),
    }
}

fn ours(root: &str, shape: &'static Shape, bytes: &[u8]) -> String {
    let bytes = canonical(shape, bytes).unwrap();
    let unknown = found(root, shape, &bytes).unwrap();
    assert_eq!(
        unknown.is_some(),
        any(shape, &bytes),
        "noticed exactly if found"
    );
    unknown.map_or_else(String::new, |unknown| unknown.text().to_owned())
}

/// Compares every type of a pipeline in its tables.
fn compare(
    pipeline: &Pipeline,
    envelope: &'static Envelope,
    tables: &[&'static Table],
    seed: u64,
) -> usize {
    let pool = DescriptorPool::decode(pipeline.descriptors).unwrap();
    let mut random = StdRng::seed_from_u64(seed);
    let cx = Context {
        now_ms: 1_770_000_000_000,
    };
    let mut spoilt = 0;
    for kind in envelope.types {
        for at in 0..PER_TYPE {
            let mut sample = random::sample(&pool, envelope, kind, at, &mut random);
            spoil(&mut sample.header, 4, &mut random);
            spoil(&mut sample.event, 4, &mut random);
            let (mut header, mut event) = (Expected::new(), Expected::new());
            expect(&sample.header, "/header", &mut header);
            expect(&sample.event, "/event", &mut event);
            let bytes = (sample.header.encode_to_vec(), sample.event.encode_to_vec());
            assert_eq!(
                ours("/header", envelope.header_shape, &bytes.0),
                text(&header)
            );
            assert_eq!(ours("/event", envelope.event_shape, &bytes.1), text(&event));
            event.append(&mut header);
            spoilt += usize::from(!event.is_empty());
            let whole = text(&event);
            let bytes = (
                canonical(envelope.header_shape, &bytes.0).unwrap(),
                canonical(envelope.event_shape, &bytes.1).unwrap(),
            );
            for table in tables {
                let Append::Events(append) = table.append else {
                    panic!("{} takes no events", table.name)
                };
                let mut block = Block::new(table);
                let group = Group {
                    kind,
                    header: &bytes.0,
                    events: &[&bytes.1, &bytes.1],
                    client: "",
                };
                match append(&mut block, &group, &cx) {
                    Ok(()) => {}
                    // Not every table takes every type, nor every value.
                    Err(_) => continue,
                }
                let kept: Vec<(&[u8], u64)> = block.unknown();
                let expected: Vec<(&[u8], u64)> = match whole.is_empty() {
                    true => Vec::new(),
                    false => vec![(whole.as_bytes(), 2)],
                };
                assert_eq!(kept, expected, "{} {}", table.name, kind.name);
            }
        }
    }
    spoilt
}

#[test]
fn what_is_collected_is_what_prost_reflect_finds() {
    let tables = [table("event"), table("purchase")];
    let spoilt = compare(&PIPELINE, envelope(), &tables, 3);
    assert!(spoilt > 500, "{spoilt}");
    let tables = [
        &small::tables::event::TABLE,
        &small::tables::everything::TABLE,
    ];
    let mut spoilt = 0;
    for seed in 0..20 {
        spoilt += compare(&small::PIPELINE, &small::envelope::ENVELOPE, &tables, seed);
    }
    assert!(spoilt > 500, "{spoilt}");
}

#[test]
fn without_unknown_fields_nothing_is_noticed() {
    let pool = DescriptorPool::decode(small::PIPELINE.descriptors).unwrap();
    let mut random = StdRng::seed_from_u64(5);
    let envelope = &small::envelope::ENVELOPE;
    for at in 0..200 {
        let kind = &envelope.types[at % envelope.types.len()];
        let sample = random::sample(&pool, envelope, kind, at, &mut random);
        assert_eq!(
            ours(
                "/event",
                envelope.event_shape,
                &sample.event.encode_to_vec()
            ),
            ""
        );
        assert_eq!(
            sample.event.descriptor().full_name(),
            envelope.event_shape.name
        );
    }
}
