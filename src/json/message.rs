//! Protobuf messages as proto3 JSON, which any reader that has the proto files takes back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::limits;
use super::structs::struct_object;
use super::value::{Map, Value};
use crate::protobuf::timestamp::timestamp_text;
use crate::protobuf::wire::{
    self, RECURSION_LIMIT, RawValue, Reader, WRONG_TYPE, WireType, zigzag32, zigzag64,
};
use crate::protobuf::{Field, Kind, Label, Shape, first_name};
use crate::row_error::RowError;

/// A message as a proto3 JSON object: fields have their JSON names, whole numbers of 64 bits are texts, bytes are base64,
/// and enums have names where they are known. What the shape doesn't know is left out.
///
/// # Errors
///
/// If it isn't well formed, or its fields are not in canonical order.
pub fn message_object(shape: &Shape, bytes: &[u8]) -> Result<Map, RowError> {
    object(shape, bytes, RECURSION_LIMIT)
}

fn object(shape: &Shape, bytes: &[u8], depth: u32) -> Result<Map, RowError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(RowError::Wire("it is nested too deeply"));
    };
    let mut members = Map::new();
    let mut oneofs = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some(item) = reader.next()? {
        let Some((_, field)) = shape.field(item.number) else {
            continue;
        };
        let name = || field.json_name.to_owned();
        match (field.label, field.kind) {
            (Label::Repeated, Kind::Map(entry)) => {
                let of_map = members.entry(name()).or_insert(Value::Object(Map::new()));
                if let Value::Object(of_map) = of_map {
                    let (key, value) = self::entry(field, entry, item.raw(), depth)?;
                    of_map.insert(key, value);
                }
                continue;
            }
            (Label::Repeated, _) => {
                let list = members.entry(name()).or_insert(Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    elements(field, item.raw(), depth, list)?;
                }
                continue;
            }
            (Label::Oneof(oneof), _) => {
                if oneofs.contains(&oneof) {
                    return Err(RowError::NotCanonical);
                }
                oneofs.push(oneof);
            }
            (Label::Implicit | Label::Optional, _) => {}
        }
        if item.again() {
            return Err(RowError::NotCanonical);
        }
        members.insert(name(), single(field, field.kind, item.raw(), depth)?);
    }
    Ok(members)
}

/// Appends what one occurrence of a repeated field holds: an element, or a packed run of them.
fn elements(
    field: &Field,
    value: RawValue<'_>,
    depth: u32,
    list: &mut Vec<Value>,
) -> Result<(), RowError> {
    let (kind, wire_type) = (field.kind, wire_type(field.kind));
    let RawValue::Delimited(packed) = value else {
        list.push(single(field, kind, value, depth)?);
        return Ok(());
    };
    let mut at = 0;
    match wire_type {
        WireType::Varint => {
            while at < packed.len() {
                let value = RawValue::Varint(wire::varint(packed, &mut at)?);
                list.push(single(field, kind, value, depth)?);
            }
        }
        WireType::SixtyFourBit => {
            while at < packed.len() {
                let value = RawValue::Fixed64(wire::fixed(packed, &mut at)?);
                list.push(single(field, kind, value, depth)?);
            }
        }
        WireType::ThirtyTwoBit => {
            while at < packed.len() {
                let value = RawValue::Fixed32(wire::fixed(packed, &mut at)?);
                list.push(single(field, kind, value, depth)?);
            }
        }
        _ => list.push(single(field, kind, value, depth)?),
    }
    Ok(())
}

/// An entry of a map. A key or a value that is left out is the default.
fn entry(
    field: &Field,
    entry: &Shape,
    value: RawValue<'_>,
    depth: u32,
) -> Result<(String, Value), RowError> {
    let (Some(depth), RawValue::Delimited(bytes)) = (depth.checked_sub(1), value) else {
        return Err(WRONG_TYPE);
    };
    let kind = |number| entry.field(number).map(|(_, field)| field.kind);
    let (Some(key_kind), Some(value_kind)) = (kind(1), kind(2)) else {
        return Err(RowError::Layout("of such a map"));
    };
    let (mut key, mut value) = (zero(key_kind), zero(value_kind));
    let mut reader = Reader::new(bytes);
    while let Some(item) = reader.next()? {
        match item.number {
            1 => key = item.raw(),
            2 if item.again() && value_kind.shape().is_some() => {
                return Err(RowError::NotCanonical);
            }
            2 => value = item.raw(),
            _ => {}
        }
    }
    let key = match single(field, key_kind, key, depth)? {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok((key, single(field, value_kind, value, depth)?))
}

/// A single value of a kind.
fn single(field: &Field, kind: Kind, value: RawValue<'_>, depth: u32) -> Result<Value, RowError> {
    let text = Value::String;
    Ok(match (kind, value) {
        (Kind::Double, RawValue::Fixed64(bytes)) => float(f64::from_le_bytes(bytes), Value::from),
        (Kind::Float, RawValue::Fixed32(bytes)) => {
            let value = f32::from_le_bytes(bytes);
            float(f64::from(value), |_| Value::from(value))
        }
        (Kind::Int32, RawValue::Varint(v)) => Value::from(v as i32),
        (Kind::Uint32, RawValue::Varint(v)) => Value::from(v as u32),
        (Kind::Sint32, RawValue::Varint(v)) => Value::from(zigzag32(v)),
        (Kind::Fixed32, RawValue::Fixed32(b)) => Value::from(u32::from_le_bytes(b)),
        (Kind::Sfixed32, RawValue::Fixed32(b)) => Value::from(i32::from_le_bytes(b)),
        (Kind::Int64, RawValue::Varint(v)) => text((v as i64).to_string()),
        (Kind::Uint64, RawValue::Varint(v)) => text(v.to_string()),
        (Kind::Sint64, RawValue::Varint(v)) => text(zigzag64(v).to_string()),
        (Kind::Fixed64, RawValue::Fixed64(b)) => text(u64::from_le_bytes(b).to_string()),
        (Kind::Sfixed64, RawValue::Fixed64(b)) => text(i64::from_le_bytes(b).to_string()),
        (Kind::Bool, RawValue::Varint(v)) => Value::Bool(v != 0),
        (Kind::Enum(names), RawValue::Varint(v)) => match first_name(names, v as i32) {
            Some(name) => Value::from(name),
            None => Value::from(v as i32),
        },
        (Kind::String, RawValue::Delimited(bytes)) => Value::from(wire::text(bytes)?),
        (Kind::Bytes, RawValue::Delimited(bytes)) => text(STANDARD.encode(bytes)),
        (Kind::Message(shape), RawValue::Delimited(bytes)) => {
            Value::Object(object(shape, bytes, depth)?)
        }
        (Kind::Timestamp(_), RawValue::Delimited(bytes)) => {
            text(timestamp_text(bytes).map_err(|why| RowError::field(field.name, why))?)
        }
        (Kind::Struct(_), RawValue::Delimited(bytes)) => {
            let object = struct_object(bytes)?;
            limits::check(&object)?;
            Value::Object(object)
        }
        _ => return Err(WRONG_TYPE),
    })
}

/// A floating-point number, or the word for what is none.
fn float(value: f64, number: impl Fn(f64) -> Value) -> Value {
    match value {
        value if value.is_finite() => number(value),
        value if value.is_nan() => Value::from("NaN"),
        value if value > 0.0 => Value::from("Infinity"),
        _ => Value::from("-Infinity"),
    }
}

/// Wire type of a single value.
fn wire_type(kind: Kind) -> WireType {
    match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => WireType::SixtyFourBit,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => WireType::ThirtyTwoBit,
        Kind::String | Kind::Bytes => WireType::LengthDelimited,
        kind if kind.shape().is_some() => WireType::LengthDelimited,
        _ => WireType::Varint,
    }
}

/// The default of a kind.
fn zero(kind: Kind) -> RawValue<'static> {
    match wire_type(kind) {
        WireType::SixtyFourBit => RawValue::Fixed64([0; 8]),
        WireType::ThirtyTwoBit => RawValue::Fixed32([0; 4]),
        WireType::LengthDelimited => RawValue::Delimited(&[]),
        _ => RawValue::Varint(0),
    }
}
