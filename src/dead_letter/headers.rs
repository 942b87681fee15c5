//! AMQP headers of dead letters, and the dead-letter record in them.

use super::record::Record;

/// Reason of a dead letter, for people.
pub const DEAD_REASON: &str = "x-dead-reason";
/// Class of the failure: a short stable word.
pub const DEAD_CLASS: &str = "x-dead-class";
/// Queue in which it failed, or source that refused it.
pub const DEAD_QUEUE: &str = "x-dead-queue";
/// The exchange that it was first published to.
pub const DEAD_EXCHANGE: &str = "x-dead-exchange";
/// The routing key that it was first published with.
pub const DEAD_ROUTING_KEY: &str = "x-dead-routing-key";
/// Its event type's name, or number where the build didn't know it.
pub const DEAD_EVENT_TYPE: &str = "x-dead-event-type";
/// Name of the client that sent it; none if nothing proved who it was.
pub const DEAD_CLIENT: &str = "x-dead-client";
/// Number of attempts: an integer.
pub const DEAD_ATTEMPTS: &str = "x-dead-attempts";
/// When it first failed: an integer, milliseconds since the epoch.
pub const DEAD_FIRST_FAILED: &str = "x-dead-first-failed";
/// When it last failed: an integer, milliseconds since the epoch.
pub const DEAD_LAST_FAILED: &str = "x-dead-last-failed";
/// The fingerprint of the pipeline that gave it up.
pub const DEAD_FINGERPRINT: &str = "x-dead-fingerprint";
/// The id that the message itself had, before it was a dead letter; none if it had none.
pub const DEAD_MESSAGE_ID: &str = "x-dead-message-id";
/// When the message itself was sent, by its own word: an integer, milliseconds since the epoch.
pub const DEAD_SENT: &str = "x-dead-sent";

/// Maximum length of a reason, in characters. Reasons quote values, and a header is no place for long ones.
const REASON: usize = 500;

/// Value of a dead-letter header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
}

impl<'a> Value<'a> {
    /// The text, if it is one.
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Integer(_) => None,
        }
    }

    /// The number, if it is one.
    pub(super) fn integer(self) -> Option<i64> {
        match self {
            Value::Text(_) => None,
            Value::Integer(number) => Some(number),
        }
    }
}

impl<'a> Record<'a> {
    /// Headers of the record. Id, send time and client are left out if the message had none.
    pub fn to_headers(self) -> impl Iterator<Item = (&'static str, Value<'a>)> {
        let Record {
            reason,
            class,
            queue,
            exchange,
            routing_key,
            event_type,
            attempts,
            first_failed_ms,
            last_failed_ms,
            fingerprint,
            message_id,
            sent_ms,
            client,
        } = self;
        let always = [
            (DEAD_REASON, Value::Text(beginning(reason))),
            (DEAD_CLASS, Value::Text(class)),
            (DEAD_QUEUE, Value::Text(queue)),
            (DEAD_EXCHANGE, Value::Text(exchange)),
            (DEAD_ROUTING_KEY, Value::Text(routing_key)),
            (DEAD_EVENT_TYPE, Value::Text(event_type)),
            (DEAD_ATTEMPTS, Value::Integer(i64::from(attempts))),
            (DEAD_FIRST_FAILED, Value::Integer(first_failed_ms)),
            (DEAD_LAST_FAILED, Value::Integer(last_failed_ms)),
            (DEAD_FINGERPRINT, Value::Text(fingerprint)),
        ];
        // A replay needs the sender's properties beside the body.
        let text = |name, text: &'a str| {
            let text = Some(text).filter(|text| !text.is_empty());
            text.map(|text| (name, Value::Text(text)))
        };
        let own = [
            text(DEAD_MESSAGE_ID, message_id),
            sent_ms.map(|ms| (DEAD_SENT, Value::Integer(ms))),
            text(DEAD_CLIENT, client),
        ];
        always.into_iter().chain(own.into_iter().flatten())
    }

    /// Record in the headers of a message; `otherwise` supplies missing fields. Id, send time and client of the original
    /// message come from `otherwise` only if there is no class, since the message is then no dead letter yet.
    pub fn from_headers(
        header: impl Fn(&'static str) -> Option<Value<'a>>,
        otherwise: Record<'a>,
    ) -> Self {
        let text = |name, otherwise| header(name).and_then(Value::text).unwrap_or(otherwise);
        let integer = |name| header(name).and_then(Value::integer);
        let own = match header(DEAD_CLASS) {
            Some(_) => ("", integer(DEAD_SENT), ""),
            None => (otherwise.message_id, otherwise.sent_ms, otherwise.client),
        };
        Record {
            reason: text(DEAD_REASON, otherwise.reason),
            class: text(DEAD_CLASS, otherwise.class),
            queue: text(DEAD_QUEUE, otherwise.queue),
            exchange: text(DEAD_EXCHANGE, otherwise.exchange),
            routing_key: text(DEAD_ROUTING_KEY, otherwise.routing_key),
            event_type: text(DEAD_EVENT_TYPE, otherwise.event_type),
            attempts: match integer(DEAD_ATTEMPTS) {
                Some(attempts) => u32::try_from(attempts).unwrap_or(0),
                None => otherwise.attempts,
            },
            first_failed_ms: integer(DEAD_FIRST_FAILED).unwrap_or(otherwise.first_failed_ms),
            last_failed_ms: integer(DEAD_LAST_FAILED).unwrap_or(otherwise.last_failed_ms),
            fingerprint: text(DEAD_FINGERPRINT, otherwise.fingerprint),
            message_id: text(DEAD_MESSAGE_ID, own.0),
            sent_ms: own.1,
            client: text(DEAD_CLIENT, own.2),
        }
    }
}

fn beginning(reason: &str) -> &str {
    let end = reason.char_indices().nth(REASON).map(|(at, _)| at);
    end.and_then(|end| reason.get(..end)).unwrap_or(reason)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const RECORD: Record<'_> = Record {
        reason: "field `n`: is missing",
        class: "bad_field",
        queue: "app_q",
        exchange: "app.dx",
        routing_key: "click",
        event_type: "click",
        attempts: 3,
        first_failed_ms: 1,
        last_failed_ms: 2,
        fingerprint: "f",
        message_id: "m",
        sent_ms: Some(4),
        client: "shop",
    };

    const OTHER: Record<'_> = Record {
        reason: "other",
        class: "unroutable",
        queue: "other",
        exchange: "other",
        routing_key: "other",
        event_type: "other",
        attempts: 9,
        first_failed_ms: 9,
        last_failed_ms: 9,
        fingerprint: "other",
        message_id: "other",
        sent_ms: Some(9),
        client: "other",
    };

    fn read(record: Record<'static>) -> Record<'static> {
        let headers: BTreeMap<_, _> = record.to_headers().collect();
        Record::from_headers(|name| headers.get(name).copied(), OTHER)
    }

    #[test]
    fn a_record_is_read_from_its_headers_as_it_was() {
        assert_eq!(read(RECORD), RECORD);
        assert!(
            RECORD
                .to_headers()
                .all(|(name, _)| name.starts_with("x-dead-"))
        );
        // What the message had not, it has not got from elsewhere.
        let bare = Record {
            message_id: "",
            sent_ms: None,
            client: "",
            ..RECORD
        };
        assert_eq!(read(bare), bare);
    }

    #[test]
    fn a_message_without_headers_is_what_is_known_of_it_otherwise() {
        assert_eq!(Record::from_headers(|_| None, OTHER), OTHER);
    }

    #[test]
    fn headers_that_hold_something_else_count_as_missing() {
        let swapped = |name: &'static str| match name {
            DEAD_ATTEMPTS => Some(Value::Integer(-1)),
            DEAD_FIRST_FAILED | DEAD_LAST_FAILED => Some(Value::Text("soon")),
            _ => Some(Value::Integer(1)),
        };
        let read = Record::from_headers(swapped, OTHER);
        let expected = Record {
            attempts: 0,
            message_id: "",
            sent_ms: Some(1),
            client: "",
            ..OTHER
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let long = "ü".repeat(REASON + 1);
        let record = Record {
            reason: &long,
            ..RECORD
        };
        let told = record.to_headers().next();
        assert_eq!(told, Some((DEAD_REASON, Value::Text(&long[..2 * REASON]))));
    }
}
