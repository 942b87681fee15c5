//! Turns a webhook's request into its message, with id and routing key, and checks it by a dry run in the queues that
//! it reaches.

#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::dry_run::{DryRun, Found};
use super::identity::{Id, Identity};
use super::kept_headers;
use super::response::Refusal;
use crate::broker::{HeaderValue, Outgoing, Properties};
use crate::client::Client;
use crate::contract::{Context, Message, RoutingKey, Schema, Source, headers};
use crate::identity::Declared;
use crate::json::{self, Map, Value, limits};
use crate::protobuf::Shape;
use crate::row_error::RowError;
use crate::time::{now, now_ms};

/// Maximum length of a routing key in AMQP, in bytes.
const LONGEST_KEY: usize = 255;

/// Routing key of a message without one.
const NO_KEY: &str = "NO_EVENT_NAME";

/// Makes and checks the messages of a source's requests.
#[derive(Debug)]
pub(super) struct MessageBuilder {
    /// Source of the pipeline.
    pub(super) source: &'static Source,
    /// Schema of its messages.
    pub(super) schema: Option<Schema>,
    /// Shape of the body.
    pub(super) shape: &'static Shape,
    /// Routing key, or how to compute it.
    pub(super) routing_key: &'static RoutingKey,
    /// True if the request's headers are kept.
    pub(super) keeps_headers: bool,
    /// Rule for the id.
    pub(super) identity: Identity,
    /// Queues that the message may reach.
    pub(super) dry_run: DryRun,
}

/// Message of a request, and the result of its checks.
#[derive(Debug)]
pub(super) struct CheckedMessage {
    /// The message.
    pub(super) message: Outgoing,
    /// Its id.
    pub(super) id: Id,
    /// Result of the dry run.
    pub(super) found: Found,
    /// Error that doesn't depend on a queue.
    pub(super) wrong: Option<RowError>,
    /// True if the body is a JSON object at all.
    pub(super) readable: bool,
}

impl MessageBuilder {
    /// Makes and checks the message of a client's body. `sent` are the headers that are kept, `declared` is the id that
    /// they declare, and `signed` what is signed beside the body with a time.
    pub(super) fn judge(
        &self,
        (sent, client): (&Map<String, Value>, &Client),
        (declared, signed): (Option<Declared>, Option<Declared>),
        body: Bytes,
    ) -> Result<CheckedMessage, Refusal> {
        // First as a stream: a text over a limit never becomes a tree.
        let read = limits::outline(&body).and_then(|_| limits::parse(&body));
        let (object, mut wrong) = match read {
            Ok(object) => {
                let wrong = json::check(&object, self.shape).err();
                (Some(object), wrong)
            }
            Err(bad) => (None, Some(bad)),
        };
        let readable = object.is_some() || is_object(&body);
        let nothing = Map::new();
        let fields = object.as_ref().unwrap_or(&nothing);
        let id = self.identity.make(declared, signed, fields, &body);
        let sent_at = now().as_secs();
        let message = Message {
            body: fields,
            id: &id.text,
            // As the worker will read it from the message.
            received_ms: i64::try_from(sent_at.saturating_mul(1000)).unwrap_or(i64::MAX),
            headers: sent,
            client: client.name(),
        };
        let key = match self.routing_key {
            RoutingKey::Constant(key) => Some((*key).to_owned()),
            RoutingKey::Computed(_) if object.is_none() => None,
            RoutingKey::Computed(key) => match key(&message) {
                Ok(key) => Some(encode(&key)),
                Err(bad) => {
                    wrong = wrong.or(Some(bad));
                    None
                }
            },
        };
        let cx = Context { now_ms: now_ms() };
        let found = match (&wrong, &key) {
            (None, Some(key)) => self.dry_run.run(key, &message, &cx),
            (None, None) => Found::default(),
            (Some(bad), key) => self.dry_run.give_up(key.as_deref(), bad),
        };
        let key = key.unwrap_or_else(|| NO_KEY.to_owned());
        let partition = self.source.partition_by.map(|by| by.of_message(&message));
        Ok(CheckedMessage {
            message: self
                .message(key, &id, (sent, client), sent_at, body)?
                .in_partition(partition),
            id,
            found,
            wrong,
            readable,
        })
    }

    fn message(
        &self,
        routing_key: String,
        id: &Id,
        (sent, client): (&Map<String, Value>, &Client),
        sent_at: u64,
        body: Bytes,
    ) -> Result<Outgoing, Refusal> {
        let mut kept = Vec::new();
        if self.keeps_headers {
            let text = HeaderValue::Text(kept_headers::text(sent)?);
            kept.push((headers::HTTP_HEADERS.into(), text));
        }
        if !client.is_unknown() {
            let name = HeaderValue::Text(client.name().to_owned());
            kept.push((headers::CLIENT.into(), name));
        }
        let message = Outgoing::new(self.source.exchange, routing_key, body);
        Ok(message.with(Properties {
            content_type: Some(headers::JSON.into()),
            message_id: Some(id.text.clone()),
            kind: Some(self.shape.name.into()),
            timestamp: Some(sent_at),
            schema: self.schema,
            trace: None,
            headers: kept,
        }))
    }
}

/// True if a text is a JSON object, whatever its members are.
fn is_object(text: &[u8]) -> bool {
    let text = std::str::from_utf8(text).unwrap_or_default();
    text.trim_ascii_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// Routing key that a binding of one word matches, whatever the body holds.
fn encode(key: &str) -> String {
    if key.is_empty() {
        return NO_KEY.to_owned();
    }
    let mut key = key.replace('.', "_");
    key.truncate(key.floor_char_boundary(LONGEST_KEY));
    key
}

#[cfg(test)]
mod tests {
    #[test]
    fn routing_keys_are_one_word_that_amqp_can_hold() {
        assert_eq!(super::encode(""), "NO_EVENT_NAME");
        assert_eq!(super::encode("a.b..c"), "a_b__c");
        assert_eq!(super::encode(&"ä".repeat(200)), "ä".repeat(127));
    }

    #[test]
    fn an_object_is_one_however_deep_it_is() {
        let nested = |depth| format!(" {{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(super::is_object(nested(100).as_bytes()));
        for text in [
            &b""[..],
            b"7",
            b"[]",
            b"{",
            b"{} {}",
            b"{]",
            b"{\"a\":\"\xff\"}",
        ] {
            assert!(!super::is_object(text), "{text:?}");
        }
    }
}
