//! The one encoding of a message that all of its encodings come down to, for ids that are made of content.
//!
//! Fields stand by ascending number, merged as prost merges them; what is at its default is left out, unless its presence
//! says something (`optional`, messages, members of a oneof). Varints and lengths are as short as they can be and within
//! the range of their type; lists of numbers are packed; the entries of a map stand in the order of their keys, of
//! entries with the same key the last. -0.0 is 0.0, and there is one NaN, as JSON has one. Fields that nobody knows keep
//! their place by number and their order among each other; what is in them nobody can tell, so it stays as it is.

mod scalar;
mod settled;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::canonical::{Raw, merged};
use super::writer::{push_delimited, push_key};
use crate::protobuf::wire::{self, RECURSION_LIMIT, WRONG_TYPE, WireType};
use crate::protobuf::writer::push_varint;
use crate::protobuf::{Field, Kind, Label, Shape};
use crate::row_error::RowError;
use scalar::{Key, Scalar};

const TOO_DEEP: RowError = RowError::Wire("it nests too deep");

/// A well-formed message in its one encoding. It is not copied if it came so, as nearly all do.
///
/// # Errors
/// If it is not well formed.
pub fn content<'a>(shape: &Shape, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, RowError> {
    if settled::is_content(shape, bytes, RECURSION_LIMIT, false)? {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut out = Vec::with_capacity(bytes.len());
    message(&mut out, shape, bytes, RECURSION_LIMIT, false)?;
    Ok(Cow::Owned(out))
}

/// Appends a message. `depth` is what is left of the limit for what nests in it; `entry` says that it is a map's entry,
/// in which a message that is empty is at its default.
fn message(
    out: &mut Vec<u8>,
    shape: &Shape,
    bytes: &[u8],
    depth: u32,
    entry: bool,
) -> Result<(), RowError> {
    for (number, occurrences) in merged(shape, bytes, depth)? {
        match shape.field(number) {
            None => unknown(out, number, &occurrences)?,
            Some((_, field)) if field.label == Label::Repeated => {
                repeated(out, field, &occurrences, depth)?;
            }
            Some((_, field)) => {
                if let Some(raw) = occurrences.last() {
                    single(out, field, raw, depth, entry)?;
                }
            }
        }
    }
    Ok(())
}

fn unknown(out: &mut Vec<u8>, number: u32, occurrences: &[Raw<'_>]) -> Result<(), RowError> {
    for (wire_type, value) in occurrences {
        push_key(out, number, *wire_type);
        match wire_type {
            WireType::Varint => push_varint(out, wire::varint(value, &mut 0)?),
            WireType::LengthDelimited => push_delimited(out, value),
            _ => out.extend_from_slice(value),
        }
    }
    Ok(())
}

fn single(
    out: &mut Vec<u8>,
    field: &Field,
    (wire_type, value): &Raw<'_>,
    depth: u32,
    entry: bool,
) -> Result<(), RowError> {
    let implicit = field.label == Label::Implicit;
    if let Some(wanted) = scalar::wire_type(field.kind) {
        if *wire_type != wanted {
            return Err(WRONG_TYPE);
        }
        let scalar = Scalar::read(field.kind, value, &mut 0)?;
        if !(implicit && scalar.is_default()) {
            push_key(out, field.number, wanted);
            scalar.push(out);
        }
        return Ok(());
    }
    if *wire_type != WireType::LengthDelimited {
        return Err(WRONG_TYPE);
    }
    match field.kind.shape() {
        Some(shape) => {
            let inner = nested(shape, value, depth, false)?;
            if !(entry && inner.is_empty()) {
                push_key(out, field.number, WireType::LengthDelimited);
                push_delimited(out, &inner);
            }
        }
        None if implicit && value.is_empty() => {}
        None => {
            push_key(out, field.number, WireType::LengthDelimited);
            push_delimited(out, value);
        }
    }
    Ok(())
}

fn repeated(
    out: &mut Vec<u8>,
    field: &Field,
    occurrences: &[Raw<'_>],
    depth: u32,
) -> Result<(), RowError> {
    if let Some(wanted) = scalar::wire_type(field.kind) {
        let mut packed = Vec::new();
        for (wire_type, value) in occurrences {
            if *wire_type != wanted && *wire_type != WireType::LengthDelimited {
                return Err(WRONG_TYPE);
            }
            let mut at = 0;
            while at < value.len() {
                Scalar::read(field.kind, value, &mut at)?.push(&mut packed);
            }
        }
        if !packed.is_empty() {
            push_key(out, field.number, WireType::LengthDelimited);
            push_delimited(out, &packed);
        }
        return Ok(());
    }
    if occurrences
        .iter()
        .any(|raw| raw.0 != WireType::LengthDelimited)
    {
        return Err(WRONG_TYPE);
    }
    let values = occurrences.iter().map(|(_, value)| &value[..]);
    match field.kind {
        Kind::Map(shape) => {
            let mut entries = Vec::with_capacity(occurrences.len());
            for value in values {
                entries.push(nested(shape, value, depth, true)?);
            }
            let mut by_key: BTreeMap<Key<'_>, &[u8]> = BTreeMap::new();
            for entry in &entries {
                by_key.insert(Key::of(shape, entry)?, entry);
            }
            for entry in by_key.into_values() {
                push_key(out, field.number, WireType::LengthDelimited);
                push_delimited(out, entry);
            }
        }
        kind => {
            for value in values {
                push_key(out, field.number, WireType::LengthDelimited);
                match kind.shape() {
                    Some(shape) => push_delimited(out, &nested(shape, value, depth, false)?),
                    None => push_delimited(out, value),
                }
            }
        }
    }
    Ok(())
}

fn nested(shape: &Shape, bytes: &[u8], depth: u32, entry: bool) -> Result<Vec<u8>, RowError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(TOO_DEEP);
    };
    // Not reserved: of what nests deep, each level would have room for all that is below it at the same time.
    let mut inner = Vec::new();
    message(&mut inner, shape, bytes, depth, entry)?;
    Ok(inner)
}
