//! Rebuilds the message that a dead letter was.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use super::Target;
use crate::broker::{HeaderValue, Outgoing, Properties};
use crate::contract::headers as h;
use crate::sink::clickhouse::letters::Letter;

/// Message of a dead letter: the same bytes under the same id, with the sender's properties. `x-replay-*` headers carry
/// its history, so that it stays the same dead letter if it fails again.
pub fn outgoing(letter: &Letter, target: &Target) -> Outgoing {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let mut properties = Properties {
        content_type: some(&letter.content_type).map(Into::into),
        message_id: some(&letter.message_id),
        kind: some(&letter.kind).map(Into::into),
        timestamp: letter.sent_ms.and_then(|ms| u64::try_from(ms / 1000).ok()),
        headers: Vec::new(),
    };
    let sent: Map<String, Value> = serde_json::from_str(&letter.headers).unwrap_or_default();
    for (name, value) in sent {
        if let Some(value) = header(value) {
            properties.headers.push((name.into(), value));
        }
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    for (name, value) in [
        (h::REPLAY_FIRST_FAILED, letter.first_failed_ms),
        (h::REPLAY_LAST_FAILED, letter.last_failed_ms),
        (h::REPLAY_ATTEMPTS, i64::from(letter.attempts)),
        // The clock of this machine may be behind the one that recorded the failure.
        (
            h::REPLAY_AT,
            now_ms.max(letter.last_failed_ms.saturating_add(1)),
        ),
    ] {
        properties.set_header(name, HeaderValue::Integer(value));
    }
    match target {
        Target::Queue(queue) => Outgoing::to_queue(*queue, letter.body()),
        Target::Exchange {
            exchange,
            routing_key,
        } => Outgoing::new(*exchange, routing_key.clone(), letter.body()),
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
