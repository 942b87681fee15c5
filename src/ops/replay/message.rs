//! Rebuilds the message that a dead letter was.

use serde_json::{Map, Value};

use super::Target;
use crate::broker::{HeaderValue, Outgoing, Properties};
use crate::contract::Schema;
use crate::contract::headers::CLIENT;
use crate::dead_letter::{DeadLetter, Failures, History};
use crate::time::now_ms;

/// Message of a dead letter: the same bytes under the same id, with the sender's properties and of its client. `x-replay-*` headers carry
/// its history, so that it stays the same dead letter if it fails again.
pub fn outgoing(letter: &DeadLetter<'_>, target: &Target) -> Outgoing {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let mut properties = Properties {
        content_type: some(letter.content_type).map(Into::into),
        message_id: some(letter.message_id),
        kind: some(letter.kind).map(Into::into),
        timestamp: letter.sent_ms.and_then(|ms| u64::try_from(ms / 1000).ok()),
        // It stays what it was made under, whoever sends it again.
        schema: Schema::parse(letter.schema),
        trace: None,
        headers: Vec::new(),
    };
    let sent: Map<String, Value> = serde_json::from_str(letter.headers).unwrap_or_default();
    for (name, value) in sent {
        if let Some(value) = header(value) {
            properties.headers.push((name.into(), value));
        }
    }
    if !letter.client.is_empty() {
        let client = HeaderValue::Text(letter.client.to_owned());
        properties.set_header(CLIENT, client);
    }
    let failures = Failures {
        first_failed_ms: letter.first_failed_ms,
        last_failed_ms: letter.last_failed_ms,
        attempts: letter.attempts,
    };
    for (name, value) in History::of(failures, now_ms()).to_headers() {
        properties.set_header(name, value.into());
    }
    match target {
        Target::Queue(queue) => Outgoing::to_queue(*queue, letter.body.to_vec()),
        Target::Exchange {
            exchange,
            routing_key,
        } => Outgoing::new(*exchange, routing_key.clone(), letter.body.to_vec()),
    }
    .with(properties)
}

fn header(value: Value) -> Option<HeaderValue> {
    match value {
        Value::String(text) => Some(HeaderValue::Text(text)),
        Value::Number(number) => number.as_i64().map(HeaderValue::Integer),
        Value::Bool(flag) => Some(HeaderValue::Boolean(flag)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
