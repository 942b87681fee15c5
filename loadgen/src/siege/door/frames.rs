//! The frames of AMQP 0-9-1 that a publisher needs, with names and texts as the bytes that they are.

use crate::siege::attack::{Properties, Publish};

/// Protocol header of a connection.
pub(super) const PROTOCOL: &[u8] = b"AMQP\0\0\x09\x01";
/// The types of frames.
pub(super) const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
/// Last byte of every frame.
pub(super) const END: u8 = 0xce;
/// A frame's type, channel, length and end.
pub(super) const AROUND: usize = 8;

/// Methods, by class and number.
pub(super) const START: (u16, u16) = (10, 10);
pub(super) const START_OK: (u16, u16) = (10, 11);
pub(super) const TUNE: (u16, u16) = (10, 30);
pub(super) const TUNE_OK: (u16, u16) = (10, 31);
pub(super) const OPEN: (u16, u16) = (10, 40);
pub(super) const OPEN_OK: (u16, u16) = (10, 41);
pub(super) const CLOSE: (u16, u16) = (10, 50);
pub(super) const CHANNEL_OPEN: (u16, u16) = (20, 10);
pub(super) const CHANNEL_OPEN_OK: (u16, u16) = (20, 11);
pub(super) const CHANNEL_CLOSE: (u16, u16) = (20, 40);
pub(super) const CONFIRM: (u16, u16) = (85, 10);
pub(super) const CONFIRM_OK: (u16, u16) = (85, 11);
const PUBLISH: (u16, u16) = (60, 40);
pub(super) const RETURN: (u16, u16) = (60, 50);
pub(super) const ACK: (u16, u16) = (60, 80);
pub(super) const NACK: (u16, u16) = (60, 120);

/// A frame.
pub(super) fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + AROUND);
    bytes.push(kind);
    bytes.extend_from_slice(&channel.to_be_bytes());
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes.push(END);
    bytes
}

/// A method with its arguments.
pub(super) fn method(channel: u16, (class, number): (u16, u16), arguments: &[&[u8]]) -> Vec<u8> {
    let mut payload = Vec::new();
    payload.extend_from_slice(&class.to_be_bytes());
    payload.extend_from_slice(&number.to_be_bytes());
    for argument in arguments {
        payload.extend_from_slice(argument);
    }
    frame(METHOD, channel, &payload)
}

/// A text of at most 255 bytes.
pub(super) fn short(text: &[u8]) -> Vec<u8> {
    let text = text.get(..text.len().min(255)).unwrap_or_default();
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    [&[length], text].concat()
}

/// A text of any length.
pub(super) fn long(text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), text].concat()
}

/// All frames of a message, whose body is divided into frames of at most so many bytes.
pub(super) fn message(message: &Publish, frame_max: usize) -> Vec<u8> {
    const CHANNEL: u16 = 1;
    // To be returned if no queue gets it.
    const MANDATORY: &[u8] = &[1];
    let mut bytes = method(
        CHANNEL,
        PUBLISH,
        &[
            &[0, 0],
            &short(message.exchange.as_bytes()),
            &short(&message.key),
            MANDATORY,
        ],
    );
    let mut header = vec![0, 60, 0, 0];
    header.extend_from_slice(&(message.body.len() as u64).to_be_bytes());
    header.extend(properties(&message.properties));
    bytes.extend(frame(HEADER, CHANNEL, &header));
    for part in message.body.chunks(frame_max.saturating_sub(AROUND).max(1)) {
        bytes.extend(frame(BODY, CHANNEL, part));
    }
    bytes
}

/// The flags of the properties and their values, the highest bit first.
fn properties(of: &Properties) -> Vec<u8> {
    const PERSISTENT: u8 = 2;
    let text = |value: &Option<Vec<u8>>| value.as_ref().map(|text| short(text));
    let values = [
        (15, text(&of.content_type)),
        (14, text(&of.content_encoding)),
        (13, of.headers.as_ref().map(|table| long(table))),
        (12, Some(vec![PERSISTENT])),
        (11, of.priority.map(|priority| vec![priority])),
        (10, text(&of.correlation_id)),
        (9, text(&of.reply_to)),
        (7, text(&of.message_id)),
        (6, of.timestamp.map(|time| time.to_be_bytes().to_vec())),
        (5, text(&of.kind)),
        (3, text(&of.app_id)),
    ];
    let mut flags = 0_u16;
    let mut bytes = Vec::new();
    for (bit, value) in values {
        if let Some(value) = value {
            flags |= 1 << bit;
            bytes.extend(value);
        }
    }
    [&flags.to_be_bytes(), bytes.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_method_a_header_and_its_body_in_parts() {
        let made = message(
            &Publish {
                exchange: "e",
                key: b"\xe9".to_vec(),
                properties: Properties {
                    message_id: Some(b"id".to_vec()),
                    ..Properties::default()
                },
                body: "abcd".into(),
            },
            AROUND + 3,
        );
        let publish = b"\x01\0\x01\0\0\0\x0b\0\x3c\0\x28\0\0\x01e\x01\xe9\x01\xce";
        // 1 << 12 for the delivery mode, 1 << 7 for the id.
        let header = b"\x02\0\x01\0\0\0\x12\0\x3c\0\0\0\0\0\0\0\0\0\x04\x10\x80\x02\x02id\xce";
        let body = b"\x03\0\x01\0\0\0\x03abc\xce\x03\0\x01\0\0\0\x01d\xce";
        assert_eq!(made, [&publish[..], &header[..], &body[..]].concat());
    }
}
