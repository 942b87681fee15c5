//! gRPC-Web: calls of browsers, which can't read trailers. These are a last frame of the answer's body, and all of a body
//! may be base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, header};
use tonic::Code;

use super::body::{Read, Unread};
use super::unary;

/// Flag of a frame with trailers.
const TRAILERS: u8 = 0x80;

/// Number of base64 characters that are decoded in one step, and of the bytes that they are.
const STEP: usize = 4 << 10;
const DECODED: usize = STEP / 4 * 3;

/// Characters that hold the prefix of a message.
const PREFIX: usize = 8;

/// Form of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/grpc-web`.
    Binary,
    /// `application/grpc-web-text`: base64.
    Text,
}

/// A gRPC-Web call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WebCall {
    /// Form of its request.
    pub(super) request: Form,
    /// Form of its answer.
    pub(super) answer: Form,
}

impl WebCall {
    /// Call with these headers; none if it isn't gRPC-Web.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let request = form(headers.get(header::CONTENT_TYPE)?)?;
        let accepted = headers.get(header::ACCEPT).and_then(form);
        Some(WebCall {
            request,
            answer: accepted.unwrap_or(request),
        })
    }

    /// Media type of its answer.
    pub(super) fn media_type(self) -> HeaderValue {
        HeaderValue::from_static(match self.answer {
            Form::Binary => "application/grpc-web+proto",
            Form::Text => "application/grpc-web-text+proto",
        })
    }

    /// Body of its answer: a framed message, if there is one, and the trailers.
    pub(super) fn body(self, message: &[u8], trailers: &HeaderMap) -> Bytes {
        let mut body = BytesMut::with_capacity(message.len() + 64);
        body.put_slice(message);
        put_trailers(&mut body, trailers);
        match self.answer {
            Form::Binary => body.freeze(),
            Form::Text => STANDARD.encode(&body).into(),
        }
    }
}

fn form(value: &HeaderValue) -> Option<Form> {
    let mime = value.as_bytes().split(|byte| *byte == b';').next()?;
    let mime = mime.trim_ascii().to_ascii_lowercase();
    match mime.strip_prefix(b"application/grpc-web")? {
        b"" | b"+proto" => Some(Form::Binary),
        b"-text" | b"-text+proto" => Some(Form::Text),
        _ => None,
    }
}

fn put_trailers(body: &mut BytesMut, trailers: &HeaderMap) {
    let mut text = Vec::new();
    for (name, value) in trailers {
        text.extend_from_slice(name.as_str().as_bytes());
        text.push(b':');
        text.extend_from_slice(value.as_bytes());
        text.extend_from_slice(b"\r\n");
    }
    body.put_u8(TRAILERS);
    body.put_u32(u32::try_from(text.len()).unwrap_or(u32::MAX));
    body.put_slice(&text);
}

/// Maximum size of a body in base64 with a message of at most `limit` bytes.
pub(super) fn longest(limit: usize) -> usize {
    unary::longest(limit).div_ceil(3).saturating_mul(4)
}

/// Checks the received part of a body in base64 by the message's prefix, so that it is refused as soon as it is wrong.
pub(super) fn check(body: &[u8], limit: usize) -> Result<(), Unread> {
    let Some(start) = body.get(..PREFIX) else {
        return Ok(());
    };
    let mut decoded = [0; PREFIX];
    let len = STANDARD
        .decode_slice(start, &mut decoded)
        .map_err(|error| not_base64(&error))?;
    unary::check(decoded.get(..len).unwrap_or_default(), limit)
}

/// Decodes a body in base64, in its own memory.
pub(super) fn decoded(read: Read) -> Result<Read, Unread> {
    let mut bytes = Vec::from(read.bytes);
    let mut step = [0; DECODED];
    let (mut from, mut to) = (0, 0);
    while from < bytes.len() {
        let end = bytes.len().min(from + STEP);
        let text = bytes.get(from..end).unwrap_or_default();
        let len = STANDARD
            .decode_slice(text, &mut step)
            .map_err(|error| not_base64(&error))?;
        let ended = end == bytes.len();
        // Padding ends the text; what follows it would be a body of its own.
        if len < DECODED && !ended {
            return Err(framing("its base64 goes on after its padding".to_owned()));
        }
        // It has never more bytes than the text that it was read from.
        if let (Some(into), Some(came)) = (bytes.get_mut(to..to + len), step.get(..len)) {
            into.copy_from_slice(came);
        }
        (from, to) = (end, to + len);
    }
    bytes.truncate(to);
    Ok(Read {
        bytes: bytes.into(),
        held: read.held,
    })
}

fn not_base64(error: &base64::DecodeSliceError) -> Unread {
    framing(format!("the body isn't base64: {error}"))
}

fn framing(text: String) -> Unread {
    Unread::Framing {
        code: Code::InvalidArgument,
        text,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::weight::Budget;

    fn read(text: &str) -> Read {
        Read {
            bytes: Bytes::copy_from_slice(text.as_bytes()),
            held: Budget::new(0).try_acquire(0).unwrap(),
        }
    }

    #[test]
    fn base64_of_any_length_is_decoded_in_place() {
        for len in [
            0,
            1,
            2,
            3,
            5,
            DECODED - 1,
            DECODED,
            DECODED + 1,
            3 * DECODED + 2,
        ] {
            let bytes: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            let text = STANDARD.encode(&bytes);
            assert_eq!(decoded(read(&text)).unwrap().bytes, bytes);
            assert!(text.len() <= longest(len.saturating_sub(5)));
        }
        let padded = format!("{}AAAA", STANDARD.encode(vec![0; DECODED - 1]));
        for wrong in ["AAA", "AA=A", "AA==AAAA", "*AAA", padded.as_str()] {
            assert!(decoded(read(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_message_is_refused_by_its_prefix() {
        let text = |body: &[u8]| STANDARD.encode(body);
        let good = text(&[0, 0, 0, 0, 3, 1, 2, 3]);
        for end in 0..=good.len() {
            assert_eq!(check(&good.as_bytes()[..end], 3), Ok(()));
        }
        assert_eq!(
            check(good.as_bytes(), 2),
            Err(Unread::TooLarge { limit: 2 })
        );
        assert_eq!(check(text(&[0; 5]).as_bytes(), 2), Ok(()));
        assert!(check(b"{\"events\": []}", 9).is_err());
    }

    #[test]
    fn the_form_of_an_answer_is_the_accepted_one() {
        let of = |kind: &'static str, accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            WebCall::of(&headers).map(|call| (call.request, call.answer))
        };
        let (binary, text) = (Form::Binary, Form::Text);
        assert_eq!(of("application/grpc-web", "*/*"), Some((binary, binary)));
        assert_eq!(
            of("application/grpc-web+proto; a=b", ""),
            Some((binary, binary))
        );
        let both = of("application/grpc-web-text", "application/grpc-web-text");
        assert_eq!(both, Some((text, text)));
        let mixed = of("application/grpc-web-text+proto", "application/grpc-web");
        assert_eq!(mixed, Some((text, binary)));
        for other in [
            "application/grpc",
            "application/grpc-web+json",
            "application/json",
        ] {
            assert_eq!(of(other, ""), None, "{other}");
        }
    }
}
