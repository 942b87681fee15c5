//! Whether bytes are a message of a shape, without decoding them: the same answer as prost's `decode`.

use crate::contract::wire::{self, WRONG_TYPE, WireType};
use crate::contract::{Bad, Kind, Label, Shape};

/// Checks a message. `depth` is what is left of [`wire::RECURSION_LIMIT`] for the fields inside it.
pub fn check(bytes: &[u8], shape: &Shape, depth: u32) -> Result<(), Bad> {
    let mut at = 0;
    while at < bytes.len() {
        let (number, wire_type) = wire::key(bytes, &mut at)?;
        match shape.field(number) {
            Some((_, field)) => {
                let repeated = field.label == Label::Repeated;
                value(bytes, &mut at, wire_type, field.kind, repeated, depth)?;
            }
            None => wire::skip(bytes, &mut at, number, wire_type, depth)?,
        }
    }
    Ok(())
}

/// Checks one occurrence of a known field and moves behind it.
#[inline]
pub fn value(
    bytes: &[u8],
    at: &mut usize,
    wire_type: WireType,
    kind: Kind,
    repeated: bool,
    depth: u32,
) -> Result<(), Bad> {
    match (width(kind), wire_type) {
        (Width::Text, WireType::LengthDelimited) => {
            wire::utf8(wire::delimited(bytes, at)?).map(drop)
        }
        (Width::Bytes, WireType::LengthDelimited) => wire::delimited(bytes, at).map(drop),
        (Width::Message(shape), WireType::LengthDelimited) => {
            let Some(inner) = depth.checked_sub(1) else {
                return Err(Bad::Wire("it nests too deep"));
            };
            check(wire::delimited(bytes, at)?, shape, inner)
        }
        (Width::Varint, WireType::Varint) => wire::varint(bytes, at).map(drop),
        (Width::Four, WireType::ThirtyTwoBit) => wire::fixed::<4>(bytes, at).map(drop),
        (Width::Eight, WireType::SixtyFourBit) => wire::fixed::<8>(bytes, at).map(drop),
        (width, WireType::LengthDelimited) if repeated => {
            packed(wire::delimited(bytes, at)?, width)
        }
        _ => Err(WRONG_TYPE),
    }
}

/// How many bytes a value takes.
#[derive(Clone, Copy)]
enum Width {
    Varint,
    Four,
    Eight,
    Text,
    Bytes,
    Message(&'static Shape),
}

#[inline]
fn width(kind: Kind) -> Width {
    match kind {
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 => Width::Varint,
        Kind::Sint32 | Kind::Sint64 | Kind::Bool | Kind::Enum(_) => Width::Varint,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Width::Four,
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Width::Eight,
        Kind::String => Width::Text,
        Kind::Bytes => Width::Bytes,
        Kind::Message(s) | Kind::Map(s) | Kind::Timestamp(s) | Kind::Struct(s) => Width::Message(s),
    }
}

/// Checks the numbers of a packed repeated field.
fn packed(bytes: &[u8], width: Width) -> Result<(), Bad> {
    match width {
        Width::Varint => {
            let mut at = 0;
            while at < bytes.len() {
                wire::varint(bytes, &mut at)?;
            }
            Ok(())
        }
        Width::Four if bytes.len().is_multiple_of(4) => Ok(()),
        Width::Eight if bytes.len().is_multiple_of(8) => Ok(()),
        Width::Four | Width::Eight => Err(Bad::Wire("a packed field ends within a number")),
        Width::Text | Width::Bytes | Width::Message(_) => Err(WRONG_TYPE),
    }
}
