//! JSON objects of a message, by their ranges in its body. They are parsed one at a time, when they are needed, so that
//! a waiting message takes its bytes and not a tree of many times their size.

use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;
use serde::de::IgnoredAny;
use xxhash_rust::xxh3::xxh3_128;

use super::ack_guard::Received;
use crate::broker::{HeaderValue, Properties};
use crate::contract::headers::OBJECT_ID;
use crate::contract::{IdFrom, Message, Queue};
use crate::identity;
use crate::json::limits::{self, MAX_OBJECTS};
use crate::json::{Map, Value, without_mark};
use crate::metrics::intake::IDS_MISSING;
use crate::row_error::RowError;

/// Ranges of the objects of a message.
#[derive(Debug)]
pub(super) struct Objects {
    places: Vec<Range<usize>>,
    /// Hash of the body, once an id is made from it.
    hash: OnceLock<u128>,
}

/// One object with its metadata.
#[derive(Debug)]
pub(super) struct Parsed<'a> {
    pub body: Map<String, Value>,
    pub id: String,
    pub received_ms: i64,
    pub headers: &'a Map<String, Value>,
    pub client: &'a str,
}

impl Parsed<'_> {
    pub(super) fn message(&self) -> Message<'_> {
        Message {
            body: &self.body,
            id: &self.id,
            received_ms: self.received_ms,
            headers: self.headers,
            client: self.client,
        }
    }
}

impl Objects {
    /// Finds the objects of a body: one, or a list of them. A single one is checked when it is parsed.
    pub(super) fn find(body: &[u8]) -> Result<Self, RowError> {
        let start = skip_space(body, body.len() - without_mark(body).len());
        let places = match body.get(start) {
            Some(b'{') => std::iter::once(start..body.len()).collect(),
            Some(b'[') => list(body, start + 1)?,
            // A parser reports best what is wrong with it.
            _ => match serde_json::from_slice::<IgnoredAny>(without_mark(body)) {
                Ok(_) => return Err(RowError::field("body", "should be a JSON object")),
                Err(error) => return Err(not_json(&error)),
            },
        };
        Ok(Objects {
            places,
            hash: OnceLock::new(),
        })
    }

    /// Number of objects.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Object as it was sent.
    pub(super) fn text(&self, body: &Bytes, unit: usize) -> Bytes {
        match self.places.get(unit) {
            Some(place) => body.slice(place.clone()),
            None => Bytes::new(),
        }
    }

    /// Object, parsed.
    pub(super) fn parse(&self, body: &[u8], unit: usize) -> Result<Map<String, Value>, RowError> {
        let place = self.places.get(unit).cloned().unwrap_or_default();
        limits::parse(body.get(place).unwrap_or_default())
    }

    /// Id of an object, as its queue makes it: the same if the message comes twice.
    pub(super) fn id(&self, queue: &Queue, delivery: &Received, unit: usize) -> String {
        let parsed = match queue.id {
            IdFrom::Fields(_) => self.parse(&delivery.body, unit).unwrap_or_default(),
            _ => Map::new(),
        };
        let id = self.declared_id(queue, delivery, unit, &parsed);
        id.unwrap_or_else(|| self.message_id(delivery, unit))
    }

    /// Id of a parsed object that is stored or forwarded now. A missing header or field of the declared id is counted.
    pub(super) fn id_of(
        &self,
        queue: &Queue,
        delivery: &Received,
        unit: usize,
        parsed: &Map<String, Value>,
    ) -> String {
        let id = self.declared_id(queue, delivery, unit, parsed);
        if id.is_none() && queue.id != IdFrom::MessageId {
            IDS_MISSING.with([queue.name]).increment(1);
        }
        id.unwrap_or_else(|| self.message_id(delivery, unit))
    }

    /// Declared id; none if the queue declares none, or the message lacks it.
    fn declared_id(
        &self,
        queue: &Queue,
        delivery: &Received,
        unit: usize,
        parsed: &Map<String, Value>,
    ) -> Option<String> {
        let (declared, place) = match queue.id {
            IdFrom::MessageId | IdFrom::Request => return None,
            IdFrom::Header(name) => {
                let place = (self.len() > 1).then_some(unit);
                (header(&delivery.properties, name), place)
            }
            IdFrom::Fields(paths) => (identity::fields(paths, parsed), None),
        };
        // An object that was taken out of a list has kept the id that it had there.
        if let Some(HeaderValue::Text(id)) = delivery.properties.header(OBJECT_ID)
            && self.len() == 1
        {
            return Some(id.clone());
        }
        let text = delivery.body.get(self.places.get(unit)?.clone())?;
        let id = identity::of_object(&declared?, text.trim_ascii_end(), place);
        Some(id.to_string())
    }

    /// Id of the message, with the index in a list; or a hash of the body and the index.
    fn message_id(&self, delivery: &Received, unit: usize) -> String {
        match &delivery.properties.message_id {
            Some(id) if !id.is_empty() && self.len() == 1 => id.clone(),
            Some(id) if !id.is_empty() => format!("{id}-{unit}"),
            _ => {
                let hash = *self.hash.get_or_init(|| xxh3_128(&delivery.body));
                uuid::Uuid::from_u128(hash.wrapping_add(unit as u128)).to_string()
            }
        }
    }
}

/// Value of a header, as a single text; none if it is absent or empty.
fn header(properties: &Properties, name: &str) -> Option<Vec<String>> {
    let mut headers = properties.headers.iter();
    let (_, value) = headers.find(|(header, _)| header.eq_ignore_ascii_case(name))?;
    let text = match value {
        HeaderValue::Text(text) => text.clone(),
        HeaderValue::Integer(number) => number.to_string(),
        HeaderValue::Boolean(flag) => flag.to_string(),
    };
    (!text.is_empty()).then(|| vec![text])
}

fn not_json(error: &serde_json::Error) -> RowError {
    RowError::field("body", format!("is not JSON: {error}"))
}

/// Ranges of the objects of a list that begins before `at`.
fn list(body: &[u8], at: usize) -> Result<Vec<Range<usize>>, RowError> {
    let mut places = Vec::new();
    let mut at = skip_space(body, at);
    let mut more = body.get(at) != Some(&b']');
    while more {
        let rest = body.get(at..).unwrap_or_default();
        if rest.first() != Some(&b'{') {
            // An element that is not an object may not be JSON at all.
            let text = without_mark(body);
            serde_json::from_slice::<IgnoredAny>(text).map_err(|error| not_json(&error))?;
            return Err(RowError::field("body", "should be a list of JSON objects"));
        }
        let mut objects = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
        if let Some(Err(error)) = objects.next() {
            return Err(not_json(&error));
        }
        let end = at + objects.byte_offset();
        places.push(at..end);
        if places.len() > MAX_OBJECTS {
            let reason = format!("is a list of more than {MAX_OBJECTS} objects");
            return Err(RowError::field("body", reason));
        }
        at = skip_space(body, end);
        more = body.get(at) == Some(&b',');
        if more {
            at = skip_space(body, at + 1);
        }
    }
    match body.get(at) == Some(&b']') && skip_space(body, at + 1) == body.len() {
        true => Ok(places),
        false => {
            let reason = format!("is not JSON: its list doesn't end as it should at byte {at}");
            Err(RowError::field("body", reason))
        }
    }
}

fn skip_space(body: &[u8], at: usize) -> usize {
    let rest = body.get(at..).unwrap_or_default().iter();
    at + rest
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn objects_are_found_where_they_are() {
        let cases: [(&str, &[serde_json::Value]); 5] = [
            (r#" {"a":1} "#, &[json!({"a": 1})]),
            ("[]", &[]),
            (" [ ] ", &[]),
            (
                r#"[{"a":"]},{"} , {},{"b":[{}]}]"#,
                &[json!({"a": "]},{"}), json!({}), json!({"b": [{}]})],
            ),
            ("\n[{}\t]\r\n", &[json!({})]),
        ];
        for (text, wanted) in cases {
            let objects = Objects::find(text.as_bytes()).unwrap();
            let parse = |unit| Value::Object(objects.parse(text.as_bytes(), unit).unwrap());
            let found: Vec<Value> = (0..objects.len()).map(parse).collect();
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn what_is_no_object_or_list_of_them_is_told() {
        for (text, wanted) in [
            ("1", "should be a JSON object"),
            ("", "is not JSON: EOF"),
            ("x", "is not JSON: expected value"),
            ("[{},1]", "should be a list of JSON objects"),
            ("[{},", "is not JSON: EOF"),
            ("[{},]", "is not JSON: expected value"),
            (
                "[{}",
                "is not JSON: its list doesn't end as it should at byte 3",
            ),
            (
                "[{} {}]",
                "is not JSON: its list doesn't end as it should at byte 4",
            ),
            (
                "[{}] 1",
                "is not JSON: its list doesn't end as it should at byte 3",
            ),
            (r#"[{"a"}]"#, "is not JSON: expected `:`"),
        ] {
            let told = Objects::find(text.as_bytes()).unwrap_err().to_string();
            assert!(told.contains(wanted), "{text}: {told}");
        }
        let many = format!("[{}{{}}]", "{},".repeat(MAX_OBJECTS));
        let told = Objects::find(many.as_bytes()).unwrap_err().to_string();
        assert!(told.contains("more than 50000 objects"), "{told}");
        let broken = Objects::find(b"{\"a\":1").unwrap();
        assert!(broken.parse(b"{\"a\":1", 0).is_err());
    }
}
