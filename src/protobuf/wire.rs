//! Reading protobuf's wire format without decoding messages.
//!
//! The format: <https://protobuf.dev/programming-guides/encoding/>. What is accepted is what prost 0.14 accepts,
//! to the byte: an event that passes here decodes there, and the other way round.

mod reader;

pub use reader::{Item, Key, RawValue, Reader};

use crate::row_error::Bad;

/// Maximum nesting depth of messages and groups, as in prost.
pub const RECURSION_LIMIT: u32 = 100;

/// Wire type of a field: the low three bits of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum WireType {
    Varint,
    SixtyFourBit,
    LengthDelimited,
    StartGroup,
    EndGroup,
    ThirtyTwoBit,
}

/// Reads a varint at `at` and moves behind it: at most ten bytes and 64 bits.
#[inline(always)]
pub fn varint(bytes: &[u8], at: &mut usize) -> Result<u64, Bad> {
    match bytes.get(*at..) {
        Some(&[first, ..]) if first < 0x80 => {
            *at += 1;
            Ok(u64::from(first))
        }
        Some(&[first, second, ..]) if second < 0x80 => {
            *at += 2;
            Ok(u64::from(first & 0x7f) | u64::from(second) << 7)
        }
        _ => long_varint(bytes, at),
    }
}

/// Kept out of the code around it, which mostly sees short ones.
#[inline(never)]
fn long_varint(bytes: &[u8], at: &mut usize) -> Result<u64, Bad> {
    let rest = bytes.get(*at..).unwrap_or_default();
    if rest.is_empty() {
        return Err(Bad::Wire("it ends where a number should be"));
    }
    let mut value = 0_u64;
    for (count, &byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (count * 7);
        if byte < 0x80 {
            if count == 9 && byte > 1 {
                break;
            }
            *at += count + 1;
            return Ok(value);
        }
    }
    Err(Bad::Wire("a number is cut off or longer than 64 bits"))
}

/// Reads a field's key at `at`: its number and wire type.
#[inline(always)]
pub fn key(bytes: &[u8], at: &mut usize) -> Result<(u32, WireType), Bad> {
    let key = varint(bytes, at)?;
    let key = u32::try_from(key).map_err(|_| Bad::Wire("a field number is too large"))?;
    let wire_type = match key & 7 {
        0 => WireType::Varint,
        1 => WireType::SixtyFourBit,
        2 => WireType::LengthDelimited,
        3 => WireType::StartGroup,
        4 => WireType::EndGroup,
        5 => WireType::ThirtyTwoBit,
        _ => return Err(Bad::Wire("a field has wire type 6 or 7")),
    };
    match key >> 3 {
        0 => Err(Bad::Wire("a field has number 0")),
        number => Ok((number, wire_type)),
    }
}

/// Reads a length and that many bytes.
#[inline(always)]
pub fn delimited<'a>(bytes: &'a [u8], at: &mut usize) -> Result<&'a [u8], Bad> {
    let len = varint(bytes, at)?;
    let taken = usize::try_from(len)
        .ok()
        .and_then(|len| take(bytes, at, len));
    // Not `ok_or`: an error that is made in any case is dropped in nearly every one.
    match taken {
        Some(taken) => Ok(taken),
        None => Err(Bad::Wire("a length goes beyond the end")),
    }
}

/// Takes `len` bytes at `at`, if there are that many.
#[inline(always)]
pub fn take<'a>(bytes: &'a [u8], at: &mut usize, len: usize) -> Option<&'a [u8]> {
    let end = at.checked_add(len)?;
    let taken = bytes.get(*at..end)?;
    *at = end;
    Some(taken)
}

/// Takes the four or eight bytes of a fixed-width number.
#[inline]
pub fn fixed<const N: usize>(bytes: &[u8], at: &mut usize) -> Result<[u8; N], Bad> {
    match take(bytes, at, N).and_then(|b| b.try_into().ok()) {
        Some(number) => Ok(number),
        None => Err(Bad::Wire("it ends within a number")),
    }
}

/// Moves behind the value of a field that nobody wants. `depth` is what is left of [`RECURSION_LIMIT`].
pub fn skip(
    bytes: &[u8],
    at: &mut usize,
    number: u32,
    wire_type: WireType,
    depth: u32,
) -> Result<(), Bad> {
    let Some(inner_depth) = depth.checked_sub(1) else {
        return Err(Bad::Wire("it is nested too deeply"));
    };
    match wire_type {
        WireType::Varint => varint(bytes, at).map(drop),
        WireType::SixtyFourBit => fixed::<8>(bytes, at).map(drop),
        WireType::ThirtyTwoBit => fixed::<4>(bytes, at).map(drop),
        WireType::LengthDelimited => delimited(bytes, at).map(drop),
        WireType::EndGroup => Err(Bad::Wire("a group ends that didn't start")),
        WireType::StartGroup => loop {
            match key(bytes, at)? {
                (inner, WireType::EndGroup) if inner == number => return Ok(()),
                (_, WireType::EndGroup) => return Err(Bad::Wire("a group ends that didn't start")),
                (inner, wire_type) => skip(bytes, at, inner, wire_type, inner_depth)?,
            }
        },
    }
}

/// A known field has another wire type than its type asks for.
pub const WRONG_TYPE: Bad = Bad::Wire("a field has another type than declared");

/// The bytes of a `string` field, if they are UTF-8. Most text is ASCII, which is quicker to see.
#[inline]
pub fn utf8(bytes: &[u8]) -> Result<&[u8], Bad> {
    if bytes.is_ascii() {
        return Ok(bytes);
    }
    text(bytes).map(str::as_bytes)
}

/// UTF-8 of a `string` field.
#[inline]
pub fn text(bytes: &[u8]) -> Result<&str, Bad> {
    std::str::from_utf8(bytes).map_err(|_| Bad::Wire("a string is not UTF-8"))
}

/// Undoes the zigzag of a `sint32`.
#[inline]
pub fn zigzag32(v: u64) -> i32 {
    let v = v as u32;
    ((v >> 1) as i32) ^ -((v & 1) as i32)
}

/// Undoes the zigzag of a `sint64`.
#[inline]
pub fn zigzag64(v: u64) -> i64 {
    ((v >> 1) as i64) ^ -((v & 1) as i64)
}
