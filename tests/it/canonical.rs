//! Messages put in canonical order mean what they meant: prost decodes both to the same.

use event_grpc::contract::{Append, Block, Context, Envelope, Group};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Event;
use event_grpc::protobuf::canonical::canonical;
use prost::Message as _;
use prost::encoding::{DecodeContext, WireType, decode_key, encode_key, encode_varint, skip_field};
use prost_reflect::DescriptorPool;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::transform::{envelope, random, table};

const CASES: usize = 3000;

/// The fields of a message, each with its key.
fn fields(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut fields) = (bytes, Vec::new());
    while !rest.is_empty() {
        let before = rest;
        let (number, wire_type) = decode_key(&mut rest).unwrap();
        skip_field(wire_type, number, &mut rest, DecodeContext::default()).unwrap();
        fields.push(before[..before.len() - rest.len()].to_vec());
    }
    fields
}

/// One or more events of random types, taken apart, some fields left out, shuffled and joined again; payloads too.
fn jumbled(pool: &DescriptorPool, envelope: &'static Envelope, random: &mut StdRng) -> Vec<u8> {
    let mut all = Vec::new();
    for at in 0..random.random_range(1..4) {
        let kind = &envelope.types[random.random_range(0..envelope.types.len())];
        let sample = random::sample(pool, envelope, kind, at, random);
        let variant = sample.event.get_field_by_number(kind.number).unwrap();
        let mut payload = fields(&variant.as_message().unwrap().encode_to_vec());
        payload.shuffle(random);
        let payload = payload.concat();
        for field in fields(&sample.event.encode_to_vec()) {
            let (number, _) = decode_key(&mut field.as_slice()).unwrap();
            if number != kind.number {
                all.push(field);
            }
        }
        let mut field = Vec::new();
        encode_key(kind.number, WireType::LengthDelimited, &mut field);
        encode_varint(payload.len() as u64, &mut field);
        field.extend(payload);
        all.push(field);
    }
    // A field and a group that nobody knows.
    all.push(vec![0xc0, 0x3e, 0x07]);
    all.push(vec![0xcb, 0x3e, 0x08, 0x01, 0xcc, 0x3e]);
    all.shuffle(random);
    all.concat()
}

#[test]
fn canonical_events_decode_to_the_same_and_fit_the_table() {
    let pool = DescriptorPool::decode(PIPELINE.descriptors).unwrap();
    let (envelope, table) = (envelope(), table("event"));
    let Append::Events(append) = table.append else {
        panic!("event takes events")
    };
    let cx = Context {
        now_ms: 1_770_000_000_000,
    };
    let mut random = StdRng::seed_from_u64(7);
    for case in 0..CASES {
        let bytes = jumbled(&pool, envelope, &mut random);
        let ordered = canonical(envelope.event_shape, &bytes).unwrap();
        let meant = Event::decode(bytes.as_slice()).unwrap();
        assert_eq!(
            meant,
            Event::decode(ordered.as_slice()).unwrap(),
            "case {case}: {bytes:x?}"
        );
        assert_eq!(
            ordered,
            canonical(envelope.event_shape, &ordered).unwrap(),
            "case {case}: it stays as it is"
        );
        let numbers: Vec<u32> = fields(&ordered)
            .iter()
            .map(|f| decode_key(&mut f.as_slice()).unwrap().0)
            .collect();
        let Some(kind) = numbers.iter().find_map(|n| envelope.event_type(*n)) else {
            panic!("a variant is set")
        };
        let mut block = Block::new(table);
        append(
            &mut block,
            &Group {
                kind,
                header: &[],
                events: &[&ordered],
                client: "",
            },
            &cx,
        )
        .unwrap();
        assert_eq!(block.rows(), 1);
    }
}

#[test]
fn nesting_is_as_deep_as_prost_allows() {
    // A group that nobody knows, nested in itself.
    let nested =
        |depth: usize| [[0xcb_u8, 0x3e].repeat(depth), [0xcc_u8, 0x3e].repeat(depth)].concat();
    for depth in [1, 99, 100, 101, 102] {
        let bytes = nested(depth);
        let ours = canonical(envelope().event_shape, &bytes).is_ok();
        assert_eq!(
            ours,
            Event::decode(bytes.as_slice()).is_ok(),
            "{depth} groups deep"
        );
    }
}
