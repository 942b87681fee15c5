//! Ids that are made of content: every encoding of an event makes the same, another event makes another.

pub(crate) mod spelling;

use std::collections::{BTreeMap, HashMap};

use event_grpc::contract::{Envelope, Ids, Shape};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Event;
use event_grpc::identity::Maker;
use event_grpc::protobuf::content::content;
use proptest::prelude::*;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage as _, Value};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::scan::fixture::{self, All, Choice, Tree};
use crate::scan::soup::{self, Tape};
use crate::transform::{envelope, random};
use spelling::spelled;

/// The shape of the fixture's message that has every kind of field.
fn all() -> &'static Shape {
    fixture::ENVELOPE.types[0].shape
}

/// The envelope with ids of this version.
fn with_ids(envelope: &'static Envelope, ids: Ids) -> &'static Envelope {
    Box::leak(Box::new(Envelope { ids, ..*envelope }))
}

const CONTENT: Ids = Ids::Content { from_ms: None };

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    /// prost is the oracle: what it reads and writes again has the same content, whatever was repeated, split,
    /// unpacked, out of order or out of range in it.
    #[test]
    fn what_prost_reads_alike_is_alike(tape in proptest::collection::vec(any::<u8>(), 0..300)) {
        let bytes = soup::payload(&mut Tape(&tape), all());
        if let Ok(read) = All::decode(bytes.as_slice()) {
            let once = content(all(), &bytes).unwrap().into_owned();
            // prost keeps no unknown fields.
            let ours = All::decode(once.as_slice()).unwrap();
            let known = content(all(), &ours.encode_to_vec()).unwrap().into_owned();
            let theirs = read.encode_to_vec();
            prop_assert_eq!(&known, &*content(all(), &theirs).unwrap());
            prop_assert_eq!(plain(ours), plain(read));
            prop_assert!(once.len() > known.len() || once == known, "{:x?} {:x?}", once, known);
            let again = content(all(), &known).unwrap();
            prop_assert!(matches!(again, std::borrow::Cow::Borrowed(_)), "{:x?}", known);
        }
        if let Ok(once) = content(all(), &bytes) {
            prop_assert_eq!(&*content(all(), &once).unwrap(), &*once);
        }
    }
}

/// NaN equals nothing, so it is compared as a text; zero has no sign.
fn plain(all: All) -> String {
    let sorted: BTreeMap<_, _> = all.trees.iter().collect();
    let texts: BTreeMap<_, _> = all.texts.iter().collect();
    let rest = All {
        trees: HashMap::new(),
        texts: HashMap::new(),
        double: all.double + 0.0,
        float: all.float + 0.0,
        ..all.clone()
    };
    format!("{rest:?} {sorted:?} {texts:?}").replace("-0.0", "0.0")
}

#[test]
fn every_encoding_of_a_message_has_the_same_content() {
    let mut random = StdRng::seed_from_u64(3);
    for case in 0..400 {
        let message = any_message(&mut random);
        let bytes = message.encode_to_vec();
        let wanted = content(all(), &bytes).unwrap().into_owned();
        for _ in 0..10 {
            let mut spelling = spelled(all(), &wanted, &mut random);
            assert_eq!(
                All::decode(spelling.as_slice()).unwrap(),
                message,
                "case {case} is another message: {spelling:x?}"
            );
            assert_eq!(
                wanted,
                *content(all(), &spelling).unwrap(),
                "case {case}: {spelling:x?}"
            );
            // An unknown field counts, by its number and not by its place.
            let unknown = [0xc0_u8, 0x3e, 0x07];
            let before = [&unknown[..], &spelling].concat();
            spelling.extend(unknown);
            let with_unknown = content(all(), &spelling).unwrap();
            assert_ne!(wanted, *with_unknown);
            assert_eq!(with_unknown, content(all(), &before).unwrap());
        }
    }
}

#[test]
fn messages_that_differ_have_another_content() {
    let mut random = StdRng::seed_from_u64(4);
    let of = |message: &All| {
        content(all(), &message.encode_to_vec())
            .unwrap()
            .into_owned()
    };
    let messages: Vec<All> = (0..300).map(|_| any_message(&mut random)).collect();
    for pair in messages.windows(2) {
        assert_eq!(pair[0] == pair[1], of(&pair[0]) == of(&pair[1]), "{pair:?}");
    }
    let one = All::default();
    let changed = [
        All {
            uint64: Some(0),
            ..one.clone()
        },
        All {
            at: Some(prost_types::Timestamp::default()),
            ..one.clone()
        },
        All {
            choice: Some(Choice::Text(String::new())),
            ..one.clone()
        },
        All {
            choice: Some(Choice::Tree(Tree::default())),
            ..one.clone()
        },
        All {
            texts: [(String::new(), String::new())].into(),
            ..one.clone()
        },
        All {
            strings: vec![String::new()],
            ..one.clone()
        },
        All {
            packed: vec![0],
            ..one.clone()
        },
        All {
            packed: vec![0, 0],
            ..one.clone()
        },
        All {
            double: f64::NAN,
            ..one.clone()
        },
    ];
    for (at, changed_one) in changed.iter().enumerate() {
        assert_ne!(
            of(&one),
            of(changed_one),
            "{at}: a presence that says something"
        );
        for other in &changed[..at] {
            assert_ne!(of(other), of(changed_one), "{at}");
        }
    }
    // Numbers that are equal, and the one NaN of JSON.
    let double = |bits: u64| All {
        double: f64::from_bits(bits),
        ..one.clone()
    };
    assert_eq!(of(&one), of(&double(1 << 63)), "-0.0");
    assert_eq!(
        of(&double(0x7ff8 << 48)),
        of(&double(0xfff8 << 48 | 77)),
        "NaN"
    );
}

fn any_message(random: &mut StdRng) -> All {
    let mut all = All {
        double: [0.0, 1.5, f64::INFINITY][random.random_range(0..3)],
        float: [0.0, -2.5, 1e30][random.random_range(0..3)],
        int32: [0, -1, i32::MIN, 77][random.random_range(0..4)],
        uint64: [None, Some(0), Some(u64::MAX)][random.random_range(0..3)],
        sint32: [0, -1, i32::MAX][random.random_range(0..3)],
        fixed64: random.random_range(0..2),
        bool: random.random(),
        bytes: vec![0; random.random_range(0..3)],
        at: [None, Some(Default::default())][random.random_range(0..2)],
        ..All::default()
    };
    let text = |random: &mut StdRng| ["", "a", "héllo"][random.random_range(0..3)].to_owned();
    let tree = |random: &mut StdRng| Tree {
        name: text(random),
        children: vec![
            Tree {
                name: text(random),
                children: Vec::new()
            };
            random.random_range(0..3)
        ],
    };
    for _ in 0..random.random_range(0..4) {
        all.strings.push(text(random));
        all.packed.push([0, -1, 300][random.random_range(0..3)]);
        all.packed_fixed.push(random.random_range(-1..2));
        all.texts
            .insert(random.random_range(0..30).to_string(), text(random));
        all.trees.insert(random.random_range(-3..3), tree(random));
        all.blobs.push(vec![1; random.random_range(0..2)]);
    }
    all.choice = match random.random_range(0..3) {
        0 => None,
        1 => Some(Choice::Text(text(random))),
        _ => Some(Choice::Tree(tree(random))),
    };
    if random.random() {
        let value = |kind| prost_types::Value { kind: Some(kind) };
        let fields = (0..random.random_range(0..3)).map(|at| {
            let kind = match at {
                0 => prost_types::value::Kind::NullValue(0),
                1 => prost_types::value::Kind::StringValue(text(random)),
                _ => prost_types::value::Kind::NumberValue(0.0),
            };
            (format!("k{at}"), value(kind))
        });
        all.data = Some(prost_types::Struct {
            fields: fields.collect(),
        });
    }
    all
}

/// Each type of the pipeline, as protobuf in any encoding and as JSON.
#[test]
fn an_event_has_one_id_in_every_encoding_and_as_json() {
    let pool = DescriptorPool::decode(PIPELINE.descriptors).unwrap();
    let v2 = with_ids(envelope(), CONTENT);
    let mut random = StdRng::seed_from_u64(5);
    for kind in v2.types {
        for at in 0..6 {
            let mut sample = random::sample(&pool, v2, kind, at, &mut random);
            sample.event.clear_field_by_number(v2.id);
            sample
                .event
                .set_field_by_number(v2.timestamp, Value::String("1760000000000".to_owned()));
            let header = content(v2.header_shape, &sample.header.encode_to_vec())
                .unwrap()
                .into_owned();
            let bytes = sample.event.encode_to_vec();
            let event = content(v2.event_shape, &bytes).unwrap().into_owned();
            let id = |header: &[u8], event: &[u8]| {
                Maker::new(v2, header)
                    .make(event, b"1760000000000")
                    .unwrap()
            };
            let wanted = id(&header, &event);

            let prost = Event::decode(bytes.as_slice()).unwrap().encode_to_vec();
            assert_eq!(wanted, id(&header, &prost), "{}: {bytes:x?}", kind.name);
            for _ in 0..4 {
                let header = spelled(v2.header_shape, &header, &mut random);
                let spelling = spelled(v2.event_shape, &event, &mut random);
                assert_eq!(
                    wanted,
                    id(&header, &spelling),
                    "{}: {spelling:x?}",
                    kind.name
                );
            }
            let json = serde_json::to_string(&sample.event).unwrap();
            let mut reader = serde_json::Deserializer::from_str(&json);
            let read = DynamicMessage::deserialize(sample.event.descriptor(), &mut reader).unwrap();
            assert_eq!(
                wanted,
                id(&header, &read.encode_to_vec()),
                "{}: {json}",
                kind.name
            );

            // Version 1 is the same hash of the bytes as they come.
            let v1 = Maker::new(envelope(), &header)
                .make(&event, b"1760000000000")
                .unwrap();
            assert_eq!(
                wanted, v1,
                "{}: going over changes no id of such an event",
                kind.name
            );

            sample
                .event
                .set_field_by_number(v2.timestamp, Value::String("1760000000001".to_owned()));
            assert_ne!(wanted, id(&header, &sample.event.encode_to_vec()));
            let mut other = header.clone();
            other.extend([0xf8, 0x3e, 0x01]);
            assert_ne!(wanted, id(&other, &event), "an unknown field of the header");
        }
    }
}

#[test]
fn the_version_is_chosen_by_the_time_that_the_sender_gave() {
    let from = Ids::Content {
        from_ms: Some(1_000),
    };
    for (ids, of_content) in [
        (Ids::Bytes, [false, false, false, false]),
        (CONTENT, [true, true, true, true]),
        (from, [false, true, true, false]),
    ] {
        let texts: [&[u8]; 4] = [b"999", b"1000", b"", b"soon"];
        assert_eq!(
            texts.map(|text| ids.of_content(text)),
            of_content,
            "{ids:?}"
        );
    }
    // Two entries of a map in an order of the sender's own, which is where both versions differ.
    let shuffled = |id: &'static Envelope, timestamp: &str| {
        let kind = id
            .types
            .iter()
            .find(|kind| kind.name == "WidgetViewEvent")
            .unwrap();
        let (_, map) = kind
            .shape
            .fields
            .iter()
            .enumerate()
            .find(|(_, f)| matches!(f.kind, event_grpc::contract::Kind::Map(_)))
            .unwrap();
        let mut payload = Vec::new();
        for entry in [&b"\x0a\x01b\x12\x01x"[..], b"\x0a\x01a\x12\x01y"] {
            soup::delimited(&mut payload, map.number, entry);
        }
        let mut event = Vec::new();
        soup::delimited(&mut event, id.timestamp, timestamp.as_bytes());
        soup::delimited(&mut event, kind.number, &payload);
        Maker::new(id, b"")
            .make(&event, timestamp.as_bytes())
            .unwrap()
    };
    let [v1, v2, both] = [Ids::Bytes, CONTENT, from].map(|ids| with_ids(envelope(), ids));
    assert_ne!(shuffled(v1, "1000"), shuffled(v2, "1000"));
    assert_eq!(shuffled(v1, "999"), shuffled(both, "999"));
    assert_eq!(shuffled(v2, "1000"), shuffled(both, "1000"));
}
