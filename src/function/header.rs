//! The function that finds a header.

use std::borrow::Cow;

use crate::json::{Map, Value};

/// A header out of an object of headers, whatever the case of its name; of a list the first. A number or truth value
/// is the text that it is written as.
pub fn header<'a>(headers: &'a Map<String, Value>, name: &str) -> Option<Cow<'a, str>> {
    let found = headers
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    let value = match found.1 {
        Value::Array(values) => values.first()?,
        value => value,
    };
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn headers_are_found_whatever_their_case() {
        let headers = json!({
            "Referer": ["a", "b"], "x-one": "1", "x-two": 2, "x-yes": true, "X-None": [], "X-Null": null,
        });
        let headers = Value::from(headers);
        let headers = headers.as_object().unwrap();
        for (name, value) in [
            ("referer", "a"),
            ("X-One", "1"),
            ("X-Two", "2"),
            ("X-Yes", "true"),
        ] {
            assert_eq!(header(headers, name).as_deref(), Some(value), "{name}");
        }
        for nothing in ["X-None", "X-Null", "X-Absent"] {
            assert_eq!(header(headers, nothing), None);
        }
    }
}
