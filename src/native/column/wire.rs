//! Appending protobuf values to columns: scalars, repeated fields and maps, straight from the wire.

use base64::Engine as _;
use smallvec::SmallVec;

use super::decimal::widen;
use super::keys::Places;
use super::{Column, MISMATCH, nested};
use crate::json::{Map, Value, object_text, struct_object};
use crate::protobuf::timestamp::{timestamp_micros, timestamp_text};
use crate::protobuf::wire::{self, Item, RawValue, Reader, WRONG_TYPE};
use crate::protobuf::{Kind, Shape, first_name};
use crate::row_error::Bad;

/// A scalar as it was sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'a> {
    /// Any signed integer, and `uint32` and `fixed32`.
    Signed(i64),
    /// `uint64` and `fixed64`.
    Unsigned(u64),
    /// `float`.
    Float(f32),
    /// `double`.
    Double(f64),
    /// `bool`.
    Bool(bool),
    /// The bytes of a `string`, which are UTF-8.
    Text(&'a [u8]),
    /// `bytes`.
    Bytes(&'a [u8]),
    /// An enum's value: its number and its name.
    Name(i32, &'static str),
}

impl<'a> Scalar<'a> {
    /// Reads one value of a field of this kind.
    pub(super) fn read(kind: &Kind, value: RawValue<'a>) -> Result<Self, Bad> {
        Ok(match (kind, value) {
            (Kind::Int32, RawValue::Varint(v)) => Scalar::Signed(i64::from(v as i32)),
            (Kind::Int64, RawValue::Varint(v)) => Scalar::Signed(v as i64),
            (Kind::Uint32, RawValue::Varint(v)) => Scalar::Signed(i64::from(v as u32)),
            (Kind::Uint64, RawValue::Varint(v)) => Scalar::Unsigned(v),
            (Kind::Sint32, RawValue::Varint(v)) => Scalar::Signed(i64::from(wire::zigzag32(v))),
            (Kind::Sint64, RawValue::Varint(v)) => Scalar::Signed(wire::zigzag64(v)),
            (Kind::Bool, RawValue::Varint(v)) => Scalar::Bool(v != 0),
            (Kind::Enum(names), RawValue::Varint(v)) => {
                let number = v as i32;
                match first_name(names, number) {
                    Some(name) => Scalar::Name(number, name),
                    None => Scalar::Signed(i64::from(number)),
                }
            }
            (Kind::Fixed32, RawValue::Fixed32(v)) => {
                Scalar::Signed(i64::from(u32::from_le_bytes(v)))
            }
            (Kind::Sfixed32, RawValue::Fixed32(v)) => {
                Scalar::Signed(i64::from(i32::from_le_bytes(v)))
            }
            (Kind::Float, RawValue::Fixed32(v)) => Scalar::Float(f32::from_le_bytes(v)),
            (Kind::Fixed64, RawValue::Fixed64(v)) => Scalar::Unsigned(u64::from_le_bytes(v)),
            (Kind::Sfixed64, RawValue::Fixed64(v)) => Scalar::Signed(i64::from_le_bytes(v)),
            (Kind::Double, RawValue::Fixed64(v)) => Scalar::Double(f64::from_le_bytes(v)),
            (Kind::String, RawValue::Delimited(v)) => Scalar::Text(wire::utf8(v)?),
            (Kind::Bytes, RawValue::Delimited(v)) => Scalar::Bytes(v),
            _ => return Err(WRONG_TYPE),
        })
    }

    /// True if a field without presence counts as absent with this value.
    pub(super) fn is_default(&self) -> bool {
        match *self {
            Scalar::Signed(v) => v == 0,
            Scalar::Unsigned(v) => v == 0,
            // Negative zero is not the default.
            Scalar::Float(v) => v.to_bits() == 0,
            Scalar::Double(v) => v.to_bits() == 0,
            Scalar::Bool(v) => !v,
            Scalar::Text(v) => v.is_empty(),
            Scalar::Bytes(v) => v.is_empty(),
            Scalar::Name(number, _) => number == 0,
        }
    }
}

impl Column {
    /// Appends a scalar; the column's layout says how wide.
    pub(super) fn scalar(&mut self, value: Scalar<'_>) -> Result<(), Bad> {
        match self {
            Column::Fixed(c) => {
                let fits = match (value, c.width()) {
                    (Scalar::Signed(v), 8) => c.push(v.to_le_bytes()),
                    (Scalar::Signed(v), 4) => c.push((v as i32).to_le_bytes()),
                    (Scalar::Unsigned(v), 8) => c.push(v.to_le_bytes()),
                    (Scalar::Float(v), 4) => c.push(v.to_le_bytes()),
                    (Scalar::Float(v), 8) => c.push(widen(v).to_le_bytes()),
                    (Scalar::Double(v), 8) => c.push(v.to_le_bytes()),
                    (Scalar::Bool(v), 1) => c.push([u8::from(v)]),
                    _ => false,
                };
                if fits { Ok(()) } else { Err(MISMATCH) }
            }
            Column::Nullable(c) => {
                c.inner.scalar(value)?;
                c.nulls.push(0);
                Ok(())
            }
            Column::Text(_) | Column::Dictionary(_) => match value {
                Scalar::Text(v) => self.text(v),
                Scalar::Name(_, v) => self.text(v),
                Scalar::Bytes(v) => self.text(v),
                Scalar::Signed(v) => self.text(v.to_string()),
                Scalar::Unsigned(v) => self.text(v.to_string()),
                Scalar::Bool(v) => self.text(if v { "true" } else { "false" }),
                Scalar::Float(_) | Scalar::Double(_) => Err(MISMATCH),
            },
            _ => Err(MISMATCH),
        }
    }

    /// Appends a repeated field as one list: `run` holds its occurrences, keys included.
    pub fn repeated(&mut self, kind: &Kind, run: &[u8]) -> Result<(), Bad> {
        let Column::Array(array) = self else {
            return Err(MISMATCH);
        };
        let mut reader = Reader::new(run);
        while let Some(item) = reader.next()? {
            array.inner.elements(kind, &item)?;
        }
        array.close();
        Ok(())
    }

    fn elements(&mut self, kind: &Kind, item: &Item<'_>) -> Result<(), Bad> {
        match (kind, item.raw()) {
            (
                Kind::Message(_) | Kind::Struct(_) | Kind::Timestamp(_),
                RawValue::Delimited(bytes),
            ) => self.element_message(kind, bytes),
            (Kind::String | Kind::Bytes, value) => self.scalar(Scalar::read(kind, value)?),
            (_, RawValue::Delimited(packed)) => {
                let mut at = 0;
                while at < packed.len() {
                    let value = packed_value(kind, packed, &mut at)?;
                    self.scalar(Scalar::read(kind, value)?)?;
                }
                Ok(())
            }
            (_, value) => self.scalar(Scalar::read(kind, value)?),
        }
    }

    fn element_message(&mut self, kind: &Kind, bytes: &[u8]) -> Result<(), Bad> {
        match kind {
            Kind::Message(shape) => self.json_message(shape, bytes),
            Kind::Struct(_) => self.json_struct(bytes),
            Kind::Timestamp(_) => match self {
                Column::Fixed(_) => self.i64(timestamp_micros(bytes).map_err(bad_timestamp)?),
                _ => self.text(timestamp_text(bytes).map_err(bad_timestamp)?),
            },
            _ => Err(WRONG_TYPE),
        }
    }

    /// Appends a map field as one map: `run` holds its entries, keys included. Of equal keys the last one wins.
    pub fn map(&mut self, entry: &'static Shape, run: &[u8]) -> Result<(), Bad> {
        let Column::Map(map) = self else {
            return Err(MISMATCH);
        };
        let (Some((_, key_field)), Some((_, value_field))) = (entry.field(1), entry.field(2))
        else {
            return Err(MISMATCH);
        };
        let mut entries: SmallVec<[Entry<'_>; 16]> = SmallVec::new();
        let mut places = Places::default();
        let mut reader = Reader::new(run);
        while let Some(item) = reader.next()? {
            let RawValue::Delimited(bytes) = item.raw() else {
                return Err(WRONG_TYPE);
            };
            let entry = Entry::read(bytes)?;
            let known = |at: usize| entries.get(at).map(|entry| entry.key_bytes);
            let place = places.of(entry.key_bytes, entries.len(), known);
            match place.and_then(|at| entries.get_mut(at)) {
                Some(place) => *place = entry,
                None => entries.push(entry),
            }
        }
        for entry in entries {
            push_or_default(&mut map.keys, &key_field.kind, entry.key)?;
            push_or_default(&mut map.values, &value_field.kind, entry.value)?;
        }
        map.close();
        Ok(())
    }

    /// Appends a message as one JSON value: fields by their proto names, those at their default left out.
    pub fn json_message(&mut self, shape: &'static Shape, bytes: &[u8]) -> Result<(), Bad> {
        match self {
            Column::Json(c) => c.push_message(shape, bytes),
            _ => Err(MISMATCH),
        }
    }

    /// True if a message that was appended as JSON had a field that its shape doesn't know, since this was last asked.
    #[inline]
    pub fn met_unknown(&mut self) -> bool {
        match self {
            Column::Json(c) => c.met_unknown(),
            _ => false,
        }
    }

    /// Appends a `google.protobuf.Struct` as one JSON value.
    pub fn json_struct(&mut self, bytes: &[u8]) -> Result<(), Bad> {
        self.json_object(&struct_object(bytes)?)
    }

    /// Appends a JSON object as one JSON value.
    pub fn json_object(&mut self, object: &Map<String, Value>) -> Result<(), Bad> {
        match self {
            Column::Json(c) => c.push_object(object),
            // Databases without such a column type take JSON as text.
            Column::Text(c) => {
                c.push(object_text(object).as_bytes());
                Ok(())
            }
            _ => Err(MISMATCH),
        }
    }

    /// Appends a list of JSON objects.
    pub fn json_objects(&mut self, objects: &[&Map<String, Value>]) -> Result<(), Bad> {
        let Column::Array(c) = self else {
            return Err(MISMATCH);
        };
        objects.iter().try_for_each(|o| c.inner.json_object(o))?;
        c.close();
        Ok(())
    }
}

/// The value at `at` of a packed list of numbers.
fn packed_value<'a>(kind: &Kind, packed: &'a [u8], at: &mut usize) -> Result<RawValue<'a>, Bad> {
    Ok(match kind {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => {
            RawValue::Fixed64(wire::fixed(packed, at)?)
        }
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => RawValue::Fixed32(wire::fixed(packed, at)?),
        _ => RawValue::Varint(wire::varint(packed, at)?),
    })
}

/// An entry of a map.
struct Entry<'a> {
    /// The key as bytes to compare: empty for the default, however it is written.
    key_bytes: &'a [u8],
    key: Option<RawValue<'a>>,
    value: Option<RawValue<'a>>,
}

impl<'a> Entry<'a> {
    #[inline]
    fn read(bytes: &'a [u8]) -> Result<Self, Bad> {
        let mut entry = Entry {
            key_bytes: &[],
            key: None,
            value: None,
        };
        let mut reader = Reader::new(bytes);
        while let Some(item) = reader.next()? {
            if item.again() && item.number <= 2 {
                return Err(Bad::NotCanonical);
            }
            match item.number {
                1 => {
                    // With the key of the field; equal keys have equal bytes, in canonical varints.
                    entry.key_bytes = reader.span(&[], &item);
                    entry.key = Some(item.raw());
                }
                2 => entry.value = Some(item.raw()),
                _ => {}
            }
        }
        if let Some(RawValue::Varint(0) | RawValue::Delimited([])) = entry.key {
            entry.key_bytes = &[];
        }
        Ok(entry)
    }
}

fn push_or_default(
    column: &mut Column,
    kind: &Kind,
    value: Option<RawValue<'_>>,
) -> Result<(), Bad> {
    match (kind, value) {
        (Kind::String, Some(RawValue::Delimited(text))) => column.text(wire::utf8(text)?),
        (
            Kind::Message(_) | Kind::Struct(_) | Kind::Timestamp(_),
            Some(RawValue::Delimited(bytes)),
        ) => column.element_message(kind, bytes),
        (_, Some(value)) => column.scalar(Scalar::read(kind, value)?),
        (
            Kind::Bool | Kind::Int32 | Kind::Int64 | Kind::Sint32 | Kind::Sint64 | Kind::Uint32,
            None,
        ) if matches!(column, Column::Text(_)) => {
            let zero = if matches!(kind, Kind::Bool) {
                Scalar::Bool(false)
            } else {
                Scalar::Signed(0)
            };
            column.scalar(zero)
        }
        (_, None) => {
            column.default();
            Ok(())
        }
    }
}

/// `bytes` as proto3 JSON writes them.
pub(super) fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn bad_timestamp(reason: String) -> Bad {
    Bad::field("google.protobuf.Timestamp", reason)
}

/// Tells if a run of a repeated field has any element; an empty packed list has none.
pub(super) fn has_elements(kind: &Kind, run: &[u8]) -> Result<bool, Bad> {
    let mut reader = Reader::new(run);
    while let Some(item) = reader.next()? {
        let packed = !matches!(kind, Kind::String | Kind::Bytes) && kind.shape().is_none();
        match item.raw() {
            RawValue::Delimited([]) if packed => {}
            _ => return Ok(true),
        }
    }
    Ok(false)
}

impl nested::Array {
    /// The elements' column.
    pub(super) fn inner_mut(&mut self) -> &mut Column {
        &mut self.inner
    }
}
