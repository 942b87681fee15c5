//! A dead letter as a message: the bytes as they came, and in headers why they were given up and what it takes to send
//! them again.

use std::borrow::Cow;

use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_128;

use crate::broker::api::message::{HeaderValue, Outgoing, Properties};
use crate::contract::{Route, headers as h};

/// The longest reason that is told, in characters. Reasons quote values, and a header is no place for long ones.
const REASON: usize = 500;

/// What is known of a message that could not be stored.
#[derive(Debug)]
pub struct Letter<'a> {
    /// The letter's own id: see [`letter_id`].
    pub id: String,
    /// What went wrong, for people.
    pub reason: &'a str,
    /// What went wrong, as a short stable word.
    pub class: &'a str,
    /// The queue that it failed in, or will fail in.
    pub queue: &'a str,
    /// The exchange that it was first published to.
    pub exchange: &'a str,
    /// The routing key that it was first published with.
    pub routing_key: &'a str,
    /// The event type's name, or its number; empty for others.
    pub event_type: &'a str,
    /// How often it was tried.
    pub attempts: i64,
    /// When it first failed, in milliseconds since the epoch.
    pub first_failed_ms: i64,
    /// When it last failed.
    pub last_failed_ms: i64,
    /// When the letter is made.
    pub now_ms: i64,
    /// The fingerprint of the pipeline that gives it up.
    pub fingerprint: &'a str,
    /// The message's id; empty if it has none.
    pub own_id: &'a str,
    /// When the message was sent, by its own word.
    pub sent_ms: Option<i64>,
    /// What the body is.
    pub content_type: Option<Cow<'static, str>>,
    /// What the body holds.
    pub kind: Option<Cow<'static, str>>,
    /// The headers that its sender set.
    pub sent: Vec<(Cow<'static, str>, HeaderValue)>,
}

impl Letter<'_> {
    /// The message.
    pub fn outgoing(self, route: Route, body: Bytes) -> Outgoing {
        let text = |value: &str| HeaderValue::Text(value.to_owned());
        let integer = HeaderValue::Integer;
        let reason = self.reason.chars().take(REASON).collect();
        let mut headers: Vec<(Cow<'static, str>, HeaderValue)> = vec![
            (h::DEAD_REASON.into(), HeaderValue::Text(reason)),
            (h::DEAD_CLASS.into(), text(self.class)),
            (h::DEAD_QUEUE.into(), text(self.queue)),
            (h::DEAD_EXCHANGE.into(), text(self.exchange)),
            (h::DEAD_ROUTING_KEY.into(), text(self.routing_key)),
            (h::DEAD_EVENT_TYPE.into(), text(self.event_type)),
            (h::DEAD_ATTEMPTS.into(), integer(self.attempts)),
            (h::DEAD_FIRST_FAILED.into(), integer(self.first_failed_ms)),
            (h::DEAD_LAST_FAILED.into(), integer(self.last_failed_ms)),
            (h::DEAD_FINGERPRINT.into(), text(self.fingerprint)),
        ];
        // A replay needs what the sender said beside the body.
        if !self.own_id.is_empty() {
            headers.push((h::DEAD_MESSAGE_ID.into(), text(self.own_id)));
        }
        if let Some(sent_ms) = self.sent_ms {
            headers.push((h::DEAD_SENT.into(), integer(sent_ms)));
        }
        headers.extend(self.sent);
        let properties = Properties {
            content_type: self.content_type,
            message_id: Some(self.id),
            kind: self.kind,
            timestamp: u64::try_from(self.now_ms / 1000).ok(),
            headers,
        };
        Outgoing::new(route.exchange, route.routing_key, body).with(properties)
    }
}

/// The id of a dead letter: the same for the same one, however often it is made and by whom. `identity` tells apart
/// messages with the same body.
pub fn letter_id(queue: &str, identity: &str, body: &[u8]) -> String {
    let mut seed = queue.as_bytes().to_vec();
    seed.extend_from_slice(&xxh3_128(body).to_le_bytes());
    if !identity.is_empty() {
        seed.extend_from_slice(identity.as_bytes());
    }
    uuid::Uuid::from_u128(xxh3_128(&seed)).to_string()
}
