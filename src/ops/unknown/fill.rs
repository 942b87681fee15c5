//! Puts values of unknown fields into messages, by pointer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value};

/// Reason why a value can't be put in place.
pub(super) type Misplaced = String;

/// Puts a value into a message: `parts` lead from there to the field, `json` is the stored value.
pub(super) fn put(
    message: &mut DynamicMessage,
    parts: &[String],
    json: &str,
) -> Result<(), Misplaced> {
    match parts {
        [] => Err("names no field".to_owned()),
        [last] => put_here(message, last, json),
        [name, rest @ ..] => {
            let field = named(message, name)?;
            put_inside(message, &field, rest, json)
        }
    }
}

fn put_here(message: &mut DynamicMessage, name: &str, json: &str) -> Result<(), Misplaced> {
    let number = name
        .strip_prefix('#')
        .and_then(|number| number.parse::<u32>().ok());
    if let (Some(_), Ok(text)) = (number, serde_json::from_str::<String>(json)) {
        let bytes = STANDARD.decode(text).map_err(|error| error.to_string())?;
        return message
            .merge(bytes.as_slice())
            .map_err(|error| error.to_string());
    }
    let field = named(message, name)?;
    let name = serde_json::to_string(field.json_name()).map_err(|error| error.to_string())?;
    let text = format!("{{{name}:{json}}}");
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let only = DynamicMessage::deserialize(message.descriptor(), &mut deserializer)
        .map_err(|error| error.to_string())?;
    message
        .merge(only.encode_to_vec().as_slice())
        .map_err(|error| error.to_string())
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
) -> Result<(), Misplaced> {
    let missing = || format!("the row has no such element of {}", field.json_name());
    match (message.get_field_mut(field), rest) {
        (Value::Message(inner), rest) => put(inner, rest, json),
        (Value::List(items), [at, rest @ ..]) => {
            let item = at.parse::<usize>().ok().and_then(|at| items.get_mut(at));
            let item = item.and_then(Value::as_message_mut).ok_or_else(missing)?;
            put(item, rest, json)
        }
        (Value::Map(entries), [key, rest @ ..]) => {
            let key = map_key(field, key).ok_or_else(missing)?;
            let value = entries.get_mut(&key).and_then(Value::as_message_mut);
            put(value.ok_or_else(missing)?, rest, json)
        }
        _ => Err(format!("{} holds no messages", field.json_name())),
    }
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
