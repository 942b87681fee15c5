//! The reader of proto3 JSON against prost-reflect: the same messages, in whatever spelling, and no event lost beside a
//! bad one.

mod kinds;
mod random;
mod rows;
mod spelled;
mod spoiled;
mod written;

use event_grpc::contract::Envelope;
use event_grpc::proto_json::{Found, Most, ProtoJson, Request};
use event_grpc::protobuf::canonical::canonical;
use event_grpc::unknown::UNKNOWN_MEMBERS;
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, MessageDescriptor, ReflectMessage as _, Value,
};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::json;

use crate::kinds::small;
use spelled::Spelling;

const MOST: Most = Most {
    events: 1000,
    told: 1000,
};

/// The project's own pipeline, and one that has every kind of field.
fn pipelines() -> [(DescriptorPool, &'static Envelope); 2] {
    let pool = |bytes: &[u8]| DescriptorPool::decode(bytes).unwrap();
    [
        (
            pool(event_grpc::generated::PIPELINE.descriptors),
            crate::transform::envelope(),
        ),
        (
            pool(small::PIPELINE.descriptors),
            &small::envelope::ENVELOPE,
        ),
    ]
}

fn seed() -> u64 {
    let seed = std::env::var("EVENT_GRPC_TEST_SEED").ok();
    seed.and_then(|seed| seed.parse().ok()).unwrap_or(12)
}

/// A random request with an event of each of these types.
struct Sample {
    of: MessageDescriptor,
    header: DynamicMessage,
    events: Vec<DynamicMessage>,
}

impl Sample {
    fn new(pool: &DescriptorPool, envelope: &Envelope, types: &[u32], random: &mut StdRng) -> Self {
        let of = pool.get_message_by_name(envelope.message).unwrap();
        let inner = |of: &MessageDescriptor, number| {
            let field = of.get_field(number).unwrap();
            field.kind().as_message().unwrap().clone()
        };
        let event = inner(&of, envelope.events);
        let events = types.iter().map(|number| {
            let mut message = DynamicMessage::new(event.clone());
            for plain in event
                .fields()
                .filter(|field| field.containing_oneof().is_none())
            {
                message.set_field(&plain, Value::String(random::text(random)));
            }
            let payload = random::message(&inner(&event, *number), 3, random);
            message.set_field_by_number(*number, Value::Message(payload));
            DynamicMessage::decode(event.clone(), message.encode_to_vec().as_slice()).unwrap()
        });
        let events = events.collect();
        let header = random::message(&inner(&of, envelope.header), 2, random);
        Sample { of, header, events }
    }

    /// The request as a text.
    fn spelled(&self, spelling: &mut Spelling<'_>) -> String {
        let events: Vec<String> = self
            .events
            .iter()
            .map(|e| spelling.message(e, "/event"))
            .collect();
        let header = spelling.message(&self.header, "/header");
        let mut members = vec![
            ("header".to_owned(), header),
            ("events".to_owned(), format!("[{}]", events.join(" , "))),
        ];
        if spelling.random.random() {
            members.reverse();
        }
        spelling.object(&members)
    }

    /// Expected message of the request.
    fn meant(&self, envelope: &Envelope) -> DynamicMessage {
        let mut request = DynamicMessage::new(self.of.clone());
        request.set_field_by_number(envelope.header, Value::Message(self.header.clone()));
        let events = self.events.iter().cloned().map(Value::Message).collect();
        request.set_field_by_number(envelope.events, Value::List(events));
        request
    }
}

/// True if both are the same on the wire, where fields at their default are left out.
fn same(one: &DynamicMessage, other: &DynamicMessage, text: &str) {
    let [one, other] = [one, other].map(|message| {
        let bytes = message.encode_to_vec();
        DynamicMessage::decode(message.descriptor(), bytes.as_slice()).unwrap()
    });
    assert!(
        one == other,
        "{one}\nand not\n{other}\nis what this says:\n{text}"
    );
}

fn number_of(event: &Found) -> u32 {
    match event {
        Found::Known(number, _) => *number,
        other => panic!("{other:?}"),
    }
}

/// The events on the wire.
fn bodies<'a>(request: &'a Request<'_>) -> Vec<&'a [u8]> {
    let events = request.events.iter().map(|event| match &event.found {
        Found::Known(_, place) => &request.wire[place.clone()],
        other => panic!("{other:?}"),
    });
    events.collect()
}

#[test]
fn every_type_is_the_same_in_every_spelling() {
    let mut random = StdRng::seed_from_u64(seed());
    for (pool, envelope) in pipelines() {
        let reader = ProtoJson::new(envelope);
        let rounds = 2000 / envelope.types.len();
        for (round, kind) in (0..rounds).flat_map(|at| envelope.types.iter().map(move |k| (at, k)))
        {
            let sample = Sample::new(&pool, envelope, &[kind.number, kind.number], &mut random);
            let lenient = round % 2 == 1;
            let mut spelling = Spelling {
                random: &mut random,
                lenient,
                strange: false,
                unknown: Vec::new(),
            };
            let text = sample.spelled(&mut spelling);
            let meant = sample.meant(envelope);
            if !lenient {
                let mut theirs = serde_json::Deserializer::from_str(&text);
                let theirs = DynamicMessage::deserialize(sample.of.clone(), &mut theirs);
                let theirs = theirs.unwrap_or_else(|e| panic!("{e}: {text}"));
                same(&theirs, &meant, &text);
            }
            let ours = reader.read(text.as_bytes(), MOST);
            let ours = ours.unwrap_or_else(|e| panic!("{e}: {text}"));
            assert_eq!(ours.warnings.count, 0, "{:?} {text}", ours.warnings);
            for event in &ours.events {
                assert!(matches!(event.found, Found::Known(..)), "{event:?}");
                assert_eq!(number_of(&event.found), kind.number);
            }
            let read = DynamicMessage::decode(sample.of.clone(), ours.wire.as_slice()).unwrap();
            same(&read, &meant, &text);
            // The workers' fast paths take fields in order.
            for body in bodies(&ours) {
                assert_eq!(
                    canonical(envelope.event_shape, body).unwrap(),
                    body,
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn what_is_unknown_is_kept_with_the_event_and_told() {
    let mut random = StdRng::seed_from_u64(seed());
    for (pool, envelope) in pipelines() {
        let reader = ProtoJson::new(envelope);
        for kind in envelope.types.iter().cycle().take(500) {
            let sample = Sample::new(&pool, envelope, &[kind.number], &mut random);
            let mut spelling = Spelling {
                random: &mut random,
                lenient: false,
                strange: true,
                unknown: Vec::new(),
            };
            let text = sample.spelled(&mut spelling);
            let unknown = spelling.unknown;
            let request = reader.read(text.as_bytes(), MOST).unwrap();
            assert_eq!(request.warnings.count, unknown.len(), "{text}");
            assert_eq!(request.warnings.listed.len(), unknown.len().min(20));
            let mut read =
                DynamicMessage::decode(sample.of.clone(), request.wire.as_slice()).unwrap();
            let header = read
                .get_field_by_number(envelope.header)
                .unwrap()
                .into_owned();
            let events = read
                .get_field_by_number(envelope.events)
                .unwrap()
                .into_owned();
            let kept = [
                (&header, "/header"),
                (&events.as_list().unwrap()[0], "/event"),
            ];
            for (message, root) in kept {
                let expected = unknown
                    .iter()
                    .filter(|(pointer, _)| pointer.starts_with(root));
                let expected: serde_json::Map<_, _> = expected.cloned().collect();
                let found = unknown_members(message.as_message().unwrap());
                assert_eq!(found, json!(expected), "{text}");
            }
            // Without them it is what it would be.
            without_unknown(&mut read, envelope);
            same(&read, &sample.meant(envelope), &text);
        }
    }
}

/// The object of unknown members that a message carries, whose keys have to be in order.
fn unknown_members(message: &DynamicMessage) -> serde_json::Value {
    let mut found = message.unknown_fields();
    let Some(field) = found.next() else {
        return json!({});
    };
    assert!(found.next().is_none());
    assert_eq!(field.number(), UNKNOWN_MEMBERS);
    let mut bytes = Vec::new();
    field.encode(&mut bytes);
    let mut rest = bytes.as_slice();
    prost::encoding::decode_key(&mut rest).unwrap();
    let len = prost::encoding::decode_varint(&mut rest).unwrap();
    assert_eq!(len, rest.len() as u64);
    let text = rest.to_vec();
    let text = String::from_utf8(text).unwrap();
    let read: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    let mut at = 0;
    let mut keys: Vec<&String> = read.keys().collect();
    keys.sort();
    for key in keys {
        let written = serde_json::to_string(key).unwrap();
        at += text[at..]
            .find(&written)
            .unwrap_or_else(|| panic!("{text}: not in order"));
    }
    serde_json::Value::Object(read)
}

fn without_unknown(request: &mut DynamicMessage, envelope: &Envelope) {
    if let Value::Message(header) = request.get_field_by_number_mut(envelope.header).unwrap() {
        header.take_unknown_fields().for_each(drop);
    }
    if let Value::List(events) = request.get_field_by_number_mut(envelope.events).unwrap() {
        for event in events {
            if let Value::Message(event) = event {
                event.take_unknown_fields().for_each(drop);
            }
        }
    }
}
