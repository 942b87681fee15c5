//! Puts a message's fields in canonical order, merged as prost merges them.
//!
//! Encoders may repeat singular fields, split messages and write fields in any order. Few do. So the fast paths
//! take canonical messages only, and what is not goes through here once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::writer::push_key;
use crate::protobuf::wire::{self, RECURSION_LIMIT, WRONG_TYPE, WireType};
use crate::protobuf::writer::push_varint;
use crate::protobuf::{Field, Kind, Label, Shape};
use crate::row_error::Bad;

/// One occurrence of a field: its wire type and its bytes, without the length of delimited ones. Of a group they are
/// all that follows the key at its start.
pub(super) type Raw<'a> = (WireType, Cow<'a, [u8]>);

/// Canonical encoding of a message, with its fields by ascending number: of a repeated scalar that should be single the
/// last, of a message the parts merged, of a oneof the last member. Fields that the shape doesn't know stay as they
/// are, those of one number behind each other.
pub fn canonical(shape: &Shape, bytes: &[u8]) -> Result<Vec<u8>, Bad> {
    ordered(shape, bytes, RECURSION_LIMIT)
}

/// `depth` is what is left of the limit for what nests in this message.
fn ordered(shape: &Shape, bytes: &[u8], depth: u32) -> Result<Vec<u8>, Bad> {
    let fields = merged(shape, bytes, depth)?;
    let mut out = Vec::with_capacity(bytes.len());
    for (number, occurrences) in fields {
        let Some((_, field)) = shape.field(number) else {
            for (wire_type, value) in &occurrences {
                push_key(&mut out, number, *wire_type);
                if *wire_type == WireType::LengthDelimited {
                    push_varint(&mut out, value.len() as u64);
                }
                out.extend_from_slice(value);
            }
            continue;
        };
        for (wire_type, value) in occurrences {
            write(&mut out, field, wire_type, &value, depth)?;
        }
    }
    Ok(out)
}

/// The occurrences of the fields by number, merged as prost merges them. What is in them is as it was.
pub(super) fn merged<'a>(
    shape: &Shape,
    bytes: &'a [u8],
    depth: u32,
) -> Result<BTreeMap<u32, Vec<Raw<'a>>>, Bad> {
    let mut fields: BTreeMap<u32, Vec<Raw<'a>>> = BTreeMap::new();
    let mut oneofs: BTreeMap<u8, u32> = BTreeMap::new();
    let mut at = 0;
    while at < bytes.len() {
        let (number, wire_type) = wire::key(bytes, &mut at)?;
        let Some((_, field)) = shape.field(number) else {
            let start = at;
            wire::skip(bytes, &mut at, number, wire_type, depth)?;
            let value = match wire_type {
                WireType::LengthDelimited => wire::delimited(bytes, &mut { start })?,
                _ => bytes.get(start..at).unwrap_or_default(),
            };
            let raw = (wire_type, Cow::Borrowed(value));
            fields.entry(number).or_default().push(raw);
            continue;
        };
        let raw = (wire_type, Cow::Borrowed(value(bytes, &mut at, wire_type)?));
        if let Label::Oneof(oneof) = field.label
            && let Some(before) = oneofs.insert(oneof, number)
            && before != number
        {
            fields.remove(&before);
        }
        let occurrences = fields.entry(number).or_default();
        match (field.label, field.kind.shape()) {
            (Label::Repeated, _) => occurrences.push(raw),
            (_, Some(_)) => merge(occurrences, raw)?,
            (_, None) => *occurrences = vec![raw],
        }
    }
    Ok(fields)
}

/// Merging two encodings of a message is putting one behind the other.
fn merge<'a>(occurrences: &mut Vec<Raw<'a>>, next: Raw<'a>) -> Result<(), Bad> {
    match occurrences.first_mut() {
        None => occurrences.push(next),
        Some((WireType::LengthDelimited, whole)) if next.0 == WireType::LengthDelimited => {
            whole.to_mut().extend_from_slice(&next.1);
        }
        Some(_) => return Err(WRONG_TYPE),
    }
    Ok(())
}

fn value<'a>(bytes: &'a [u8], at: &mut usize, wire_type: WireType) -> Result<&'a [u8], Bad> {
    let start = *at;
    match wire_type {
        WireType::Varint => wire::varint(bytes, at).map(drop)?,
        WireType::SixtyFourBit => wire::fixed::<8>(bytes, at).map(drop)?,
        WireType::ThirtyTwoBit => wire::fixed::<4>(bytes, at).map(drop)?,
        WireType::LengthDelimited => return wire::delimited(bytes, at),
        WireType::StartGroup | WireType::EndGroup => return Err(WRONG_TYPE),
    }
    Ok(bytes.get(start..*at).unwrap_or_default())
}

fn write(
    out: &mut Vec<u8>,
    field: &Field,
    wire_type: WireType,
    value: &[u8],
    depth: u32,
) -> Result<(), Bad> {
    push_key(out, field.number, wire_type);
    match (field.kind, wire_type) {
        (
            Kind::Message(s) | Kind::Map(s) | Kind::Timestamp(s) | Kind::Struct(s),
            WireType::LengthDelimited,
        ) => {
            let Some(depth) = depth.checked_sub(1) else {
                return Err(Bad::Wire("it is nested too deeply"));
            };
            let inner = ordered(s, value, depth)?;
            push_varint(out, inner.len() as u64);
            out.extend_from_slice(&inner);
        }
        (_, WireType::LengthDelimited) => {
            push_varint(out, value.len() as u64);
            out.extend_from_slice(value);
        }
        _ => out.extend_from_slice(value),
    }
    Ok(())
}
