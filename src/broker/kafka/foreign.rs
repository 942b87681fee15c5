//! Records of other services, read as messages: their id, their time, their key, and their value without a registry's frame.

use std::borrow::Cow;

use rdkafka::message::{BorrowedMessage, Message as _};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use super::headers::Envelope;
use crate::broker::api::message::{HeaderValue, Properties};
use crate::contract::headers::{JSON, KAFKA_KEY, PROTOBUF, UNREADABLE};
use crate::contract::{Foreign, Format};

/// Maximum size of the headers of a record, of which dead letters and retries have to hold a part.
const HEADERS: usize = 64 << 10;

/// What a schema registry's frame begins with. No JSON text does, and no protobuf message.
const MAGIC: u8 = 0;

/// Reads a record: its value behind a frame, with what it says beside it in its envelope. None if it has no value.
pub(super) fn read<'m>(
    foreign: Foreign,
    record: &'m BorrowedMessage<'_>,
    envelope: &mut Envelope,
    max_body: usize,
) -> Option<&'m [u8]> {
    let value = record.payload()?;
    let origin = Origin {
        topic: foreign.topic,
        partition: record.partition(),
        offset: record.offset(),
        written_ms: record.timestamp().to_millis().unwrap_or(0),
    };
    let (format, key) = (foreign.format, record.key());
    let frame = complete(envelope, format, &origin, key, value, max_body);
    value.get(frame..)
}

/// Place of a record.
struct Origin<'a> {
    topic: &'a str,
    partition: i32,
    offset: i64,
    /// When it was written, in milliseconds since the epoch.
    written_ms: i64,
}

/// Completes the envelope of a record, and returns the range of its value behind a frame.
///
/// A record is the same message whenever it is read: its id is made of its place, and of when it was written there, because
/// a topic that is made anew has the same offsets again.
fn complete(
    envelope: &mut Envelope,
    format: Format,
    origin: &Origin<'_>,
    key: Option<&[u8]>,
    value: &[u8],
    max_body: usize,
) -> usize {
    // It is published to nobody's exchange, and what others write is not believed.
    envelope.exchange.clear();
    envelope.routing_key.clear();
    let properties = &mut envelope.properties;
    let believed = |name: &str| !matches!(name, UNREADABLE | KAFKA_KEY);
    properties.headers.retain(|(name, _)| believed(name));
    if let Some(key) = key {
        let key = String::from_utf8_lossy(key).into_owned();
        properties.set_header(KAFKA_KEY, HeaderValue::Text(key));
    }
    if properties.message_id.as_ref().is_none_or(String::is_empty) {
        properties.message_id = Some(id(origin));
    }
    let seconds = u64::try_from(origin.written_ms / 1000).ok();
    properties.timestamp = properties.timestamp.or(seconds);
    properties.content_type = Some(Cow::Borrowed(match format {
        Format::Json => JSON,
        Format::Protobuf => PROTOBUF,
    }));
    let frame = match frame(format, value) {
        Ok(frame) => frame,
        Err(reason) => {
            unreadable(properties, reason.to_owned());
            return 0;
        }
    };
    let headers = properties.encoded_len();
    if headers > HEADERS {
        let reason = format!("its headers have {headers} bytes; at most {HEADERS} are possible");
        unreadable(properties, reason);
    }
    if value.len() > max_body {
        let size = value.len();
        let reason = format!("it has {size} bytes; at most {max_body} are possible");
        unreadable(properties, reason);
    }
    frame
}

fn unreadable(properties: &mut Properties, reason: String) {
    properties.set_header(UNREADABLE, HeaderValue::Text(reason));
}

fn id(origin: &Origin<'_>) -> String {
    let Origin {
        topic,
        partition,
        offset,
        written_ms,
    } = origin;
    let place = format!("{topic} {partition} {offset} {written_ms}");
    Uuid::from_u128(xxh3_128(place.as_bytes())).to_string()
}

/// Length of a schema registry's frame: a zero, four bytes of the schema's id, and before protobuf the path of the message
/// in its schema, a list of numbers. None is 0 bytes long.
fn frame(format: Format, value: &[u8]) -> Result<usize, &'static str> {
    const CUT: &str = "it begins like the frame of a schema registry, and ends in it";
    if value.first() != Some(&MAGIC) {
        return Ok(0);
    }
    let mut at = 5;
    if value.len() < at {
        return Err(CUT);
    }
    if format == Format::Protobuf {
        let count = number(value, &mut at).ok_or(CUT)?;
        for _ in 0..count {
            number(value, &mut at).ok_or(CUT)?;
        }
    }
    Ok(at)
}

/// A number as Avro writes it: zigzag, in a varint.
fn number(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let mut raw = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        raw |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let half = i64::try_from(raw >> 1).ok()?;
            return Some(if raw & 1 == 0 { half } else { !half });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(offset: i64) -> Origin<'static> {
        Origin {
            topic: "shop.orders",
            partition: 2,
            offset,
            written_ms: 1_700_000_000_123,
        }
    }

    fn read(format: Format, value: &[u8]) -> (Envelope, usize) {
        let mut envelope = Envelope::default();
        let at = complete(&mut envelope, format, &origin(7), Some(b"k"), value, 100);
        (envelope, at)
    }

    fn refusal(envelope: &Envelope) -> String {
        match envelope.properties.header(UNREADABLE) {
            Some(HeaderValue::Text(reason)) => reason.clone(),
            _ => String::new(),
        }
    }

    #[test]
    fn a_record_has_an_id_of_its_own_which_is_the_same_whenever_it_is_read() {
        let (one, _) = read(Format::Json, b"{}");
        let (again, _) = read(Format::Json, b"{}");
        assert_eq!(one, again);
        let mut other = Envelope::default();
        complete(&mut other, Format::Json, &origin(8), None, b"{}", 100);
        assert_ne!(one.properties.message_id, other.properties.message_id);
        assert_eq!(one.properties.timestamp, Some(1_700_000_000));
        assert_eq!(one.properties.content_type.as_deref(), Some(JSON));
        let key = HeaderValue::Text("k".to_owned());
        assert_eq!(one.properties.header(KAFKA_KEY), Some(&key));
        assert_eq!(other.properties.header(KAFKA_KEY), None);
    }

    #[test]
    fn what_the_sender_says_counts_unless_it_is_ours_to_say() {
        let mut envelope = Envelope {
            exchange: "elsewhere".to_owned(),
            routing_key: "k".to_owned(),
            properties: Properties {
                message_id: Some("theirs".to_owned()),
                headers: vec![
                    (UNREADABLE.into(), HeaderValue::Text("no".to_owned())),
                    (KAFKA_KEY.into(), HeaderValue::Text("no".to_owned())),
                    ("trace".into(), HeaderValue::Text("t".to_owned())),
                ],
                ..Properties::default()
            },
            unreadable: None,
        };
        complete(&mut envelope, Format::Json, &origin(1), None, b"{}", 100);
        assert_eq!(envelope.properties.message_id.as_deref(), Some("theirs"));
        let names: Vec<_> = envelope
            .properties
            .headers
            .iter()
            .map(|(n, _)| &**n)
            .collect();
        assert_eq!((names, envelope.exchange.as_str()), (vec!["trace"], ""));
    }

    #[test]
    fn the_frame_of_a_schema_registry_is_passed_over() {
        for (format, value, at) in [
            (Format::Json, &b"{}"[..], 0),
            (Format::Json, b"\0\0\0\0\x07{}", 5),
            (Format::Protobuf, b"\x08\x01", 0),
            (Format::Protobuf, b"", 0),
            // The first message of the schema is written as one zero, others as their number and indexes.
            (Format::Protobuf, b"\0\0\0\0\x07\0\x08\x01", 6),
            (Format::Protobuf, b"\0\0\0\0\x07\x04\x02\x80\x02\x08\x01", 9),
        ] {
            let (envelope, found) = read(format, value);
            assert_eq!(
                (found, refusal(&envelope)),
                (at, String::new()),
                "{value:?}"
            );
        }
        for cut in [
            &b"\0"[..],
            b"\0\0\0\0",
            b"\0\0\0\0\x07\x04\x02",
            b"\0\0\0\0\x07\xff",
        ] {
            assert!(
                refusal(&read(Format::Protobuf, cut).0).contains("schema registry"),
                "{cut:?}"
            );
        }
    }

    #[test]
    fn what_no_dead_letter_could_hold_is_told() {
        let (envelope, _) = read(Format::Json, &[b' '; 101]);
        assert!(refusal(&envelope).contains("101 bytes"));
        let mut envelope = Envelope::default();
        let key = [b'k'; HEADERS];
        complete(
            &mut envelope,
            Format::Json,
            &origin(1),
            Some(&key),
            b"{}",
            100,
        );
        assert!(refusal(&envelope).contains("headers"));
    }
}
