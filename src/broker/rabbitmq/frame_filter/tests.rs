//! Property tests: the client can read what the filter passes on, and rewritten messages say what they were.
#![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::io::{AsyncRead, AsyncReadExt as _};
use lapin::protocol::basic::parse_properties;
use proptest::prelude::*;

use super::FilteredStream;
use super::content::{is_readable, rewritten};
use super::reader::{push_long, push_short};
use crate::contract::headers::UNREADABLE;

/// The properties that the client reads in a payload, if it reads all of it.
fn parsed(payload: &[u8]) -> Option<lapin::BasicProperties> {
    match parse_properties(&payload[12..]) {
        Ok(([], properties)) => Some(properties),
        _ => None,
    }
}

fn header(properties: &lapin::BasicProperties, name: &str) -> Option<String> {
    let value = properties.headers().as_ref()?.inner().get(name)?;
    Some(value.as_long_string()?.to_string())
}

/// A payload with a content type, headers as they are given, and a message id.
fn payload(content_type: &[u8], table: &[u8], message_id: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3];
    out.extend_from_slice(&(1u16 << 15 | 1 << 13 | 1 << 7).to_be_bytes());
    short(&mut out, content_type);
    push_long(&mut out, table);
    short(&mut out, message_id);
    out
}

fn short(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(bytes.len().try_into().unwrap());
    out.extend_from_slice(bytes);
}

fn text(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    short(&mut out, name);
    out.push(b'S');
    push_long(&mut out, value);
    out
}

/// A list in a list in a list, so many deep.
fn nested(depth: usize) -> Vec<u8> {
    (0..depth).fold(vec![b'V'], |inner, _| {
        let mut out = vec![b'A'];
        push_long(&mut out, &inner);
        out
    })
}

fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    out.extend_from_slice(&channel.to_be_bytes());
    push_long(&mut out, payload);
    out.push(0xCE);
    out
}

fn deliver(routing_key: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 60, 0, 60];
    push_short(&mut out, "tag");
    out.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 7, 1]);
    push_short(&mut out, "in.tx");
    short(&mut out, routing_key);
    out
}

fn tune(frame_max: u32) -> Vec<u8> {
    let mut out = vec![0, 10, 0, 30, 7, 0xff];
    out.extend_from_slice(&frame_max.to_be_bytes());
    out.extend_from_slice(&[0, 60]);
    out
}

#[test]
fn what_is_not_utf8_is_written_with_its_bytes_and_said_to_be() {
    let table = [text(b"caf\xe9", b"1"), text(b"x-fine", b"\xe9")].concat();
    let sent = payload(b"application/json", &table, b"id-\xff");
    assert!(!is_readable(&sent));
    let written = rewritten(&sent, 4088, Vec::new());
    assert!(!is_readable(&written), "it holds our own header");
    let properties = parsed(&written).unwrap();
    assert_eq!(header(&properties, r"caf\xe9").unwrap(), "1");
    assert_eq!(
        properties.message_id().as_ref().unwrap().as_str(),
        r"id-\xff"
    );
    let reason = header(&properties, UNREADABLE).unwrap();
    assert_eq!(
        reason,
        r"its header name `caf\xe9` is not UTF-8; its message id `id-\xff` is not UTF-8"
    );
}

#[test]
fn lists_too_deep_for_the_client_are_left_out_without_a_word() {
    let mut table = text(b"x-kept", b"1");
    push_short(&mut table, "deep");
    table.extend(nested(15));
    assert!(is_readable(&payload(b"", &table, b"")));
    push_short(&mut table, "deeper");
    table.extend(nested(20_000));
    let sent = payload(b"", &table, b"");
    assert!(!is_readable(&sent));
    let properties = parsed(&rewritten(&sent, usize::MAX, Vec::new())).unwrap();
    let names: Vec<_> = properties
        .headers()
        .iter()
        .flatten()
        .map(|(k, _)| k.as_str())
        .collect();
    assert_eq!(names, ["deep", "x-kept"]);
}

#[test]
fn what_is_too_large_loses_the_brokers_headers_first_and_then_the_largest() {
    let large = text(b"x-large", &[b'a'; 100_000]);
    let small = text(b"x-small", b"1");
    let death = text(b"x-death", &[b'b'; 40_000]);
    let sent = payload(b"", &[large.clone(), death, small.clone()].concat(), b"");
    let properties = parsed(&rewritten(&sent, 131_064, Vec::new())).unwrap();
    assert_eq!(header(&properties, "x-large").unwrap().len(), 100_000);
    assert_eq!(header(&properties, UNREADABLE), None);
    let sent = payload(
        b"",
        &[small, large, text(b"x-more", &[b'c'; 50_000])].concat(),
        b"",
    );
    let properties = parsed(&rewritten(&sent, 131_064, Vec::new())).unwrap();
    assert_eq!(header(&properties, "x-large"), None);
    assert_eq!(header(&properties, "x-more").unwrap().len(), 50_000);
    let reason = header(&properties, UNREADABLE).unwrap();
    assert_eq!(reason, "its header `x-large` of 100005 bytes is cut");
}

#[test]
fn long_properties_and_what_is_said_of_them_fit_into_the_smallest_frame() {
    const SMALLEST: usize = 4096 - 8;
    let mut payload = vec![0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3];
    // All but the headers; three of them have a fixed size.
    payload.extend_from_slice(&0xdffc_u16.to_be_bytes());
    for at in 0..13 {
        match at {
            2 | 3 => payload.push(1),
            8 => payload.extend_from_slice(&[0; 8]),
            _ => short(&mut payload, &[0xe9; 255]),
        }
    }
    let written = rewritten(&payload, SMALLEST, Vec::new());
    assert!(written.len() <= SMALLEST, "{} bytes", written.len());
    let reason = header(&parsed(&written).unwrap(), UNREADABLE).unwrap();
    assert!(reason.starts_with("its content type `"), "{reason}");
}

#[test]
fn nobody_else_says_that_something_cant_be_read() {
    let table = [text(UNREADABLE.as_bytes(), b"so I say"), text(b"a", b"1")].concat();
    let sent = payload(b"", &table, b"");
    assert!(!is_readable(&sent));
    let properties = parsed(&rewritten(&sent, 4088, Vec::new())).unwrap();
    assert_eq!(header(&properties, UNREADABLE), None);
    assert_eq!(header(&properties, "a").unwrap(), "1");
}

/// A stream that hands out pieces of these sizes, and isn't ready in between.
struct Pieces {
    left: Vec<u8>,
    sizes: Vec<usize>,
    ready: bool,
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<std::io::Result<usize>> {
        self.ready = !self.ready;
        if !self.ready {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let size = self.sizes.pop().unwrap_or(1 << 20);
        let size = size.min(into.len()).min(self.left.len());
        into[..size].copy_from_slice(&self.left[..size]);
        self.left.drain(..size);
        Poll::Ready(Ok(size))
    }
}

async fn through(sent: Vec<u8>, sizes: Vec<usize>, at_once: usize) -> Vec<u8> {
    let mut frame_filter = FilteredStream::new(
        Pieces {
            left: sent,
            sizes,
            ready: false,
        },
        None,
    );
    let (mut out, mut piece) = (Vec::new(), vec![0; at_once]);
    loop {
        match frame_filter.read(&mut piece).await.unwrap() {
            0 => return out,
            size => out.extend_from_slice(&piece[..size]),
        }
    }
}

/// Frames, and what is to come of each.
fn traffic() -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    let fine = payload(b"application/json", &text(b"a", b"1"), b"id");
    let wide = payload(b"", &text(b"x-wide", &[b'w'; 200_000]), b"");
    let marked = vec![r"its routing key `caf\xe9` is not UTF-8".to_owned()];
    let limit = 131_072 - 8;
    vec![
        (frame(1, 0, &tune(131_072)), None),
        (frame(1, 1, &deliver(b"key")), None),
        (frame(2, 1, &fine), None),
        (frame(3, 1, &[7; 100_000]), None),
        (
            frame(1, 1, &deliver(b"caf\xe9")),
            Some(frame(1, 1, &deliver(br"caf\xe9"))),
        ),
        (frame(8, 0, b""), None),
        (frame(2, 2, &fine), None),
        (
            frame(2, 1, &fine),
            Some(frame(2, 1, &rewritten(&fine, limit, marked))),
        ),
        (frame(3, 1, b"abc"), None),
        (
            frame(2, 1, &wide),
            Some(frame(2, 1, &rewritten(&wide, limit, Vec::new()))),
        ),
        (frame(3, 1, b""), None),
        (frame(2, 1, &fine), None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn frames_come_out_in_order_however_they_are_cut(
        sizes in prop::collection::vec(1usize..40_000, 0..60),
        at_once in 1usize..70_000,
        few in any::<bool>(),
    ) {
        let traffic: Vec<_> = traffic().into_iter().cycle().take(if few { 12 } else { 24 }).collect();
        let sent: Vec<u8> = traffic.iter().flat_map(|(frame, _)| frame.clone()).collect();
        let expected: Vec<u8> = traffic
            .iter()
            .flat_map(|(frame, instead)| instead.as_ref().unwrap_or(frame).clone())
            .collect();
        let at_once = at_once.max(sent.len() / 2000);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let got = runtime.block_on(through(sent, sizes, at_once));
        prop_assert!(got == expected, "{} bytes, expected {}", got.len(), expected.len());
    }

    #[test]
    fn what_is_let_through_or_written_anew_the_client_reads(
        names in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..6), 0..5),
        depth in 0usize..20,
        broken in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let mut table: Vec<u8> = names.iter().flat_map(|name| text(name, name)).collect();
        push_short(&mut table, "deep");
        table.extend(nested(depth));
        let mut sent = payload(b"text/plain", &table, b"id");
        for (at, byte) in broken {
            let at = at.index(sent.len() - 12);
            sent[12 + at] = byte;
        }
        if !whole {
            sent.truncate(12 + end.index(sent.len() - 12));
        }
        if is_readable(&sent) {
            prop_assert!(parsed(&sent).is_some());
        }
        let written = rewritten(&sent, 4088, Vec::new());
        prop_assert!(written.len() <= 4088);
        prop_assert!(parsed(&written).is_some());
    }
}
