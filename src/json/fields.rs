//! Reading the fields of JSON messages: strict about what is meant, lenient about how it is written.
//!
//! Producers write numbers as strings, strings as numbers and integers as floats. Where the meaning is plain they
//! are taken, exactly; otherwise the error names the field. No number becomes another one. Unknown members are skipped,
//! null is absent.

use std::borrow::Cow;
use std::str::FromStr;

use super::number;
use super::value::{Map, Value};
use crate::protobuf::{Field, Kind, Label, Shape};
use crate::row_error::RowError;

type Object = Map<String, Value>;

/// The value at a path; none where a part is absent or null.
fn find<'a>(body: &'a Object, path: &[&str]) -> Result<Option<&'a Value>, RowError> {
    let mut object = body;
    let Some((last, parents)) = path.split_last() else {
        return Ok(None);
    };
    for (depth, key) in parents.iter().enumerate() {
        match object.get(*key) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Object(inner)) => object = inner,
            Some(other) => return Err(wrong(&path[..=depth], "an object", other)),
        }
    }
    Ok(object.get(*last).filter(|v| !v.is_null()))
}

/// The JSON text of the value at a path; none if there is none, or nothing in it.
pub fn value_text(body: &Object, path: &[&str]) -> Option<String> {
    let value = find(body, path).ok()??;
    (value.as_str() != Some("")).then(|| value.to_string())
}

fn wrong(path: &[&str], wanted: &str, found: &Value) -> RowError {
    let mut shown: String = found.to_string().chars().take(60).collect();
    if shown.len() < found.to_string().len() {
        shown.push('…');
    }
    RowError::field(path.join("."), format!("should be {wanted}, is {shown}"))
}

fn absent(path: &[&str]) -> RowError {
    RowError::field(path.join("."), "is missing")
}

/// A value that must be there.
fn required<T>(path: &[&str], found: Option<T>) -> Result<T, RowError> {
    found.ok_or_else(|| absent(path))
}

/// Reads a value if it is there.
fn optional<'a, T>(
    body: &'a Object,
    path: &[&str],
    wanted: &str,
    read: impl FnOnce(&'a Value) -> Option<T>,
) -> Result<Option<T>, RowError> {
    match find(body, path)? {
        None => Ok(None),
        Some(value) => read(value)
            .map(Some)
            .ok_or_else(|| wrong(path, wanted, value)),
    }
}

/// Text, or a number as it is written.
pub fn optional_text<'a>(
    body: &'a Object,
    path: &[&str],
) -> Result<Option<Cow<'a, str>>, RowError> {
    optional(body, path, "a string", as_text)
}

/// Text that must be there.
pub fn text<'a>(body: &'a Object, path: &[&str]) -> Result<Cow<'a, str>, RowError> {
    required(path, optional_text(body, path)?)
}

fn as_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(s) => Some(Cow::Borrowed(s)),
        Value::Number(n) => Some(Cow::Owned(n.to_string())),
        _ => None,
    }
}

fn as_i64(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64(),
        Value::String(s) => read_integer(s),
        _ => None,
    }
}

fn as_u64(value: &Value) -> Option<u64> {
    match value {
        Value::Number(n) => n.as_u64(),
        Value::String(s) => read_integer(s),
        _ => None,
    }
}

/// The integer in a text, which most write plainly.
fn read_integer<T: FromStr + TryFrom<i128>>(text: &str) -> Option<T> {
    let text = text.trim();
    let plain = text.parse().ok();
    plain.or_else(|| number::integer(text)?.try_into().ok())
}

fn as_f64(value: &Value) -> Option<f64> {
    match value {
        Value::Number(n) => n.as_f64(),
        Value::String(s) => number::double(s.trim()),
        _ => None,
    }
}

fn as_f32(value: &Value) -> Option<f32> {
    match value {
        Value::Number(n) => n.as_f32(),
        Value::String(s) => number::float(s.trim()),
        _ => None,
    }
}

fn as_bool(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(s) if s.eq_ignore_ascii_case("true") || s == "1" => Some(true),
        Value::String(s) if s.eq_ignore_ascii_case("false") || s == "0" => Some(false),
        Value::Number(n) if n.as_i64() == Some(1) => Some(true),
        Value::Number(n) if n.as_i64() == Some(0) => Some(false),
        _ => None,
    }
}

const INT64: &str = "a whole number of 64 bits";
const INT32: &str = "a whole number of 32 bits";
const UINT64: &str = "a whole number from 0, of 64 bits";
const UINT32: &str = "a whole number from 0, of 32 bits";
const DOUBLE: &str = "a number that a double holds";
const FLOAT: &str = "a number that a float holds";

fn as_i32(value: &Value) -> Option<i32> {
    as_i64(value)?.try_into().ok()
}

fn as_u32(value: &Value) -> Option<u32> {
    as_u64(value)?.try_into().ok()
}

/// A 64-bit integer.
pub fn optional_int64(body: &Object, path: &[&str]) -> Result<Option<i64>, RowError> {
    optional(body, path, INT64, as_i64)
}

/// A 64-bit integer that must be there.
pub fn int64(body: &Object, path: &[&str]) -> Result<i64, RowError> {
    required(path, optional_int64(body, path)?)
}

/// A 32-bit integer.
pub fn optional_int32(body: &Object, path: &[&str]) -> Result<Option<i32>, RowError> {
    optional(body, path, INT32, as_i32)
}

/// A 32-bit integer that must be there.
pub fn int32(body: &Object, path: &[&str]) -> Result<i32, RowError> {
    required(path, optional_int32(body, path)?)
}

/// An unsigned 64-bit integer.
pub fn optional_uint64(body: &Object, path: &[&str]) -> Result<Option<u64>, RowError> {
    optional(body, path, UINT64, as_u64)
}

/// An unsigned 64-bit integer that must be there.
pub fn uint64(body: &Object, path: &[&str]) -> Result<u64, RowError> {
    required(path, optional_uint64(body, path)?)
}

/// An unsigned 32-bit integer.
pub fn optional_uint32(body: &Object, path: &[&str]) -> Result<Option<u32>, RowError> {
    optional(body, path, UINT32, as_u32)
}

/// An unsigned 32-bit integer that must be there.
pub fn uint32(body: &Object, path: &[&str]) -> Result<u32, RowError> {
    required(path, optional_uint32(body, path)?)
}

/// A number.
pub fn optional_double(body: &Object, path: &[&str]) -> Result<Option<f64>, RowError> {
    optional(body, path, DOUBLE, as_f64)
}

/// A number that must be there.
pub fn double(body: &Object, path: &[&str]) -> Result<f64, RowError> {
    required(path, optional_double(body, path)?)
}

/// A number of single precision.
pub fn optional_float(body: &Object, path: &[&str]) -> Result<Option<f32>, RowError> {
    optional(body, path, FLOAT, as_f32)
}

/// A number of single precision that must be there.
pub fn float(body: &Object, path: &[&str]) -> Result<f32, RowError> {
    required(path, optional_float(body, path)?)
}

/// True or false.
pub fn optional_boolean(body: &Object, path: &[&str]) -> Result<Option<bool>, RowError> {
    optional(body, path, "true or false", as_bool)
}

/// True or false, that must be there.
pub fn boolean(body: &Object, path: &[&str]) -> Result<bool, RowError> {
    required(path, optional_boolean(body, path)?)
}

/// An object.
pub fn optional_object<'a>(
    body: &'a Object,
    path: &[&str],
) -> Result<Option<&'a Object>, RowError> {
    optional(body, path, "an object", Value::as_object)
}

/// An object that must be there.
pub fn object<'a>(body: &'a Object, path: &[&str]) -> Result<&'a Object, RowError> {
    required(path, optional_object(body, path)?)
}

/// The objects of a list; an absent one has none.
pub fn objects<'a>(body: &'a Object, path: &[&str]) -> Result<Vec<&'a Object>, RowError> {
    let items = optional(body, path, "a list", Value::as_array)?;
    let items = items.map(Vec::as_slice).unwrap_or_default();
    let each = items.iter().enumerate().map(|(at, item)| {
        let place = || format!("{}[{at}]", path.join("."));
        item.as_object()
            .ok_or_else(|| wrong(&[&place()], "an object", item))
    });
    each.collect()
}

/// Checks that an object has one of the fields of which its message requires one. Empty text counts as absent.
pub fn any_of(body: &Object, shape: &Shape) -> Result<(), RowError> {
    let there = |name: &&str| match body.get(*name) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    };
    if shape.any_of.is_empty() || shape.any_of.iter().any(there) {
        return Ok(());
    }
    let names = shape.any_of.join(", ");
    Err(RowError::field(names, "one of these has to be there"))
}

/// Checks an object against its message: every required field is there, and each has the right type.
pub fn check(body: &Object, shape: &Shape) -> Result<(), RowError> {
    for field in shape.fields {
        let value = body
            .get(field.name)
            .or_else(|| body.get(field.json_name))
            .filter(|v| !v.is_null());
        match value {
            None if field.label == Label::Implicit => return Err(absent(&[field.name])),
            None => {}
            Some(value) => check_field(field, value)?,
        }
    }
    any_of(body, shape)
}

fn check_field(field: &Field, value: &Value) -> Result<(), RowError> {
    let path = [field.name];
    if let Kind::Map(_) | Kind::Struct(_) | Kind::Message(_) = field.kind
        && field.label != Label::Repeated
    {
        return if value.is_object() {
            Ok(())
        } else {
            Err(wrong(&path, "an object", value))
        };
    }
    if field.label == Label::Repeated {
        let fits = match field.kind {
            Kind::Map(_) => value.is_object(),
            _ => value.is_array(),
        };
        return if fits {
            Ok(())
        } else {
            Err(wrong(&path, "a list", value))
        };
    }
    let (fits, wanted) = match field.kind {
        Kind::String | Kind::Bytes | Kind::Enum(_) | Kind::Timestamp(_) => {
            (as_text(value).is_some(), "a string")
        }
        Kind::Bool => (as_bool(value).is_some(), "true or false"),
        Kind::Double => (as_f64(value).is_some(), DOUBLE),
        Kind::Float => (as_f32(value).is_some(), FLOAT),
        Kind::Uint64 | Kind::Fixed64 => (as_u64(value).is_some(), UINT64),
        Kind::Uint32 | Kind::Fixed32 => (as_u32(value).is_some(), UINT32),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => (as_i32(value).is_some(), INT32),
        _ => (as_i64(value).is_some(), INT64),
    };
    if fits {
        Ok(())
    } else {
        Err(wrong(&path, wanted, value))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn one_of_some_fields_has_to_be_there() {
        static SHAPE: Shape = Shape {
            name: "test.Choice",
            fields: &[],
            dense: &[],
            any_of: &["a", "b"],
            retired: &[],
        };
        let told = |body: serde_json::Value| any_of(Value::from(body).as_object().unwrap(), &SHAPE);
        for good in [
            json!({"a": "x"}),
            json!({"b": 0}),
            json!({"a": null, "b": "y"}),
        ] {
            assert_eq!(told(good), Ok(()));
        }
        for bad in [
            json!({}),
            json!({"a": ""}),
            json!({"a": null, "b": ""}),
            json!({"c": 1}),
        ] {
            let error = told(bad).unwrap_err().to_string();
            assert!(error.contains("`a, b`"), "{error}");
        }
    }
}
