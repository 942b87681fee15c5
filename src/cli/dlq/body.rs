//! Body of a dead letter for people: JSON indented, an event as proto3 JSON, anything else as a hex dump.

use std::fmt::Write as _;

use prost_reflect::{DescriptorPool, DynamicMessage, MapKey, SerializeOptions, Value as Field};
use serde_json::Value;

use super::one_line;
use crate::contract::headers::{EVENT_BATCH, JSON};
use crate::contract::{Envelope, Input, Intake, Pipeline};
use crate::sink::clickhouse::dead_letters::StoredDeadLetter;

/// Maximum number of bytes of a hex dump.
const DUMPED: usize = 4096;

/// Readable form of a body.
pub(super) struct Shown {
    /// Decoded value, if it can be decoded.
    pub value: Option<Value>,
    /// Text for people.
    pub text: String,
}

/// Makes a body readable. If decoding lost something, a hex dump follows.
pub(super) fn shown(
    pool: &DescriptorPool,
    pipeline: &Pipeline,
    letter: &StoredDeadLetter,
    body: &[u8],
) -> Shown {
    if letter.content_type.starts_with(JSON) || letter.content_type.is_empty() {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            let text = pretty(&value);
            return Shown {
                value: Some(value),
                text,
            };
        }
        // Text that is nearly JSON is best shown as it is.
        if let Ok(text) = std::str::from_utf8(body)
            && letter.content_type.starts_with(JSON)
        {
            return Shown {
                value: None,
                text: printable(text),
            };
        }
    }
    match envelope(pipeline, letter).and_then(|envelope| event(pool, envelope, letter, body)) {
        Some((value, whole)) => {
            let mut text = pretty(&value);
            if !whole {
                text.push_str("\n\nIt has fields that this build doesn't know:\n");
                text.push_str(&dump(body));
            }
            Shown {
                value: Some(value),
                text,
            }
        }
        None => Shown {
            value: None,
            text: dump(body),
        },
    }
}

fn pretty(value: &Value) -> String {
    // A decoded value can be written.
    printable(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// Lines without control characters, which could drive the terminal.
fn printable(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(one_line).collect();
    lines.join("\n")
}

/// Envelope of the queue or source of a dead letter.
fn envelope(pipeline: &Pipeline, letter: &StoredDeadLetter) -> Option<&'static Envelope> {
    let of_source = |name: &str| {
        let source = pipeline.sources.iter().find(|s| s.name == name)?;
        match source.intake {
            Intake::Grpc { envelope, .. } => Some(envelope),
            Intake::Post { .. } => None,
        }
    };
    let of_queue = |name: &str| {
        let queue = pipeline.queues.iter().find(|q| q.name == name)?;
        match queue.input {
            Input::Events(envelope) | Input::DeadLetters(envelope) => Some(envelope),
            Input::Json(_) => None,
        }
    };
    of_queue(&letter.queue).or_else(|| of_source(&letter.queue))
}

/// Events as proto3 JSON, and true if nothing is left out.
fn event(
    pool: &DescriptorPool,
    envelope: &Envelope,
    letter: &StoredDeadLetter,
    body: &[u8],
) -> Option<(Value, bool)> {
    let name = match letter.kind.as_str() {
        EVENT_BATCH => EVENT_BATCH,
        _ => envelope.message,
    };
    let message = DynamicMessage::decode(pool.get_message_by_name(name)?, body).ok()?;
    let options = SerializeOptions::new().stringify_64_bit_integers(true);
    let value = message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .ok()?;
    Some((value, is_known(&message)))
}

/// True if a message and those in it have no unknown fields.
fn is_known(message: &DynamicMessage) -> bool {
    fn known(value: &Field) -> bool {
        match value {
            Field::Message(message) => is_known(message),
            Field::List(items) => items.iter().all(known),
            Field::Map(entries) => entries.iter().all(|(_, value): (&MapKey, _)| known(value)),
            _ => true,
        }
    }
    message.unknown_fields().next().is_none() && message.fields().all(|(_, value)| known(value))
}

/// Hex dump in rows of 16 bytes: offset, hexadecimal, text.
fn dump(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (row, bytes) in bytes.chunks(16).take(DUMPED / 16).enumerate() {
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let visible = |byte: &u8| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        };
        let text: String = bytes.iter().map(visible).collect();
        // Writing to a string doesn't fail.
        writeln!(out, "{:08x}  {:<47}  {text}", row * 16, hex.join(" ")).ok();
    }
    if let Some(more) = bytes.len().checked_sub(DUMPED + 1) {
        writeln!(out, "… and {} bytes more", more + 1).ok();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_shows_place_bytes_and_text() {
        let text = dump(b"\x2a\xffabcdefghijklmnop");
        let rows = "00000000  2a ff 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e  *.abcdefghijklmn\n\
                    00000010  6f 70                                            op\n";
        assert_eq!(text, rows);
        assert!(dump(&[0; DUMPED + 3]).ends_with("… and 3 bytes more\n"));
        assert_eq!(dump(&[0; DUMPED]).lines().count(), DUMPED / 16);
    }
}
