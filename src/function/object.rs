//! Functions over whole JSON objects, and the texts that requests are made of.

use std::borrow::{Borrow, Cow};

use super::text::shown;

use crate::json::{Map, Value, object_text, parse};
use crate::row_error::Bad;
use chrono::{DateTime, SecondsFormat};

/// Text that holds a JSON object; empty is absent, and so is `null`.
pub fn parse_json(text: &str) -> Result<Option<Map<String, Value>>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let not_one = |why: String| format!("{:?} is not a JSON object in text: {why}", shown(text));
    match parse(text.as_bytes()).map_err(|fault| not_one(fault.to_string()))? {
        Value::Null => Ok(None),
        Value::Object(object) => Ok(Some(object)),
        _ => Err(not_one("it is something else".into())),
    }
}

/// An object with one more member, where there is a value for it.
pub fn with<'a>(
    object: &'a Map<String, Value>,
    key: &str,
    value: Option<impl Into<Value>>,
) -> Cow<'a, Map<String, Value>> {
    let Some(value) = value else {
        return Cow::Borrowed(object);
    };
    let mut object = object.clone();
    object.insert(key.to_owned(), value.into());
    Cow::Owned(object)
}

/// The object without one of its members.
pub fn without(object: impl Borrow<Map<String, Value>>, key: &str) -> Map<String, Value> {
    let object = object.borrow().iter();
    let kept = object.filter(|(name, _)| *name != key);
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The object without the members that are null. Objects inside of it stay as they are.
pub fn without_nulls(object: impl Borrow<Map<String, Value>>) -> Map<String, Value> {
    let object = object.borrow().iter();
    let kept = object.filter(|(_, value)| !value.is_null());
    kept.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// An object without members.
pub fn nothing() -> Map<String, Value> {
    Map::new()
}

/// A copy that members can be put into.
pub fn copy(object: impl Borrow<Map<String, Value>>) -> Map<String, Value> {
    object.borrow().clone()
}

/// Puts a member into an object; without a value the object has no such member afterwards.
pub fn put(object: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    match value {
        Some(value) => object.insert(key.to_owned(), value.into()),
        None => object.remove(key),
    };
}

/// An object as JSON text.
pub fn json_text(object: Map<String, Value>) -> Vec<u8> {
    object_text(&object).into_bytes()
}

/// An instant, in microseconds since the epoch, as RFC 3339 writes it: in UTC, with as many digits as it needs.
pub fn rfc3339(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Index of a value among the known words.
pub fn one_of(what: &'static str, value: &str, known: &[&str]) -> Result<usize, Bad> {
    known.iter().position(|word| *word == value).ok_or_else(|| {
        let shown: String = value.chars().take(60).collect();
        let known = known.join(", ");
        Bad::field(what, format!("is {shown:?}, which is none of: {known}"))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn members_go_and_come() {
        let object = Value::from(json!({"a": null, "b": {"c": null}, "d": 1}));
        let object = object.as_object().unwrap();
        let mut less = without_nulls(without(object, "d"));
        assert_eq!(Value::Object(less.clone()), json!({"b": {"c": null}}));
        put(&mut less, "e", Some("f"));
        put(&mut less, "b", None::<bool>);
        put(&mut less, "absent", None::<i64>);
        assert_eq!(json_text(less), br#"{"e":"f"}"#);
    }

    #[test]
    fn instants_are_written_with_the_digits_that_they_need() {
        assert_eq!(rfc3339(1_760_000_000_000_000), "2025-10-09T08:53:20Z");
        assert_eq!(rfc3339(1_760_000_000_120_000), "2025-10-09T08:53:20.120Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn a_value_that_is_unknown_is_named_with_the_known_ones() {
        assert_eq!(one_of("by", "b", &["a", "b"]), Ok(1));
        let bad = one_of("by", "c", &["a", "b"]).unwrap_err();
        assert_eq!(
            bad.to_string(),
            r#"field `by`: is "c", which is none of: a, b"#
        );
    }

    #[test]
    fn text_may_hold_an_object() {
        let read = parse_json(r#" {"a":{"b":[1]}} "#).unwrap().unwrap();
        assert_eq!(Value::Object(read), json!({"a": {"b": [1]}}));
        for nothing in ["", " ", "null"] {
            assert_eq!(parse_json(nothing), Ok(None), "{nothing:?}");
        }
        for wrong in ["[1]", "{", "3", "\"text\""] {
            assert!(parse_json(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_object_gets_a_member_if_there_is_a_value() {
        let object = Value::from(json!({"a": 1})).as_object().cloned().unwrap();
        let more = with(&object, "v", Some("2.1")).into_owned();
        assert_eq!(Value::Object(more), json!({"a": 1, "v": "2.1"}));
        assert!(matches!(with(&object, "v", None::<i64>), Cow::Borrowed(same) if *same == object));
    }
}
