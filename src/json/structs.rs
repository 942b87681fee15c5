//! `google.protobuf.Struct`: free JSON in messages.

use prost::Message as _;

use crate::json::limits::{MAX_DEPTH, MAX_VALUES};
use crate::json::{Map, Value};
use crate::protobuf::wire::{RawValue, Reader};
use crate::row_error::RowError;

/// A `google.protobuf.Struct` as a JSON object.
///
/// # Errors
///
/// If it doesn't decode, holds a number that JSON doesn't have, or has more values or levels than JSON may have: then no
/// tree of it is made.
pub fn struct_object(bytes: &[u8]) -> Result<Map<String, Value>, RowError> {
    // Each value takes two bytes at least.
    if bytes.len() / 2 > MAX_VALUES {
        let mut values = 0;
        count(bytes, Message::Struct, MAX_DEPTH, &mut values)?;
    }
    let sent = prost_types::Struct::decode(bytes)
        .map_err(|_| RowError::Wire("a Struct doesn't decode"))?;
    object(sent)
}

/// The messages that a Struct is made of.
#[derive(Clone, Copy)]
enum Message {
    Struct,
    Entry,
    Value,
    List,
}

impl Message {
    /// The message in a field, if it is one.
    fn field(self, number: u32) -> Option<Message> {
        match (self, number) {
            (Message::Struct, 1) => Some(Message::Entry),
            (Message::Entry, 2) | (Message::List, 1) => Some(Message::Value),
            (Message::Value, 5) => Some(Message::Struct),
            (Message::Value, 6) => Some(Message::List),
            _ => None,
        }
    }
}

/// Counts the members and elements of a message. What comes twice is counted twice.
fn count(bytes: &[u8], of: Message, depth: u32, values: &mut usize) -> Result<(), RowError> {
    let mut reader = Reader::new(bytes);
    while let Some(item) = reader.next()? {
        let (Some(inner), RawValue::Delimited(bytes)) = (of.field(item.number), item.raw()) else {
            continue;
        };
        *values += usize::from(matches!(of, Message::Struct | Message::List));
        if *values > MAX_VALUES {
            let reason = format!("has more than {MAX_VALUES} members and elements");
            return Err(RowError::field("google.protobuf.Struct", reason));
        }
        let down = u32::from(matches!(inner, Message::Struct | Message::List));
        let Some(depth) = depth.checked_sub(down) else {
            let reason = format!("nests deeper than {MAX_DEPTH} levels");
            return Err(RowError::field("google.protobuf.Struct", reason));
        };
        count(bytes, inner, depth, values)?;
    }
    Ok(())
}

fn object(sent: prost_types::Struct) -> Result<Map<String, Value>, RowError> {
    let members = sent.fields.into_iter();
    members
        .map(|(key, value)| Ok((key, json(value)?)))
        .collect()
}

fn json(value: prost_types::Value) -> Result<Value, RowError> {
    use prost_types::value::Kind;
    Ok(match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(v)) => Value::Bool(v),
        Some(Kind::StringValue(v)) => Value::String(v),
        Some(Kind::StructValue(v)) => Value::Object(object(v)?),
        Some(Kind::ListValue(v)) => {
            let items = v.values.into_iter().map(json);
            Value::Array(items.collect::<Result<_, RowError>>()?)
        }
        // A Struct knows doubles only; whole ones are integers to whoever reads the column, but for zero with a sign.
        Some(Kind::NumberValue(v)) if is_integer(v) => Value::from(v as i64),
        Some(Kind::NumberValue(v)) if v.is_finite() => Value::from(v),
        Some(Kind::NumberValue(v)) => {
            let reason = format!(
                "has the number {v}, which JSON doesn't know; leave it out or send it as text"
            );
            return Err(RowError::field("google.protobuf.Struct", reason));
        }
    })
}

fn is_integer(value: f64) -> bool {
    value.fract() == 0.0 && value.abs() < 9e15 && (value != 0.0 || value.is_sign_positive())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_struct_of_too_many_values_is_refused_before_it_is_a_tree() {
        use prost_types::value::Kind;
        let list = |n| prost_types::Value {
            kind: Some(Kind::ListValue(prost_types::ListValue {
                values: vec![prost_types::Value { kind: None }; n],
            })),
        };
        let of = |n| prost_types::Struct {
            fields: [("a".to_owned(), list(n))].into(),
        };
        assert!(struct_object(&of(MAX_VALUES - 1).encode_to_vec()).is_ok());
        let told = struct_object(&of(MAX_VALUES).encode_to_vec()).unwrap_err();
        assert!(told.to_string().contains("more than 100000"), "{told}");
    }
}
