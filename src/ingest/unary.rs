//! Frame of a gRPC message: the body of a unary call is exactly one.

use bytes::{BufMut as _, Bytes, BytesMut};
use prost::Message;
use tonic::Code;

use super::body::Unread;

/// Length of the prefix: a flag and the length of the message.
const PREFIX: usize = 5;

/// Maximum size of a body with a message of at most `limit` bytes.
pub(super) fn longest(limit: usize) -> usize {
    limit.saturating_add(PREFIX)
}

/// Checks the received part of a body, so that it is refused as soon as it is wrong.
pub(super) fn check(body: &[u8], limit: usize) -> Result<(), Unread> {
    let Some((flag, length)) = prefix(body) else {
        return Ok(());
    };
    if flag > 1 {
        return Err(framing(
            Code::Internal,
            format!("the flag of a message must be 0, or 1 if it is compressed, and is {flag}"),
        ));
    }
    if length > limit {
        return Err(Unread::TooLarge { limit });
    }
    if body.len() > PREFIX + length {
        let text = "a unary call has exactly one message, and this one has more";
        return Err(framing(Code::Unimplemented, text.to_owned()));
    }
    Ok(())
}

/// Message of a complete body, and true if it is compressed.
pub(super) fn message(body: &Bytes) -> Result<(bool, Bytes), Unread> {
    let Some((flag, length)) = prefix(body) else {
        let text = match body.len() {
            0 => "a unary call has exactly one message, and this one has none".to_owned(),
            len => format!("the body ends after {len} of the 5 bytes before a message"),
        };
        return Err(framing(Code::Unimplemented, text));
    };
    let message = body.slice(PREFIX..);
    if message.len() < length {
        let text = format!("the message ends after {} of {length} bytes", message.len());
        return Err(framing(Code::InvalidArgument, text));
    }
    Ok((flag == 1, message))
}

/// Frames a message.
pub(super) fn framed(message: &impl Message) -> Bytes {
    let len = message.encoded_len();
    let mut frame = BytesMut::with_capacity(PREFIX + len);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(len).unwrap_or(u32::MAX));
    message.encode_raw(&mut frame);
    frame.freeze()
}

fn prefix(body: &[u8]) -> Option<(u8, usize)> {
    let ([flag, length @ ..], _) = body.split_first_chunk::<PREFIX>()?;
    let length = u32::from_be_bytes(*length);
    Some((*flag, usize::try_from(length).unwrap_or(usize::MAX)))
}

fn framing(code: Code, text: String) -> Unread {
    Unread::Framing { code, text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn body(flag: u8, length: u32, bytes: &[u8]) -> Bytes {
        let mut body = vec![flag];
        body.extend(length.to_be_bytes());
        body.extend(bytes);
        body.into()
    }

    #[test]
    fn a_call_is_one_message() {
        let good = body(1, 3, b"abc");
        for end in 0..=good.len() {
            assert_eq!(check(&good[..end], 3), Ok(()));
        }
        assert_eq!(message(&good), Ok((true, Bytes::from_static(b"abc"))));
        assert_eq!(check(&good, 2), Err(Unread::TooLarge { limit: 2 }));
        let code = |unread: Unread| match unread {
            Unread::Framing { code, .. } => code,
            other => panic!("{other}"),
        };
        assert_eq!(
            code(check(&body(2, 0, b""), 9).unwrap_err()),
            Code::Internal
        );
        let two = body(0, 1, &[1, 0, 0, 0, 0, 0]);
        assert_eq!(code(check(&two, 9).unwrap_err()), Code::Unimplemented);
        let cut = message(&body(0, 4, b"abc")).unwrap_err();
        assert_eq!(cut.to_string(), "the message ends after 3 of 4 bytes");
        assert_eq!(code(cut), Code::InvalidArgument);
        for short in [&b""[..], b"\0\0"] {
            let short = message(&Bytes::copy_from_slice(short)).unwrap_err();
            assert_eq!(code(short), Code::Unimplemented);
        }
    }
}
