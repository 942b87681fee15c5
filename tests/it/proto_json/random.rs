//! Random requests of a pipeline: every kind of field, every edge that fits its type.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value};
use rand::Rng as _;
use rand::rngs::StdRng;

/// A message with most of its fields, as it is after a journey over the wire.
pub(super) fn message(of: &MessageDescriptor, depth: u32, random: &mut StdRng) -> DynamicMessage {
    let filled = filled(of, depth, random);
    DynamicMessage::decode(
        of.clone(),
        prost::Message::encode_to_vec(&filled).as_slice(),
    )
    .unwrap()
}

fn filled(of: &MessageDescriptor, depth: u32, random: &mut StdRng) -> DynamicMessage {
    match of.full_name() {
        "google.protobuf.Timestamp" => return timestamp(of, random),
        "google.protobuf.Struct" => {
            let json = serde_json::Value::Object(object(3, random));
            return DynamicMessage::deserialize(of.clone(), json).unwrap();
        }
        _ => {}
    }
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields() {
        let of_oneof = field
            .containing_oneof()
            .is_some_and(|oneof| !oneof.is_synthetic());
        if random.random_ratio(if of_oneof { 1 } else { 3 }, 4) {
            message.set_field(&field, value(&field, depth, random));
        }
    }
    message
}

fn value(field: &FieldDescriptor, depth: u32, random: &mut StdRng) -> Value {
    let count = random.random_range(0..4);
    if field.is_map() {
        let Kind::Message(entry) = field.kind() else {
            panic!("a map has entries")
        };
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        let mut entry = || {
            let key = match key.kind() {
                Kind::String => MapKey::String(text(random)),
                Kind::Int32 => MapKey::I32(random.random()),
                other => panic!("teach this test about keys of {other:?}"),
            };
            (key, single(&value.kind(), depth, random))
        };
        return Value::Map((0..count).map(|_| entry()).collect());
    }
    if field.is_list() {
        let items = (0..count).map(|_| single(&field.kind(), depth, random));
        return Value::List(items.collect());
    }
    single(&field.kind(), depth, random)
}

fn single(kind: &Kind, depth: u32, random: &mut StdRng) -> Value {
    match kind {
        Kind::String => Value::String(text(random)),
        Kind::Bytes => {
            let count = random.random_range(0..20);
            let bytes: Vec<u8> = (0..count).map(|_| random.random()).collect();
            Value::Bytes(bytes.into())
        }
        Kind::Bool => Value::Bool(random.random()),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(pick(
            &[0, 1, -1, i32::MAX, i32::MIN, random.random()],
            random,
        )),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(pick(
            &[0, 1, -1, i64::MAX, i64::MIN, random.random()],
            random,
        )),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(pick(&[0, u32::MAX, random.random()], random)),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(pick(&[0, u64::MAX, random.random()], random)),
        Kind::Float => Value::F32(pick(
            &[0.0, 1.5, -0.1, 1e-30, 3e30, f32::INFINITY, random.random()],
            random,
        )),
        Kind::Double => Value::F64(pick(
            &[
                0.0,
                1.5,
                -0.1,
                1e-300,
                3e300,
                f64::NEG_INFINITY,
                random.random(),
            ],
            random,
        )),
        Kind::Enum(values) => {
            let known: Vec<i32> = values.values().map(|value| value.number()).collect();
            Value::EnumNumber(match random.random_ratio(1, 5) {
                true => 77,
                false => pick(&known, random),
            })
        }
        Kind::Message(inner) if depth > 0 => Value::Message(filled(inner, depth - 1, random)),
        Kind::Message(inner) => Value::Message(DynamicMessage::new(inner.clone())),
    }
}

fn timestamp(of: &MessageDescriptor, random: &mut StdRng) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    let seconds = pick(
        &[
            0,
            -62_135_596_800,
            253_402_300_799,
            random.random_range(0..2_000_000_000),
        ],
        random,
    );
    message.set_field_by_name("seconds", Value::I64(seconds));
    let nanos = pick(&[0, 1, 500_000_000, 999_999_999], random);
    message.set_field_by_name("nanos", Value::I32(nanos));
    message
}

fn object(depth: u32, random: &mut StdRng) -> serde_json::Map<String, serde_json::Value> {
    let count = random.random_range(0..4);
    (0..count)
        .map(|_| (text(random), free(depth, random)))
        .collect()
}

/// Any value of JSON.
pub(super) fn free(depth: u32, random: &mut StdRng) -> serde_json::Value {
    use serde_json::Value;
    match random.random_range(0..if depth == 0 { 5 } else { 7 }) {
        0 => Value::Null,
        1 => Value::Bool(random.random()),
        2 => Value::from(f64::from(random.random::<i32>()) / 8.0),
        3 => Value::from(random.random::<i16>()),
        4 => Value::String(text(random)),
        5 => (0..random.random_range(0..4))
            .map(|_| free(depth - 1, random))
            .collect(),
        _ => Value::Object(object(depth - 1, random)),
    }
}

/// A text with whatever JSON has to escape, and others.
pub(super) fn text(random: &mut StdRng) -> String {
    let texts = [
        "",
        "x",
        "héllo wörld",
        "quote\" back\\ tab\t and \u{1}",
        "नमस्ते 😀",
        "a/b~c.d",
        "null",
        "12",
    ];
    match random.random_range(0..12) {
        at if at < texts.len() => texts[at].to_owned(),
        8 => "long ".repeat(100),
        _ => format!("v{}", random.random::<u32>()),
    }
}

pub(super) fn pick<T: Copy>(choices: &[T], random: &mut StdRng) -> T {
    choices[random.random_range(0..choices.len())]
}
