//! Dead-letter record, and the row that it is a part of.

use std::ops::Deref;

/// Dead-letter record: why a message failed, where it came from, and what a replay needs beside the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// Reason, for people.
    pub reason: &'a str,
    /// Class, a short stable word: the name of a [`Class`](super::Class), or of one of another build's.
    pub class: &'a str,
    /// The queue that it failed in, or the source that refused it; empty if no queue took it.
    pub queue: &'a str,
    /// The exchange that it was first published to.
    pub exchange: &'a str,
    /// The routing key that it was first published with.
    pub routing_key: &'a str,
    /// The event type's name, or its number where the build doesn't know it; empty for others.
    pub event_type: &'a str,
    /// Number of attempts.
    pub attempts: u32,
    /// When it first failed, in milliseconds since the epoch.
    pub first_failed_ms: i64,
    /// Time of its last failure, in milliseconds since the epoch.
    pub last_failed_ms: i64,
    /// Fingerprint of the build that gave it up.
    pub fingerprint: &'a str,
    /// The message's own id, from which `$id` comes; empty if it has none.
    pub message_id: &'a str,
    /// When the message was sent, by its own word, in milliseconds since the epoch.
    pub sent_ms: Option<i64>,
    /// Name of the client that sent it; empty if nothing proved who it was.
    pub client: &'a str,
}

/// Dead letter: the original message with its record. A row of the dead-letter table is made of it; expressions see the
/// fields of the record beside its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetter<'a> {
    /// Id, the same for the same dead letter, however often it is delivered.
    pub id: &'a str,
    /// Why it could not be stored, and where it comes from.
    pub record: Record<'a>,
    /// Content type of the body.
    pub content_type: &'a str,
    /// AMQP's `type` of the body; empty if there is none.
    pub kind: &'a str,
    /// Fingerprint of the declarations that the message was made under; empty if it names none.
    pub schema: &'a str,
    /// The headers that its sender set, as one JSON object.
    pub headers: &'a str,
    /// Body, as it was received.
    pub body: &'a [u8],
}

/// Type of a field of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A text.
    Text,
    /// A number of times.
    Count,
    /// A time in milliseconds since the epoch.
    Millis,
    /// Bytes.
    Bytes,
}

/// Fields of a dead letter in the order of its row, by their names in `error.NAME`.
pub const FIELDS: [(&str, FieldKind); 19] = [
    ("id", FieldKind::Text),
    ("reason", FieldKind::Text),
    ("class", FieldKind::Text),
    ("queue", FieldKind::Text),
    ("exchange", FieldKind::Text),
    ("routing_key", FieldKind::Text),
    ("event_type", FieldKind::Text),
    ("attempts", FieldKind::Count),
    ("first_failed", FieldKind::Millis),
    ("last_failed", FieldKind::Millis),
    ("fingerprint", FieldKind::Text),
    ("content_type", FieldKind::Text),
    ("kind", FieldKind::Text),
    ("message_id", FieldKind::Text),
    ("sent", FieldKind::Millis),
    ("client", FieldKind::Text),
    ("schema", FieldKind::Text),
    ("headers", FieldKind::Text),
    ("body", FieldKind::Bytes),
];

impl<'a> Deref for DeadLetter<'a> {
    type Target = Record<'a>;

    fn deref(&self) -> &Record<'a> {
        &self.record
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_a_row_are_those_of_the_letter_and_its_record() {
        let record = Record {
            reason: "",
            class: "",
            queue: "",
            exchange: "",
            routing_key: "",
            event_type: "",
            attempts: 0,
            first_failed_ms: 0,
            last_failed_ms: 0,
            fingerprint: "",
            message_id: "",
            sent_ms: None,
            client: "",
        };
        let letter = DeadLetter {
            id: "",
            record,
            content_type: "",
            kind: "",
            schema: "",
            headers: "",
            body: b"",
        };
        let letter = format!("{letter:?}");
        let mut found: Vec<&str> = letter
            .split([' ', '{', ','])
            .filter_map(|word| word.strip_suffix(':'))
            .filter(|name| *name != "record")
            .map(|name| name.strip_suffix("_ms").unwrap_or(name))
            .collect();
        found.sort_unstable();
        let mut listed = FIELDS.map(|(name, _)| name);
        listed.sort_unstable();
        assert_eq!(found, listed);
    }
}
