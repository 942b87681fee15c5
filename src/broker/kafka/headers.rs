//! Our properties as headers of a Kafka record, and back.
//!
//! What AMQP has beside the body travels in headers whose names begin with `x-amqp-`. Values are texts; letters in one
//! header say which of the others were numbers and truth values.

use std::borrow::Cow;

use rdkafka::message::{BorrowedHeaders, Header, Headers as _, OwnedHeaders};

use super::guarded::guarded;
use crate::broker::api::message::{HeaderValue, Outgoing, Properties};
use crate::contract::Schema;
use crate::contract::headers::{SCHEMA, TRACE, UNREADABLE};
use crate::trace::TraceContext;

const EXCHANGE: &str = "x-amqp-exchange";
const ROUTING_KEY: &str = "x-amqp-routing-key";
const CONTENT_TYPE: &str = "x-amqp-content-type";
const MESSAGE_ID: &str = "x-amqp-message-id";
const KIND: &str = "x-amqp-type";
const TIMESTAMP: &str = "x-amqp-timestamp";
/// A letter for each further header, in their order; absent if all are texts.
const TYPES: &str = "x-amqp-header-types";

/// What a record says beside its body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    /// The exchange that the message was published to; empty for a retry and for records of other producers.
    pub(super) exchange: String,
    /// Its routing key.
    pub(super) routing_key: String,
    /// Its properties.
    pub(super) properties: Properties,
    /// Why it can't be read, if it can't.
    pub(super) unreadable: Option<String>,
}

/// Headers of the record of a message.
pub(super) fn to_kafka(message: &Outgoing) -> OwnedHeaders {
    let properties = &message.properties;
    let timestamp = properties.timestamp.map(|seconds| seconds.to_string());
    let schema = properties.schema.map(|schema| schema.to_string());
    let trace = properties.trace.map(|trace| trace.to_string());
    let types: String = properties
        .headers
        .iter()
        .map(|(_, value)| letter(value))
        .collect();
    let own = [
        (EXCHANGE, Some(&*message.exchange)),
        (ROUTING_KEY, Some(&*message.routing_key)),
        (CONTENT_TYPE, properties.content_type.as_deref()),
        (MESSAGE_ID, properties.message_id.as_deref()),
        (KIND, properties.kind.as_deref()),
        (TIMESTAMP, timestamp.as_deref()),
        (SCHEMA, schema.as_deref()),
        (TRACE, trace.as_deref()),
        (
            TYPES,
            Some(types.as_str()).filter(|types| types.contains(['i', 'b'])),
        ),
    ];
    let mut headers = OwnedHeaders::new_with_capacity(own.len() + properties.headers.len());
    for (key, value) in own {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            headers = insert(headers, key, value);
        }
    }
    for (name, value) in &properties.headers {
        headers = match value {
            HeaderValue::Text(text) => insert(headers, name, text),
            HeaderValue::Integer(number) => insert(headers, name, &number.to_string()),
            HeaderValue::Boolean(flag) => insert(headers, name, &flag.to_string()),
        };
    }
    headers
}

/// Reads the headers of a record.
pub(super) fn from_kafka(headers: Option<&BorrowedHeaders>) -> Envelope {
    let mut envelope = Envelope::default();
    let mut types = String::new();
    let count = headers.map_or(0, |headers| headers.count());
    for at in 0..count {
        // The library panics at a name that is not UTF-8.
        let header = guarded(|| headers.and_then(|headers| headers.try_get(at)));
        let Some(Some(header)) = header else {
            envelope.unreadable = Some(format!("the name of its header {at} is not UTF-8"));
            continue;
        };
        let text = || String::from_utf8_lossy(header.value.unwrap_or_default()).into_owned();
        let properties = &mut envelope.properties;
        match header.key {
            EXCHANGE => envelope.exchange = text(),
            ROUTING_KEY => envelope.routing_key = text(),
            CONTENT_TYPE => properties.content_type = Some(text().into()),
            MESSAGE_ID => properties.message_id = Some(text()),
            KIND => properties.kind = Some(text().into()),
            TIMESTAMP => properties.timestamp = text().parse().ok(),
            SCHEMA => properties.schema = Schema::parse(&text()),
            TRACE => properties.trace = TraceContext::parse(&text()),
            TYPES => types = text(),
            name => {
                let name = Cow::Owned(name.to_owned());
                properties.headers.push((name, HeaderValue::Text(text())));
            }
        }
    }
    let headers = &mut envelope.properties.headers;
    if types.len() == headers.len() {
        for ((_, value), letter) in headers.iter_mut().zip(types.chars()) {
            retype(value, letter);
        }
    }
    envelope
}

impl Envelope {
    /// Its properties; those of a record that can't be read say so.
    pub(super) fn marked(self) -> Properties {
        let mut properties = self.properties;
        if let Some(reason) = self.unreadable {
            properties.set_header(UNREADABLE, HeaderValue::Text(reason));
        }
        properties
    }
}

fn insert(headers: OwnedHeaders, key: &str, value: &str) -> OwnedHeaders {
    headers.insert(Header {
        key,
        value: Some(value),
    })
}

fn letter(value: &HeaderValue) -> char {
    match value {
        HeaderValue::Text(_) => 't',
        HeaderValue::Integer(_) => 'i',
        HeaderValue::Boolean(_) => 'b',
    }
}

/// Reads a text as what its letter says; it stays a text if it is no such thing.
fn retype(value: &mut HeaderValue, letter: char) {
    let HeaderValue::Text(text) = &*value else {
        return;
    };
    let typed = match letter {
        'i' => text.parse().ok().map(HeaderValue::Integer),
        'b' => text.parse().ok().map(HeaderValue::Boolean),
        _ => None,
    };
    if let Some(typed) = typed {
        *value = typed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(message: &Outgoing) -> Envelope {
        let headers = to_kafka(message);
        from_kafka(Some(headers.as_borrowed()))
    }

    #[test]
    fn a_message_arrives_with_what_it_had() {
        let properties = Properties {
            content_type: Some("application/json".into()),
            message_id: Some("id".into()),
            kind: Some("event.Events".into()),
            timestamp: Some(1_700_000_000),
            schema: Schema::parse("00c0ffee00c0ffee"),
            trace: TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            headers: vec![
                ("a".into(), HeaderValue::Text("7".into())),
                ("x-retry-count".into(), HeaderValue::Integer(-2)),
                ("flag".into(), HeaderValue::Boolean(true)),
            ],
        };
        let message = Outgoing::new("in.tx", "some.key", "body").with(properties.clone());
        let expected = Envelope {
            exchange: "in.tx".to_owned(),
            routing_key: "some.key".to_owned(),
            properties,
            unreadable: None,
        };
        assert_eq!(there_and_back(&message), expected);
        assert_eq!(there_and_back(&Outgoing::to_queue("q", "")).exchange, "");
    }

    #[test]
    fn headers_of_others_are_texts_and_a_wrong_type_is_ignored() {
        let foreign = OwnedHeaders::new()
            .insert(Header {
                key: "trace",
                value: Some(&b"\xff1"[..]),
            })
            .insert(Header {
                key: TYPES,
                value: Some("i"),
            })
            .insert(Header::<&[u8]> {
                key: MESSAGE_ID,
                value: None,
            });
        let envelope = from_kafka(Some(foreign.as_borrowed()));
        let trace = HeaderValue::Text("\u{fffd}1".to_owned());
        assert_eq!(envelope.properties.header("trace"), Some(&trace));
        assert_eq!(envelope.properties.message_id, Some(String::new()));
        assert_eq!(from_kafka(None), Envelope::default());
    }
}
