//! Single numbers in their one encoding, and the keys of maps in their order.

use crate::protobuf::wire::{self, WRONG_TYPE, WireType};
use crate::protobuf::writer::push_varint;
use crate::protobuf::{Kind, Shape};
use crate::row_error::Bad;

/// A number, a bool or an enum's value, within the range of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Varint(u64),
    Fixed32(u32),
    Fixed64(u64),
}

/// Wire type of a single value; none for texts, bytes and nested values.
pub(super) fn wire_type(kind: Kind) -> Option<WireType> {
    match kind {
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Some(WireType::ThirtyTwoBit),
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Some(WireType::SixtyFourBit),
        Kind::Int32
        | Kind::Int64
        | Kind::Uint32
        | Kind::Uint64
        | Kind::Sint32
        | Kind::Sint64
        | Kind::Bool
        | Kind::Enum(_) => Some(WireType::Varint),
        Kind::String
        | Kind::Bytes
        | Kind::Message(_)
        | Kind::Map(_)
        | Kind::Timestamp(_)
        | Kind::Struct(_) => None,
    }
}

impl Scalar {
    /// Reads a value of a kind that has a [`wire_type`], as it counts: cut to its type as protobuf cuts it.
    pub(super) fn read(kind: Kind, bytes: &[u8], at: &mut usize) -> Result<Self, Bad> {
        Ok(match kind {
            Kind::Float => Scalar::Fixed32(float(wire::fixed(bytes, at)?)),
            Kind::Double => Scalar::Fixed64(double(wire::fixed(bytes, at)?)),
            Kind::Fixed32 | Kind::Sfixed32 => {
                Scalar::Fixed32(u32::from_le_bytes(wire::fixed(bytes, at)?))
            }
            Kind::Fixed64 | Kind::Sfixed64 => {
                Scalar::Fixed64(u64::from_le_bytes(wire::fixed(bytes, at)?))
            }
            _ => Scalar::Varint(within(kind, wire::varint(bytes, at)?)),
        })
    }

    /// True if it is what an absent one counts as.
    pub(super) fn is_default(self) -> bool {
        matches!(
            self,
            Scalar::Varint(0) | Scalar::Fixed32(0) | Scalar::Fixed64(0)
        )
    }

    /// Appends it, without a key.
    pub(super) fn push(self, out: &mut Vec<u8>) {
        match self {
            Scalar::Varint(value) => push_varint(out, value),
            Scalar::Fixed32(value) => out.extend_from_slice(&value.to_le_bytes()),
            Scalar::Fixed64(value) => out.extend_from_slice(&value.to_le_bytes()),
        }
    }
}

/// A varint as prost reads it for its type and would write it again.
pub(super) fn within(kind: Kind, value: u64) -> u64 {
    match kind {
        Kind::Int32 | Kind::Enum(_) => i64::from(value as i32) as u64,
        Kind::Uint32 | Kind::Sint32 => u64::from(value as u32),
        Kind::Bool => u64::from(value != 0),
        _ => value,
    }
}

/// Equal numbers have equal bits: zero has no sign.
pub(super) fn float(bytes: [u8; 4]) -> u32 {
    let value = f32::from_le_bytes(bytes);
    match value {
        _ if value == 0.0 => 0,
        _ if value.is_nan() => 0x7fc0_0000,
        _ => value.to_bits(),
    }
}

/// Normalized bits of a double.
pub(super) fn double(bytes: [u8; 8]) -> u64 {
    let value = f64::from_le_bytes(bytes);
    match value {
        _ if value == 0.0 => 0,
        _ if value.is_nan() => 0x7ff8_0000_0000_0000,
        _ => value.to_bits(),
    }
}

/// A map's key. Which order keys have doesn't matter, as long as it is the same everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'a> {
    Number(u64),
    Text(&'a [u8]),
}

impl<'a> Key<'a> {
    /// The key of an entry in its one encoding, in which it comes first, if it is there.
    pub(super) fn of(entry: &Shape, bytes: &'a [u8]) -> Result<Self, Bad> {
        const KEY: u32 = 1;
        let Some((_, field)) = entry.field(KEY) else {
            return Err(WRONG_TYPE);
        };
        let mut at = 0;
        let there = !bytes.is_empty() && wire::key(bytes, &mut at)?.0 == KEY;
        match (wire_type(field.kind), there) {
            (Some(_), false) => Ok(Key::Number(0)),
            (Some(_), true) => Ok(match Scalar::read(field.kind, bytes, &mut at)? {
                Scalar::Varint(value) | Scalar::Fixed64(value) => Key::Number(value),
                Scalar::Fixed32(value) => Key::Number(u64::from(value)),
            }),
            (None, false) => Ok(Key::Text(b"")),
            (None, true) => wire::delimited(bytes, &mut at).map(Key::Text),
        }
    }
}
