//! Partitions of a queue, and the keys by which messages get to them.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use super::envelope::Envelope;
use super::row::{Message, TextOf};
use crate::protobuf::{At, Label, Shape};

/// Place of a queue among the partitions of one that is declared with `partitions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// The declared queue, which takes the messages that come without a key.
    pub of: &'static str,
    /// Number of partitions.
    pub count: u16,
    /// Which of them it is; none for the declared queue.
    pub index: Option<u16>,
}

/// Maximum number of partitions of a queue.
pub const MOST_PARTITIONS: u16 = 64;

/// The exchange between those that a queue is bound to and its partitions.
pub fn partitions_exchange(queue: &str) -> String {
    format!("{queue}.partitions")
}

/// The exchange that brings a queue what has no partition.
pub fn rest_exchange(queue: &str) -> String {
    format!("{queue}.rest")
}

/// Partition key of a source's events: those with the same key get to the same partition of a queue. An event that has
/// no value there gets to one by its id.
#[derive(Debug, Clone, Copy)]
pub enum PartitionBy {
    /// A text or a whole number in the header of app events: the numbers of the fields that lead there.
    Header(&'static [u32]),
    /// The same in the event.
    Event(&'static [u32]),
    /// Computed from a JSON message; an empty text is none.
    Message(TextOf),
}

/// Hash of a partition key, XXH3 with 64 bits: of a text its UTF-8, of a whole number its decimal digits.
pub fn key_hash(key: &[u8]) -> u64 {
    xxh3_64(key)
}

impl PartitionBy {
    /// Hash of the key that all events under this header share; none if it isn't in the header.
    pub fn of_header(&self, envelope: &Envelope, header: &[u8]) -> Option<u64> {
        match self {
            PartitionBy::Header(path) => hash_at(envelope.header_shape, header, path),
            _ => None,
        }
    }

    /// Hash of the key of an event with this id. Without an id it is that of its bytes.
    pub fn of_event(&self, envelope: &Envelope, event: &[u8], id: &[u8]) -> u64 {
        let of_id = || key_hash(if id.is_empty() { event } else { id });
        match self {
            PartitionBy::Event([id_field]) if *id_field == envelope.id => of_id(),
            PartitionBy::Event(path) => {
                hash_at(envelope.event_shape, event, path).unwrap_or_else(of_id)
            }
            _ => of_id(),
        }
    }

    /// Hash of the key of a JSON message.
    pub fn of_message(&self, message: &Message<'_>) -> u64 {
        let key = match self {
            PartitionBy::Message(key) => key(message).unwrap_or_default(),
            _ => String::new(),
        };
        match key.is_empty() {
            true => key_hash(message.id.as_bytes()),
            false => key_hash(key.as_bytes()),
        }
    }
}

/// Hash of the text or number at a path; none if there is none, or if it is empty.
pub fn hash_at(shape: &Shape, bytes: &[u8], path: &[u32]) -> Option<u64> {
    text_at(shape, bytes, path).map(|text| key_hash(&text))
}

/// The text at a path, or the decimal digits of the whole number there; none if there is none, or if it is empty.
pub fn text_at<'a>(shape: &Shape, bytes: &'a [u8], path: &[u32]) -> Option<Cow<'a, [u8]>> {
    let found = At::path(shape, bytes, path);
    match found.text_bytes() {
        Some(text) if !text.is_empty() => Some(Cow::Borrowed(text)),
        Some(_) => None,
        None => match found.whole_number()? {
            0 if found.label() == Some(Label::Implicit) => None,
            number => Some(Cow::Owned(number.to_string().into_bytes())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protobuf::{Field, Kind};

    const INNER: Shape = shape(&[field(1, Kind::String, Label::Implicit)]);
    const OUTER: Shape = shape(&[
        field(1, Kind::String, Label::Implicit),
        field(2, Kind::Int64, Label::Implicit),
        field(3, Kind::Message(&INNER), Label::Optional),
        field(4, Kind::Sint32, Label::Optional),
    ]);

    const fn field(number: u32, kind: Kind, label: Label) -> Field {
        Field {
            number,
            name: "",
            json_name: "",
            kind,
            label,
        }
    }

    const fn shape(fields: &'static [Field]) -> Shape {
        Shape {
            name: "",
            fields,
            dense: &[],
            any_of: &[],
            retired: &[],
        }
    }

    #[test]
    fn a_key_is_the_text_of_the_last_value() {
        let found = |bytes: &[u8], path: &[u32]| hash_at(&OUTER, bytes, path);
        let hash = |text: &str| Some(key_hash(text.as_bytes()));
        assert_eq!(found(b"\x0a\x02ab\x0a\x01c", &[1]), hash("c"));
        assert_eq!(found(b"\x10\x2a", &[2]), hash("42"));
        assert_eq!(
            found(b"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &[2]),
            hash("-1")
        );
        assert_eq!(found(b"\x20\x01", &[4]), hash("-1"));
        assert_eq!(found(b"\x1a\x03\x0a\x01x\x1a\x00", &[3, 1]), hash("x"));
    }

    #[test]
    fn nothing_is_no_key_however_it_is_written() {
        for bytes in [&b""[..], b"\x0a\x00", b"\x10\x00", b"\x1a\x00", b"\xff"] {
            for path in [&[1][..], &[2], &[3, 1], &[4], &[9], &[]] {
                assert_eq!(hash_at(&OUTER, bytes, path), None, "{bytes:?} {path:?}");
            }
        }
        // Zero, where the field says whether it is there.
        assert_eq!(hash_at(&OUTER, b"\x20\x00", &[4]), Some(key_hash(b"0")));
    }

    #[test]
    fn the_hash_stays_what_it_is() {
        assert_eq!(key_hash(b"42"), xxh3_64(b"42"));
        assert_eq!(key_hash(b""), 0x2d06_8005_38d3_94c2);
    }
}
