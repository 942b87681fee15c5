//! Headers of a JSON message, as expressions see them.

use std::borrow::Cow;

use crate::broker::{HeaderValue, Properties};
use crate::contract::headers::{HTTP_HEADERS, OBJECT_ID, is_internal};
use crate::json::{Map, Value, parse_object};

/// Headers that the sender set: of a webhook that keeps them the HTTP headers, otherwise the AMQP headers.
pub(super) fn sent(properties: &Properties) -> Map<String, Value> {
    if let Some(HeaderValue::Text(text)) = properties.header(HTTP_HEADERS)
        && let Ok(headers) = parse_object(text.as_bytes())
    {
        return headers;
    }
    let sent = properties
        .headers
        .iter()
        .filter(|(name, _)| !is_internal(name) && **name != *OBJECT_ID);
    sent.map(|(name, value)| (name.to_string(), json(value)))
        .collect()
}

/// Headers that the sender set, as they travel: those of a webhook's request are one text.
pub(super) fn as_json(properties: &Properties) -> Map<String, Value> {
    let sent = properties
        .headers
        .iter()
        .filter(|(name, _)| **name == *HTTP_HEADERS || !is_internal(name));
    sent.map(|(name, value)| (name.to_string(), json(value)))
        .collect()
}

fn json(value: &HeaderValue) -> Value {
    match value {
        HeaderValue::Text(text) => Value::from(text.as_str()),
        HeaderValue::Integer(number) => Value::from(*number),
        HeaderValue::Boolean(flag) => Value::from(*flag),
    }
}

/// Headers of a replacement message, as they travel.
pub(super) fn as_sent(properties: &Properties) -> Vec<(Cow<'static, str>, HeaderValue)> {
    let sent = |(name, _): &&(Cow<'static, str>, HeaderValue)| {
        **name == *HTTP_HEADERS || !is_internal(name)
    };
    properties.headers.iter().filter(sent).cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn properties(headers: &[(&'static str, HeaderValue)]) -> Properties {
        let headers = headers.iter().cloned();
        Properties {
            headers: headers.map(|(name, value)| (name.into(), value)).collect(),
            ..Properties::default()
        }
    }

    #[test]
    fn headers_of_amqp_are_seen_without_those_of_the_machinery() {
        let text = |text: &str| HeaderValue::Text(text.to_owned());
        let found = sent(&properties(&[
            ("x-bb-deviceid", text("d1")),
            ("attempt", HeaderValue::Integer(2)),
            ("first", HeaderValue::Boolean(true)),
            ("x-retry-count", HeaderValue::Integer(1)),
            ("x-dead-reason", text("bad")),
            ("x-first-death-queue", text("q")),
            ("x-delivery-count", HeaderValue::Integer(3)),
        ]));
        let expected = json!({"x-bb-deviceid": "d1", "attempt": 2, "first": true});
        assert_eq!(Value::Object(found), expected);
    }

    #[test]
    fn a_dead_letter_keeps_what_was_sent() {
        let text = |size| HeaderValue::Text("a".repeat(size));
        let all = [
            ("x-device", text(1)),
            ("x-retry-count", text(1)),
            ("x-dead-reason", text(1)),
            (HTTP_HEADERS, text(2)),
        ];
        let kept = as_sent(&properties(&all));
        let names: Vec<&str> = kept.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["x-device", HTTP_HEADERS]);
    }

    #[test]
    fn headers_of_a_webhook_are_those_of_its_request() {
        let kept = HeaderValue::Text(r#"{"spayee-event":"enrol","via":["a","b"]}"#.to_owned());
        let found = sent(&properties(&[
            (HTTP_HEADERS, kept),
            ("x-other", HeaderValue::Integer(1)),
        ]));
        let expected = json!({"spayee-event": "enrol", "via": ["a", "b"]});
        assert_eq!(Value::Object(found), expected);
        let broken = HeaderValue::Text("{".to_owned());
        let found = sent(&properties(&[
            (HTTP_HEADERS, broken),
            ("x-other", HeaderValue::Integer(1)),
        ]));
        assert_eq!(Value::Object(found), json!({"x-other": 1}));
    }
}
