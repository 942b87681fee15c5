//! Puts values of unknown fields into messages, by pointer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, Value,
};

use crate::proto_json::ProtoJson;

/// Reason why a value can't be put in place.
pub(super) type Misplaced = String;

/// Unknown members inside of a value that was put: pointers from its message on, and values.
pub(super) type Rest = Vec<(String, String)>;

/// Puts a value into a message: `parts` lead from there to the field, `json` is the stored value, which is read as intake
/// reads it.
pub(super) fn put(
    message: &mut DynamicMessage,
    parts: &[String],
    json: &str,
    reader: &ProtoJson,
) -> Result<Rest, Misplaced> {
    match parts {
        [] => Err("names no field".to_owned()),
        [last] => put_here(message, last, json, reader),
        [name, rest @ ..] => {
            let field = named(message, name)?;
            put_inside(message, &field, rest, json, reader)
        }
    }
}

fn put_here(
    message: &mut DynamicMessage,
    name: &str,
    json: &str,
    reader: &ProtoJson,
) -> Result<Rest, Misplaced> {
    let number = name
        .strip_prefix('#')
        .and_then(|number| number.parse::<u32>().ok());
    let field = match number {
        Some(number) => message.descriptor().get_field(number),
        None => None,
    };
    let field = field.map_or_else(|| named(message, name), Ok)?;
    // Of two members of a oneof the last on the wire counts, which nobody can tell any more.
    if let Some(oneof) = field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic())
        && let Some(other) = oneof.fields().find(|other| message.has_field(other))
    {
        return Err(format!("the row has {} in its place", other.json_name()));
    }
    let (bytes, rest) = match (number, serde_json::from_str::<String>(json)) {
        (Some(_), Ok(text)) => {
            let bytes = STANDARD.decode(text).map_err(|error| error.to_string())?;
            (bytes, Rest::new())
        }
        _ => {
            let member = reader.member(message.descriptor().full_name(), name, json);
            let member = member.map_err(|bad| bad.to_string())?;
            (member.wire, member.unknown)
        }
    };
    let merged = message.merge(bytes.as_slice());
    merged.map(|()| rest).map_err(|error| error.to_string())
}

fn named(message: &DynamicMessage, name: &str) -> Result<FieldDescriptor, Misplaced> {
    let descriptor = message.descriptor();
    let by_json = descriptor.get_field_by_json_name(name);
    by_json
        .or_else(|| descriptor.get_field_by_name(name))
        .ok_or_else(|| format!("{} has no field {name}", descriptor.full_name()))
}

fn put_inside(
    message: &mut DynamicMessage,
    field: &FieldDescriptor,
    rest: &[String],
    json: &str,
    reader: &ProtoJson,
) -> Result<Rest, Misplaced> {
    let missing = || format!("the row has no such element of {}", field.json_name());
    match (message.get_field_mut(field), rest) {
        (Value::Message(inner), rest) => put(inner, rest, json, reader),
        (Value::List(items), [at, rest @ ..]) => {
            let item = at.parse::<usize>().ok().and_then(|at| items.get_mut(at));
            let item = item.and_then(Value::as_message_mut).ok_or_else(missing)?;
            put(item, rest, json, reader)
        }
        (Value::Map(entries), [key, rest @ ..]) => {
            let key = map_key(field, key).ok_or_else(missing)?;
            let value = entries.get_mut(&key).and_then(Value::as_message_mut);
            put(value.ok_or_else(missing)?, rest, json, reader)
        }
        _ => Err(format!("{} holds no messages", field.json_name())),
    }
}

/// A pointer with `*` for places in lists: what is left for one reason is told once.
pub(super) fn anywhere(pointer: &str) -> String {
    let part = |part| match str::bytes(part).all(|byte| byte.is_ascii_digit()) {
        true if !part.is_empty() => "*",
        _ => part,
    };
    let parts: Vec<&str> = pointer.split('/').map(part).collect();
    parts.join("/")
}

fn map_key(field: &FieldDescriptor, key: &str) -> Option<MapKey> {
    let Kind::Message(entry) = field.kind() else {
        return None;
    };
    Some(match entry.map_entry_key_field().kind() {
        Kind::Bool => MapKey::Bool(key.parse().ok()?),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => MapKey::I32(key.parse().ok()?),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => MapKey::I64(key.parse().ok()?),
        Kind::Uint32 | Kind::Fixed32 => MapKey::U32(key.parse().ok()?),
        Kind::Uint64 | Kind::Fixed64 => MapKey::U64(key.parse().ok()?),
        _ => MapKey::String(key.to_owned()),
    })
}

/// Message field with this number, and its message.
pub(super) fn variant(
    message: &MessageDescriptor,
    number: u32,
) -> Result<(FieldDescriptor, MessageDescriptor), String> {
    let field = message.get_field(number);
    let inner = field.as_ref().map(FieldDescriptor::kind);
    match (field, inner) {
        (Some(field), Some(Kind::Message(inner))) => Ok((field, inner)),
        _ => Err(format!("this build has no event type with number {number}")),
    }
}
