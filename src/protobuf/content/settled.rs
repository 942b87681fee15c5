//! Checks if a message is in its canonical content encoding already: one walk that copies nothing.

use prost::encoding::encoded_len_varint as varint_len;

use super::TOO_DEEP;
use super::scalar::{self, Key};
use crate::protobuf::wire::{self, WRONG_TYPE, WireType};
use crate::protobuf::{Field, Kind, Label, Shape};
use crate::row_error::Bad;

/// True if a message is as [`super::message`] would write it. False is always a safe answer.
pub(super) fn is_content(
    shape: &Shape,
    bytes: &[u8],
    depth: u32,
    entry: bool,
) -> Result<bool, Bad> {
    let mut seen = Seen::default();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let (number, wire_type) = wire::key(bytes, &mut at)?;
        if at - start != varint_len(u64::from(number) << 3) || number < seen.number {
            return Ok(false);
        }
        let again = number == seen.number;
        seen.number = number;
        let fits = match shape.field(number) {
            None => unknown(bytes, &mut at, number, wire_type, depth)?,
            Some((_, field)) => {
                let place = Place {
                    depth,
                    entry,
                    again,
                };
                seen.alone(field, again)
                    && known(bytes, &mut at, wire_type, field, place, &mut seen)?
            }
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

/// State before a field.
#[derive(Default)]
struct Seen<'a> {
    /// The number of the last field.
    number: u32,
    /// A bit for each oneof of which a member was there.
    oneofs: u64,
    /// The last key of the map that is being walked.
    key: Option<Key<'a>>,
}

/// Position of a field.
#[derive(Clone, Copy)]
struct Place {
    depth: u32,
    entry: bool,
    /// True if the field before had the same number.
    again: bool,
}

impl Seen<'_> {
    /// True if a field may be there beside what came before.
    fn alone(&mut self, field: &Field, again: bool) -> bool {
        match field.label {
            Label::Repeated => !again || scalar::wire_type(field.kind).is_none(),
            Label::Oneof(oneof) => {
                let bit = 1_u64.checked_shl(u32::from(oneof)).unwrap_or(0);
                let first = bit != 0 && self.oneofs & bit == 0;
                self.oneofs |= bit;
                first
            }
            Label::Implicit | Label::Optional => !again,
        }
    }
}

fn known<'a>(
    bytes: &'a [u8],
    at: &mut usize,
    wire_type: WireType,
    field: &Field,
    place: Place,
    seen: &mut Seen<'a>,
) -> Result<bool, Bad> {
    let implicit = field.label == Label::Implicit;
    if field.label == Label::Repeated && scalar::wire_type(field.kind).is_some() {
        // A list that isn't packed is legal, and no wrong type.
        if wire_type != WireType::LengthDelimited {
            return Ok(false);
        }
        let Some(packed) = short_delimited(bytes, at)? else {
            return Ok(false);
        };
        let mut at = 0;
        while at < packed.len() {
            if number(packed, &mut at, field.kind)?.is_none() {
                return Ok(false);
            }
        }
        return Ok(!packed.is_empty());
    }
    if let Some(wanted) = scalar::wire_type(field.kind) {
        if wire_type != wanted {
            return Err(WRONG_TYPE);
        }
        return Ok(number(bytes, at, field.kind)?.is_some_and(|zero| !(zero && implicit)));
    }
    if wire_type != WireType::LengthDelimited {
        return Err(WRONG_TYPE);
    }
    let Some(value) = short_delimited(bytes, at)? else {
        return Ok(false);
    };
    let Some(shape) = field.kind.shape() else {
        return Ok(!(implicit && value.is_empty()));
    };
    let depth = place.depth.checked_sub(1).ok_or(TOO_DEEP)?;
    let is_map = matches!(field.kind, Kind::Map(_));
    if !is_content(shape, value, depth, is_map)? {
        return Ok(false);
    }
    if !is_map {
        return Ok(!(place.entry && value.is_empty()));
    }
    let key = Key::of(shape, value)?;
    let before = seen.key.replace(key).filter(|_| place.again);
    Ok(before.is_none_or(|before| before < key))
}

/// If a number is written as it counts, tells if it is zero.
fn number(bytes: &[u8], at: &mut usize, kind: Kind) -> Result<Option<bool>, Bad> {
    let (written, zero) = match kind {
        Kind::Float => {
            let bytes = wire::fixed(bytes, at)?;
            let counts = scalar::float(bytes);
            (counts == u32::from_le_bytes(bytes), counts == 0)
        }
        Kind::Double => {
            let bytes = wire::fixed(bytes, at)?;
            let counts = scalar::double(bytes);
            (counts == u64::from_le_bytes(bytes), counts == 0)
        }
        Kind::Fixed32 | Kind::Sfixed32 => (true, wire::fixed::<4>(bytes, at)? == [0; 4]),
        Kind::Fixed64 | Kind::Sfixed64 => (true, wire::fixed::<8>(bytes, at)? == [0; 8]),
        _ => {
            let start = *at;
            let value = wire::varint(bytes, at)?;
            let short = *at - start == varint_len(value);
            (short && scalar::within(kind, value) == value, value == 0)
        }
    };
    Ok(written.then_some(zero))
}

/// Bytes behind a length of minimal encoding.
fn short_delimited<'a>(bytes: &'a [u8], at: &mut usize) -> Result<Option<&'a [u8]>, Bad> {
    let start = *at;
    let value = wire::delimited(bytes, at)?;
    let short = *at - start == varint_len(value.len() as u64) + value.len();
    Ok(short.then_some(value))
}

fn unknown(
    bytes: &[u8],
    at: &mut usize,
    number: u32,
    wire_type: WireType,
    depth: u32,
) -> Result<bool, Bad> {
    let start = *at;
    match wire_type {
        WireType::Varint => {
            let value = wire::varint(bytes, at)?;
            Ok(*at - start == varint_len(value))
        }
        WireType::LengthDelimited => Ok(short_delimited(bytes, at)?.is_some()),
        WireType::SixtyFourBit | WireType::ThirtyTwoBit => {
            wire::skip(bytes, at, number, wire_type, depth).map(|()| true)
        }
        // A group's key at its end may be written long; it is rare enough to be looked at by the other way.
        WireType::StartGroup | WireType::EndGroup => Ok(false),
    }
}
