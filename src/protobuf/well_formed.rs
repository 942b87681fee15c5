//! Well-formedness check of a message, without decoding it: the same result as prost's `decode`.

use crate::protobuf::wire::{self, WRONG_TYPE, WireType};
use crate::protobuf::{Kind, Label, Shape};
use crate::row_error::RowError;

/// Checks a message. `depth` is what is left of [`wire::RECURSION_LIMIT`] for the fields inside it.
pub fn check(bytes: &[u8], shape: &Shape, depth: u32) -> Result<(), RowError> {
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
#[inline(always)]
pub fn value(
    bytes: &[u8],
    at: &mut usize,
    wire_type: WireType,
    kind: Kind,
    repeated: bool,
    depth: u32,
) -> Result<(), RowError> {
    use WireType::{LengthDelimited, SixtyFourBit, ThirtyTwoBit, Varint};
    match (kind, wire_type) {
        (Kind::String, LengthDelimited) => wire::utf8(wire::delimited(bytes, at)?).map(drop),
        (
            Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Sint32 | Kind::Sint64,
            Varint,
        )
        | (Kind::Bool | Kind::Enum(_), Varint) => wire::varint(bytes, at).map(drop),
        (Kind::Float | Kind::Fixed32 | Kind::Sfixed32, ThirtyTwoBit) => {
            wire::fixed::<4>(bytes, at).map(drop)
        }
        (Kind::Double | Kind::Fixed64 | Kind::Sfixed64, SixtyFourBit) => {
            wire::fixed::<8>(bytes, at).map(drop)
        }
        (
            Kind::Message(shape) | Kind::Map(shape) | Kind::Timestamp(shape) | Kind::Struct(shape),
            LengthDelimited,
        ) => {
            let Some(inner) = depth.checked_sub(1) else {
                return Err(RowError::Wire("it is nested too deeply"));
            };
            check(wire::delimited(bytes, at)?, shape, inner)
        }
        (Kind::Bytes, LengthDelimited) => wire::delimited(bytes, at).map(drop),
        (kind, LengthDelimited) if repeated => packed(wire::delimited(bytes, at)?, kind),
        _ => Err(WRONG_TYPE),
    }
}

/// Checks the numbers of a packed repeated field.
#[inline(never)]
fn packed(bytes: &[u8], kind: Kind) -> Result<(), RowError> {
    let width = match kind {
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => 4,
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => 8,
        Kind::String | Kind::Bytes => return Err(WRONG_TYPE),
        kind if kind.shape().is_some() => return Err(WRONG_TYPE),
        _ => {
            let mut at = 0;
            while at < bytes.len() {
                wire::varint(bytes, &mut at)?;
            }
            return Ok(());
        }
    };
    match bytes.len().is_multiple_of(width) {
        true => Ok(()),
        false => Err(RowError::Wire("a packed field ends within a number")),
    }
}
