//! Connections that say nothing, half of something, or something else than HTTP.

use std::time::Duration;

use super::super::attack::{Attack, Port, Talk};
use super::{Door, End, Kind, One, kind};

/// Preface of HTTP/2, and an empty SETTINGS frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

pub(super) static KINDS: [Kind; 8] = [
    kind("connections that say nothing", Door::Tcp, 10, silent).ends(End::Left),
    kind("half a request", Door::Tcp, 10, half).ends(End::Left),
    kind("HTTP/2 and then nothing", Door::Tcp, 10, preface).ends(End::Left),
    kind("HTTP/2 frames that are none", Door::Tcp, 20, frames).ends(End::Left),
    kind("streams that are opened and reset", Door::Tcp, 10, resets).ends(End::Left),
    kind("noise on a port", Door::Tcp, 30, noise).ends(End::Left),
    kind("TLS on a port without it", Door::Tcp, 10, tls).ends(End::Left),
    kind("an answer that nobody reads", Door::Tcp, 10, unread).ends(End::Left),
];

fn port(one: &mut One) -> Port {
    one.any(&[Port::Grpc, Port::Http], Port::Http)
}

/// Says it, and leaves after a while.
fn then_nothing(one: &mut One, bytes: impl Into<bytes::Bytes>, times: usize) -> Attack {
    let port = port(one);
    let mut talk = Talk::say(port, bytes);
    talk.hold = Some(Duration::from_millis(one.within(200, 4000) as u64));
    talk.times = times;
    talk.into()
}

fn silent(one: &mut One) -> Attack {
    let times = one.within(1, 100);
    then_nothing(one, Vec::new(), times)
}

fn half(one: &mut One) -> Attack {
    let request =
        b"POST /event/dispatch HTTP/1.1\r\nHost: siege\r\nContent-Length: 10\r\n\r\n{\"a\":";
    let kept = one.within(1, request.len());
    let bytes = request.get(..kept).unwrap_or_default().to_vec();
    let times = one.within(1, 20);
    then_nothing(one, bytes, times)
}

fn preface(one: &mut One) -> Attack {
    let times = one.within(1, 20);
    then_nothing(one, PREFACE, times)
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

fn frames(one: &mut One) -> Attack {
    let mut bytes = PREFACE.to_vec();
    for _ in 0..one.within(1, 200) {
        let length = one.within(0, 300);
        let payload = one.noise(length);
        let kind = u8::try_from(one.within(0, 12)).unwrap_or(0);
        let flags = u8::try_from(one.within(0, 255)).unwrap_or(0);
        let stream = u32::try_from(one.within(0, 9)).unwrap_or(0);
        bytes.extend(frame(kind, flags, stream, &payload));
    }
    then_nothing(one, bytes, 1)
}

fn resets(one: &mut One) -> Attack {
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    const END_OF_HEADERS: u8 = 4;
    // From HPACK's static table: POST, http, and the path /.
    const REQUEST: &[u8] = &[0x83, 0x86, 0x84];
    let mut bytes = PREFACE.to_vec();
    let streams = u32::try_from(one.within(10, 2000)).unwrap_or(10);
    for stream in 0..streams {
        let stream = 2 * stream + 1;
        bytes.extend(frame(HEADERS, END_OF_HEADERS, stream, REQUEST));
        bytes.extend(frame(RESET, 0, stream, &8u32.to_be_bytes()));
    }
    then_nothing(one, bytes, 1)
}

fn noise(one: &mut One) -> Attack {
    let length = one.within(1, 20_000);
    let bytes = one.noise(length);
    then_nothing(one, bytes, 1)
}

fn tls(one: &mut One) -> Attack {
    // A handshake record with the beginning of a ClientHello.
    let mut bytes = vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    bytes.extend(one.noise(500));
    then_nothing(one, bytes, 1)
}

fn unread(one: &mut One) -> Attack {
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let bytes = request.repeat(one.within(10, 300));
    let mut talk = Talk::say(Port::Ops, bytes);
    // Nothing is read in this time.
    let silence = Duration::from_millis(one.within(500, 3000) as u64);
    if let Some(last) = talk.parts.last_mut() {
        last.1 = silence;
    }
    talk.hold = Some(Duration::ZERO);
    talk.into()
}
