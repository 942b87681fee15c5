//! The walk over a message that collects what its shape doesn't know. It is taken only where something was noticed.

use std::collections::BTreeMap;

use super::carrier::carried;
use super::retired::Finder;
use super::set::{Unknown, Value};
use super::{UNKNOWN_MEMBERS, push_part};
use crate::protobuf::wire::{self, RECURSION_LIMIT, WireType};
use crate::protobuf::{Field, Kind, Label, Shape};
use crate::row_error::RowError;

/// True if there is a field in a message, or in one inside of it, that its shape doesn't know; also if the message can't
/// be read.
pub fn any(shape: &'static Shape, bytes: &[u8]) -> bool {
    look(shape, bytes, RECURSION_LIMIT).unwrap_or(true)
}

fn look(shape: &'static Shape, bytes: &[u8], depth: u32) -> Result<bool, RowError> {
    let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
    let mut at = 0;
    while at < bytes.len() {
        let (number, wire_type) = wire::key(bytes, &mut at)?;
        let Some((_, field)) = shape.field(number) else {
            return Ok(true);
        };
        match (field.kind.shape(), wire_type) {
            (Some(_), WireType::LengthDelimited) => {
                let value = wire::delimited(bytes, &mut at)?;
                if let Some(inner) = inner(field, value)?
                    && look(inner.shape, inner.bytes, depth)?
                {
                    return Ok(true);
                }
            }
            _ => wire::skip(bytes, &mut at, number, wire_type, depth)?,
        }
    }
    Ok(false)
}

/// True if any occurrence of a field of messages has unknown fields; the run includes keys.
pub fn any_in_run(field: &'static Field, run: &[u8]) -> bool {
    look_in_run(field, run).unwrap_or(true)
}

fn look_in_run(field: &'static Field, run: &[u8]) -> Result<bool, RowError> {
    let mut at = 0;
    while at < run.len() {
        wire::key(run, &mut at)?;
        let value = wire::delimited(run, &mut at)?;
        if let Some(inner) = inner(field, value)?
            && look(inner.shape, inner.bytes, RECURSION_LIMIT)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

const TOO_DEEP: RowError = RowError::Wire("it nests too deep");

/// A message inside another one.
struct Inner<'a> {
    shape: &'static Shape,
    bytes: &'a [u8],
    /// Key of a map's value.
    key: Option<String>,
}

/// Message inside an occurrence of a field; none if that is a map whose values are not messages. Unknown fields of a
/// map's entry itself belong to no field, and no protobuf reader keeps them.
fn inner<'a>(field: &'static Field, bytes: &'a [u8]) -> Result<Option<Inner<'a>>, RowError> {
    let Kind::Map(entry) = field.kind else {
        let inner = field.kind.shape().map(|shape| Inner {
            shape,
            bytes,
            key: None,
        });
        return Ok(inner);
    };
    let (Some((_, key)), Some((_, value))) = (entry.field(1), entry.field(2)) else {
        return Ok(None);
    };
    let Some(shape) = value.kind.shape() else {
        return Ok(None);
    };
    let mut inner = Inner {
        shape,
        bytes: &[],
        key: Some(key_text(key.kind, None)),
    };
    let mut at = 0;
    while at < bytes.len() {
        let (number, wire_type) = wire::key(bytes, &mut at)?;
        match (number, wire_type) {
            (2, WireType::LengthDelimited) => inner.bytes = wire::delimited(bytes, &mut at)?,
            (1, _) => {
                let begin = at;
                wire::skip(bytes, &mut at, number, wire_type, RECURSION_LIMIT)?;
                let raw = bytes.get(begin..at).unwrap_or_default();
                inner.key = Some(key_text(key.kind, Some(raw)));
            }
            _ => wire::skip(bytes, &mut at, number, wire_type, RECURSION_LIMIT)?,
        }
    }
    Ok(Some(inner))
}

/// A map's key as proto3 JSON writes it; without bytes the default.
fn key_text(kind: Kind, raw: Option<&[u8]>) -> String {
    let raw = raw.unwrap_or_default();
    let varint = || wire::varint(raw, &mut 0).unwrap_or_default();
    let four = || wire::fixed::<4>(raw, &mut 0).unwrap_or_default();
    let eight = || wire::fixed::<8>(raw, &mut 0).unwrap_or_default();
    match kind {
        Kind::String => {
            let text = wire::delimited(raw, &mut 0).unwrap_or_default();
            String::from_utf8_lossy(text).into_owned()
        }
        Kind::Bool => (varint() != 0).to_string(),
        Kind::Int32 => (varint() as i32).to_string(),
        Kind::Int64 => (varint() as i64).to_string(),
        Kind::Uint32 => (varint() as u32).to_string(),
        Kind::Sint32 => wire::zigzag32(varint()).to_string(),
        Kind::Sint64 => wire::zigzag64(varint()).to_string(),
        Kind::Fixed32 => u32::from_le_bytes(four()).to_string(),
        Kind::Sfixed32 => i32::from_le_bytes(four()).to_string(),
        Kind::Fixed64 => u64::from_le_bytes(eight()).to_string(),
        Kind::Sfixed64 => i64::from_le_bytes(eight()).to_string(),
        _ => varint().to_string(),
    }
}

/// Collects what the shape of a message doesn't know, with pointers from `root`. Of a oneof the last member counts, and of
/// entries with one key the last.
pub(super) fn collect(
    root: &str,
    shape: &'static Shape,
    bytes: &[u8],
    unknown: &mut Unknown,
) -> Result<(), RowError> {
    let mut path = root.to_owned();
    Walk { root, unknown }.message(shape, bytes, &mut path, RECURSION_LIMIT)
}

struct Walk<'a> {
    root: &'a str,
    unknown: &'a mut Unknown,
}

impl Walk<'_> {
    fn message(
        &mut self,
        shape: &'static Shape,
        bytes: &[u8],
        path: &mut String,
        depth: u32,
    ) -> Result<(), RowError> {
        let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
        let mut own: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
        let mut elements: BTreeMap<u32, usize> = BTreeMap::new();
        let mut oneofs: BTreeMap<u8, &'static Field> = BTreeMap::new();
        let end = path.len();
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            let (number, wire_type) = wire::key(bytes, &mut at)?;
            let Some((_, field)) = shape.field(number) else {
                let begin = at;
                wire::skip(bytes, &mut at, number, wire_type, depth)?;
                if let Some(field) = shape.retired(number) {
                    self.unknown.note_retired(field);
                    continue;
                }
                let value = bytes.get(begin..at);
                if !self.carrier(shape, (number, wire_type), value, path) {
                    let raw = bytes.get(start..at).unwrap_or_default();
                    own.entry(number).or_default().extend_from_slice(raw);
                }
                continue;
            };
            if let Label::Oneof(oneof) = field.label
                && let Some(before) = oneofs.insert(oneof, field)
                && before.number != number
            {
                push_part(path, before.json_name);
                self.unknown.forget(path);
                path.truncate(end);
            }
            if field.kind.shape().is_none() || wire_type != WireType::LengthDelimited {
                wire::skip(bytes, &mut at, number, wire_type, depth)?;
                continue;
            }
            let value = wire::delimited(bytes, &mut at)?;
            if let Some(inner) = inner(field, value)? {
                push_part(path, field.json_name);
                match &inner.key {
                    Some(key) => {
                        push_part(path, key);
                        self.unknown.forget(path);
                    }
                    None if field.label == Label::Repeated => {
                        let element = elements.entry(number).or_default();
                        push_part(path, &element.to_string());
                        *element += 1;
                    }
                    None => {}
                }
                self.message(inner.shape, inner.bytes, path, depth)?;
                path.truncate(end);
            }
        }
        for (number, raw) in own {
            path.push_str("/#");
            path.push_str(&number.to_string());
            self.unknown.add(path, Value::Wire(raw));
            path.truncate(end);
        }
        Ok(())
    }

    /// Takes the members that a field carries, if it is that field at the top and holds such an object.
    fn carrier(
        &mut self,
        shape: &'static Shape,
        (number, wire_type): (u32, WireType),
        value: Option<&[u8]>,
        path: &str,
    ) -> bool {
        if number != UNKNOWN_MEMBERS || wire_type != WireType::LengthDelimited || path != self.root
        {
            return false;
        }
        let value = value.and_then(|value| wire::delimited(value, &mut 0).ok());
        let Some(carried) = value.and_then(|value| carried(self.root, value)) else {
            return false;
        };
        let mut retired = Finder::new(shape, self.root);
        for (pointer, json) in &carried.members {
            match retired.find(pointer) {
                Some(field) => self.unknown.note_retired(field),
                None => self.unknown.add(pointer, Value::Json((*json).to_owned())),
            }
        }
        self.unknown.add_cut(carried.cut);
        true
    }
}
