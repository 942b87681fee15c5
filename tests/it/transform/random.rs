//! Random events of a type: every field, every edge that fits its type.

use event_grpc::contract::{Envelope, EventType};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value,
};
use rand::Rng as _;
use rand::rngs::StdRng;

/// A header and an event under it.
pub(crate) struct Sample {
    pub(crate) kind: &'static EventType,
    pub(crate) header: DynamicMessage,
    pub(crate) event: DynamicMessage,
}

/// A random event with its own id, so that rows can be told apart.
pub(crate) fn sample(
    pool: &DescriptorPool,
    envelope: &Envelope,
    kind: &'static EventType,
    at: usize,
    random: &mut StdRng,
) -> Sample {
    let request = pool.get_message_by_name(envelope.message).unwrap();
    let of = |number| message_of(&request.get_field(number).unwrap());
    let header = filled(&of(envelope.header), 2, random);
    let descriptor = of(envelope.events);
    let mut event = DynamicMessage::new(descriptor.clone());
    for field in descriptor
        .fields()
        .filter(|f| f.containing_oneof().is_none())
    {
        let value = value(&field, 0, random);
        event.set_field(&field, value);
    }
    event.set_field(
        &descriptor.get_field(envelope.id).unwrap(),
        Value::String(format!("{}-{at}", kind.name)),
    );
    let timestamp = match random.random_range(0..8) {
        0 => String::new(),
        1 => "-86400000".to_owned(),
        2 => "4102444800000".to_owned(),
        _ => random.random_range(0..1_760_000_000_000_i64).to_string(),
    };
    event.set_field(
        &descriptor.get_field(envelope.timestamp).unwrap(),
        Value::String(timestamp),
    );
    let variant = descriptor.get_field(kind.number).unwrap();
    let payload = filled(&message_of(&variant), 2, random);
    event.set_field(&variant, Value::Message(payload));
    Sample {
        kind,
        header,
        event,
    }
}

fn message_of(field: &FieldDescriptor) -> MessageDescriptor {
    match field.kind() {
        Kind::Message(message) => message,
        other => panic!("{} is a {other:?}", field.name()),
    }
}

fn filled(descriptor: &MessageDescriptor, depth: u32, random: &mut StdRng) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for field in descriptor.fields() {
        if random.random_ratio(3, 4) {
            let value = value(&field, depth, random);
            message.set_field(&field, value);
        }
    }
    message
}

fn value(field: &FieldDescriptor, depth: u32, random: &mut StdRng) -> Value {
    let count = random.random_range(0..4);
    if field.is_map() {
        let Kind::Message(entry) = field.kind() else {
            panic!("{} is a map without entries", field.name())
        };
        let of = entry.map_entry_value_field().kind();
        let numbers = matches!(entry.map_entry_key_field().kind(), Kind::Int32);
        let entries = (0..count).map(|at| {
            let key = match numbers {
                true => MapKey::I32(at - 1),
                false => MapKey::String(format!("k{at}{}", text(random))),
            };
            (key, single(&of, depth, random))
        });
        return Value::Map(entries.collect());
    }
    if field.is_list() {
        return Value::List(
            (0..count)
                .map(|_| single(&field.kind(), depth, random))
                .collect(),
        );
    }
    single(&field.kind(), depth, random)
}

fn single(kind: &Kind, depth: u32, random: &mut StdRng) -> Value {
    match kind {
        Kind::String => Value::String(text(random)),
        Kind::Bool => Value::Bool(random.random()),
        Kind::Int32 => Value::I32(*pick(
            &[0, 1, -1, i32::MAX, i32::MIN, random.random()],
            random,
        )),
        Kind::Int64 => Value::I64(*pick(
            &[0, 1, -1, i64::MAX, i64::MIN, random.random()],
            random,
        )),
        Kind::Float => Value::F32(*pick(
            &[0.0, 1.5, -0.1, 499.99, 1e-30, 3e30, random.random()],
            random,
        )),
        Kind::Double => Value::F64(*pick(&[0.0, -2.25, 1e300, random.random()], random)),
        Kind::Sint64 => Value::I64(random.random()),
        Kind::Uint64 => Value::U64(random.random()),
        Kind::Fixed32 => Value::U32(random.random()),
        Kind::Bytes => Value::Bytes(text(random).into_bytes().into()),
        Kind::Enum(_) => Value::EnumNumber(random.random_range(0..3)),
        Kind::Message(inner) if inner.full_name() == "google.protobuf.Timestamp" => {
            let mut message = DynamicMessage::new(inner.clone());
            message.set_field_by_name("seconds", Value::I64(random.random_range(0..4_000_000_000)));
            Value::Message(message)
        }
        Kind::Message(inner) if inner.full_name() == "google.protobuf.Struct" => {
            let mut message = DynamicMessage::new(inner.clone());
            let null = inner.get_field_by_name("fields").map(|field| field.kind());
            let value = match null.as_ref().and_then(Kind::as_message) {
                Some(entry) => entry.map_entry_value_field().kind(),
                None => panic!("a Struct has fields"),
            };
            let mut one = DynamicMessage::new(message_kind(&value));
            one.set_field_by_name("string_value", Value::String(text(random)));
            let entries = [(MapKey::String("a".to_owned()), Value::Message(one))];
            message.set_field_by_name("fields", Value::Map(entries.into()));
            Value::Message(message)
        }
        Kind::Message(inner) if depth > 0 => Value::Message(filled(inner, depth - 1, random)),
        Kind::Message(inner) => Value::Message(DynamicMessage::new(inner.clone())),
        other => panic!("teach this test about {other:?}"),
    }
}

fn message_kind(kind: &Kind) -> MessageDescriptor {
    match kind {
        Kind::Message(message) => message.clone(),
        other => panic!("{other:?} is no message"),
    }
}

fn text(random: &mut StdRng) -> String {
    let texts = [
        "",
        "x",
        "héllo wörld",
        "quote\" back\\ tab\t",
        "नमस्ते",
        "2026-01-02",
        "{\"a\":1}",
        "null",
    ];
    match random.random_range(0..12) {
        at if at < texts.len() => texts[at].to_owned(),
        8 => "long ".repeat(100),
        _ => format!("v{}", random.random::<u32>()),
    }
}

fn pick<'a, T>(choices: &'a [T], random: &mut StdRng) -> &'a T {
    &choices[random.random_range(0..choices.len())]
}
