//! The edges of gRPC: compressed bombs, frames that are none, wrong types, slow bodies and answers that nobody reads.

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::attack::{Attack, Call, framed};
use super::super::wire::{self, LAUNCH};
use super::requests::events;
use super::{Door, End, Kind, One, kind};

pub(super) static KINDS: [Kind; 12] = [
    kind("gRPC: gzip of zeros without end", Door::Grpc, 8, bomb),
    kind(
        "gRPC: gzip of a kilobyte that is 4 MiB",
        Door::Grpc,
        40,
        small_bomb,
    ),
    kind("gRPC: gzip that is none", Door::Grpc, 10, no_gzip),
    kind(
        "gRPC: an encoding that nobody knows",
        Door::Grpc,
        10,
        no_encoding,
    ),
    kind(
        "gRPC: several messages in one call",
        Door::Grpc,
        10,
        several,
    ),
    kind(
        "gRPC: a frame that is cut off or empty",
        Door::Grpc,
        10,
        no_frame,
    ),
    kind("gRPC: a message over the limit", Door::Grpc, 2, too_large),
    kind("gRPC: another content type", Door::Grpc, 20, other_type),
    kind("gRPC: another method or path", Door::Grpc, 10, other_path),
    kind(
        "gRPC: large metadata and odd timeouts",
        Door::Grpc,
        10,
        metadata,
    )
    // HTTP/2 ends a connection whose metadata are far beyond what one call may have.
    .ends(End::Closed),
    kind("gRPC: a body that comes slowly", Door::Grpc, 10, slow),
    kind(
        "gRPC: large answers that nobody reads",
        Door::Grpc,
        8,
        unread,
    ),
];

/// Bytes as gzip.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail; what is left then is no gzip, which is as good here.
    encoder.write_all(bytes).ok();
    encoder.finish().unwrap_or_default()
}

/// 64 MiB of zeros as gzip. Made once: it takes a while.
pub(super) fn zeros() -> &'static [u8] {
    static ZEROS: OnceLock<Vec<u8>> = OnceLock::new();
    ZEROS.get_or_init(|| gzip(&vec![0; 64 << 20]))
}

fn compressed(bytes: &[u8]) -> Call {
    let mut call = Call::dispatch(framed(1, bytes));
    call.headers.push(("grpc-encoding", "gzip".to_owned()));
    call
}

fn bomb(_: &mut One) -> Attack {
    compressed(zeros()).into()
}

fn small_bomb(one: &mut One) -> Attack {
    static FILLED: OnceLock<Vec<u8>> = OnceLock::new();
    // A field that nobody knows fills the request up.
    let filled = FILLED.get_or_init(|| {
        let mut bytes = Vec::new();
        wire::push(&mut bytes, 1000, &vec![0; (4 << 20) - 100]);
        gzip(&bytes)
    });
    let request = wire::request(&wire::header("bomb"), &events(one, 1));
    // Two streams of gzip are one, too.
    compressed(&[gzip(&request), filled.clone()].concat()).into()
}

fn no_gzip(one: &mut One) -> Attack {
    let length = one.within(0, 500);
    let noise = one.noise(length);
    compressed(&noise).into()
}

fn no_encoding(one: &mut One) -> Attack {
    let request = wire::request(&wire::header("good"), &events(one, 1));
    let mut call = Call::dispatch(framed(one.any(&[1, 2, 255], 1), &request));
    if one.within(0, 3) > 0 {
        let encoding = one.any(&["snappy", "br", "identity, gzip", ""], "br");
        call.headers.push(("grpc-encoding", encoding.to_owned()));
    }
    call.into()
}

fn several(one: &mut One) -> Attack {
    let message = framed(0, &wire::request(&wire::header("good"), &events(one, 1)));
    let count = one.any(&[2, 3, 1000], 2);
    Call::dispatch(message.repeat(count)).into()
}

fn no_frame(one: &mut One) -> Attack {
    let message = framed(0, &wire::request(&wire::header("good"), &events(one, 3)));
    let kept = one.within(0, message.len() - 1);
    Call::dispatch(message.get(..kept).unwrap_or_default().to_vec()).into()
}

fn too_large(one: &mut One) -> Attack {
    let length = one.within(17 << 20, 24 << 20);
    Call::message(&vec![0; length]).into()
}

fn other_type(one: &mut One) -> Attack {
    const TYPES: [&str; 8] = [
        "application/json",
        "application/x-protobuf",
        "text/plain",
        "application/grpc-web",
        "application/grpc-web-text",
        "application/grpc+json",
        "multipart/form-data; boundary=x",
        "",
    ];
    let request = wire::request(&wire::header("good"), &events(one, 1));
    let json = br#"{"header":{},"events":[{"launchEvent":{}}]}"#.to_vec();
    let body = match one.within(0, 2) {
        0 => json,
        1 => request,
        _ => framed(0, &request),
    };
    let mut call = Call::dispatch(body);
    let of = one.any(&TYPES, "");
    call.headers.retain(|(name, _)| *name != "content-type");
    if !of.is_empty() {
        call.headers.push(("content-type", of.to_owned()));
    }
    call.into()
}

fn other_path(one: &mut One) -> Attack {
    const PATHS: [&str; 7] = [
        "/event.EventService/nothing",
        "/event.EventService/dispatch/",
        "/event.EventService/Dispatch",
        "/nobody.Service/dispatch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/metrics",
        "/",
    ];
    let request = wire::request(&wire::header("good"), &events(one, 1));
    let mut call = Call::message(&request);
    call.path = one.any(&PATHS, "/");
    call.method = one.any(&["POST", "POST", "GET", "PUT", "OPTIONS"], "POST");
    call.into()
}

fn metadata(one: &mut One) -> Attack {
    let request = wire::request(&wire::header("good"), &events(one, 1));
    let mut call = Call::message(&request);
    match one.within(0, 2) {
        0 => {
            let length = one.within(1000, 60_000);
            call.headers.push(("x-large", one.text(length)));
        }
        1 => {
            for _ in 0..one.within(100, 2000) {
                call.headers.push(("x-many", one.text(8)));
            }
        }
        _ => {
            let timeout = one.any(&["99999999H", "abc", "-5S", "123456789S"], "abc");
            call.headers.push(("grpc-timeout", timeout.to_owned()));
        }
    }
    call.into()
}

fn slow(one: &mut One) -> Attack {
    let request = wire::request(&wire::header("good"), &events(one, 100));
    let mut call = Call::message(&request);
    let parts = one.within(3, 12);
    call.slowly = Some((parts, Duration::from_millis(one.within(50, 500) as u64)));
    call.into()
}

fn unread(one: &mut One) -> Attack {
    let bad = vec![vec![0x32, 100]; one.within(10_000, 49_999)];
    let good = wire::event("", &one.now.to_string(), LAUNCH, b"");
    let events: Vec<_> = bad.into_iter().chain([good]).collect();
    let request = wire::request(&wire::header("unread"), &events);
    let mut call = compressed(&gzip(&request));
    call.unread = Some(Duration::from_millis(one.within(500, 3000) as u64));
    call.into()
}
