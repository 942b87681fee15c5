//! Single fields of a message, read by the numbers that lead to them.

use super::wire::{self, RECURSION_LIMIT, RawValue, WireType, zigzag32, zigzag64};
use super::{Kind, Label, Shape};

/// What is at a path of fields in a message: the value that counts as protobuf merges messages, the last. Each reader of
/// it gives none if there is none, or if it is of another kind.
#[derive(Debug, Clone, Copy)]
pub struct At<'a>(Option<(Label, Kind, RawValue<'a>)>);

impl<'a> At<'a> {
    /// Follows a path of field numbers. What isn't well formed has nothing there.
    pub fn path(shape: &Shape, bytes: &'a [u8], path: &[u32]) -> Self {
        At(last(shape, bytes, path))
    }

    /// Cardinality of the field.
    pub fn label(&self) -> Option<Label> {
        self.0.map(|(label, ..)| label)
    }

    /// The text.
    pub fn text(&self) -> Option<&'a str> {
        std::str::from_utf8(self.text_bytes()?).ok()
    }

    /// The bytes of a text, whether or not they are one.
    pub fn text_bytes(&self) -> Option<&'a [u8]> {
        self.bytes_of(|kind| matches!(kind, Kind::String))
    }

    /// The bytes of an embedded message.
    pub fn message(&self) -> Option<&'a [u8]> {
        self.bytes_of(|kind| kind.shape().is_some())
    }

    /// The whole number, of 32 bits with a sign.
    pub fn int32(&self) -> Option<i32> {
        i32::try_from(self.whole_number()?).ok()
    }

    /// The whole number, of 64 bits with a sign.
    pub fn int64(&self) -> Option<i64> {
        i64::try_from(self.whole_number()?).ok()
    }

    /// The whole number, of 32 bits.
    pub fn uint32(&self) -> Option<u32> {
        u32::try_from(self.whole_number()?).ok()
    }

    /// The whole number, of 64 bits.
    pub fn uint64(&self) -> Option<u64> {
        u64::try_from(self.whole_number()?).ok()
    }

    /// The floating-point number of 32 bits.
    pub fn float(&self) -> Option<f32> {
        match self.0? {
            (_, Kind::Float, RawValue::Fixed32(bytes)) => Some(f32::from_le_bytes(bytes)),
            _ => None,
        }
    }

    /// The floating-point number of 64 bits.
    pub fn double(&self) -> Option<f64> {
        match self.0? {
            (_, Kind::Double, RawValue::Fixed64(bytes)) => Some(f64::from_le_bytes(bytes)),
            _ => None,
        }
    }

    /// The truth value.
    pub fn boolean(&self) -> Option<bool> {
        match self.0? {
            (_, Kind::Bool, RawValue::Varint(value)) => Some(value != 0),
            _ => None,
        }
    }

    /// The number of the enum's value.
    pub fn enumeration(&self) -> Option<i32> {
        match self.0? {
            (_, Kind::Enum(_), RawValue::Varint(value)) => Some(value as i32),
            _ => None,
        }
    }

    /// The bytes of a value of such a kind.
    fn bytes_of(&self, is: impl Fn(Kind) -> bool) -> Option<&'a [u8]> {
        match self.0? {
            (_, kind, RawValue::Delimited(bytes)) if is(kind) => Some(bytes),
            _ => None,
        }
    }

    /// The whole number, of whatever kind.
    pub fn whole_number(&self) -> Option<i128> {
        Some(match self.0? {
            (_, Kind::Int32, RawValue::Varint(v)) => i128::from(v as i32),
            (_, Kind::Int64, RawValue::Varint(v)) => i128::from(v as i64),
            (_, Kind::Uint32, RawValue::Varint(v)) => i128::from(v as u32),
            (_, Kind::Uint64, RawValue::Varint(v)) => i128::from(v),
            (_, Kind::Sint32, RawValue::Varint(v)) => i128::from(zigzag32(v)),
            (_, Kind::Sint64, RawValue::Varint(v)) => i128::from(zigzag64(v)),
            (_, Kind::Fixed32, RawValue::Fixed32(b)) => i128::from(u32::from_le_bytes(b)),
            (_, Kind::Sfixed32, RawValue::Fixed32(b)) => i128::from(i32::from_le_bytes(b)),
            (_, Kind::Fixed64, RawValue::Fixed64(b)) => i128::from(u64::from_le_bytes(b)),
            (_, Kind::Sfixed64, RawValue::Fixed64(b)) => i128::from(i64::from_le_bytes(b)),
            _ => return None,
        })
    }
}

fn last<'a>(shape: &Shape, bytes: &'a [u8], path: &[u32]) -> Option<(Label, Kind, RawValue<'a>)> {
    let (wanted, inside) = path.split_first()?;
    let (_, field) = shape.field(*wanted)?;
    let (mut at, mut last) = (0, None);
    while at < bytes.len() {
        let (number, wire_type) = wire::key(bytes, &mut at).ok()?;
        if number != *wanted {
            wire::skip(bytes, &mut at, number, wire_type, RECURSION_LIMIT).ok()?;
            continue;
        }
        let value = match wire_type {
            WireType::Varint => RawValue::Varint(wire::varint(bytes, &mut at).ok()?),
            WireType::SixtyFourBit => RawValue::Fixed64(wire::fixed(bytes, &mut at).ok()?),
            WireType::ThirtyTwoBit => RawValue::Fixed32(wire::fixed(bytes, &mut at).ok()?),
            WireType::LengthDelimited => RawValue::Delimited(wire::delimited(bytes, &mut at).ok()?),
            WireType::StartGroup | WireType::EndGroup => return None,
        };
        match (inside.is_empty(), value, field.kind.shape()) {
            (true, value, _) => last = Some((field.label, field.kind, value)),
            (false, RawValue::Delimited(inner), Some(shape)) => {
                last = self::last(shape, inner, inside).or(last);
            }
            _ => return None,
        }
    }
    last
}
