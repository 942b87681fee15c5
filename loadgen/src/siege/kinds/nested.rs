//! Requests of app events that are deep, wide or written in odd ways.

use super::super::attack::{Attack, Call};
use super::super::wire::{self, EVENTS, HEADER, LAUNCH, RECO_INFO, WIDGET_VIEW, message, push};
use super::{Door, Kind, One, kind};
use prost::encoding::encode_varint;

pub(super) static KINDS: [Kind; 7] = [
    kind("messages in messages in messages", Door::Grpc, 8, nested),
    kind("groups in groups in groups", Door::Grpc, 8, groups),
    kind("a map of tens of thousands of entries", Door::Grpc, 3, map).named(),
    kind(
        "thousands of events with keys of their own",
        Door::Grpc,
        3,
        own_keys,
    )
    .named(),
    kind("fields that nobody knows", Door::Grpc, 6, unknown_fields),
    kind("numbers that are too long", Door::Grpc, 6, long_numbers),
    kind("text that is not UTF-8", Door::Grpc, 10, not_utf8),
];

fn nested(one: &mut One) -> Attack {
    let mut inner = b"x".to_vec();
    let depth = one.within(100, 5000);
    let number = u32::try_from(one.within(1, 70)).unwrap_or(1);
    for _ in 0..depth {
        inner = message(&[(number, &inner)]);
    }
    let payload = wire::event(&one.name, &one.now.to_string(), LAUNCH, &inner);
    Call::message(&wire::request(&wire::header("deep"), &[payload])).into()
}

fn groups(one: &mut One) -> Attack {
    // A field of this wire type begins a group, and one of the next ends it.
    const GROUP: u8 = 3;
    let depth = one.within(100, 200_000);
    let mut event = wire::event(&one.name, &one.now.to_string(), LAUNCH, b"");
    event.extend(std::iter::repeat_n(1 << 3 | GROUP, depth));
    if one.within(0, 1) == 1 {
        event.extend(std::iter::repeat_n(1 << 3 | (GROUP + 1), depth));
    }
    Call::message(&wire::request(&wire::header("groups"), &[event])).into()
}

fn entry(key: &str, value: &str) -> Vec<u8> {
    message(&[(1, key.as_bytes()), (2, value.as_bytes())])
}

fn map(one: &mut One) -> Attack {
    let mut payload = Vec::new();
    for number in 0..one.within(5000, 40_000) {
        push(&mut payload, RECO_INFO, &entry(&format!("k{number}"), "v"));
    }
    let event = wire::event(&one.name, &one.now.to_string(), WIDGET_VIEW, &payload);
    Call::message(&wire::request(&wire::header("map"), &[event])).into()
}

fn own_keys(one: &mut One) -> Attack {
    let events: Vec<_> = (0..one.within(1000, 10_000))
        .map(|number| {
            let payload = message(&[(RECO_INFO, &entry(&format!("sku_{number}"), "1"))]);
            let id = if number == 0 { one.name.as_str() } else { "" };
            wire::event(id, &one.now.to_string(), WIDGET_VIEW, &payload)
        })
        .collect();
    Call::message(&wire::request(&wire::header("keys"), &events)).into()
}

fn unknown_fields(one: &mut One) -> Attack {
    let mut event = wire::event(&one.name, &one.now.to_string(), LAUNCH, b"");
    for _ in 0..one.within(1000, 50_000) {
        let number = u32::try_from(one.within(100_000, 200_000)).unwrap_or(100_000);
        push(&mut event, number, b"?");
    }
    Call::message(&wire::request(&wire::header("fields"), &[event])).into()
}

fn long_numbers(one: &mut One) -> Attack {
    let mut request = Vec::new();
    encode_varint(u64::from(EVENTS) << 3 | 2, &mut request);
    request.extend_from_slice(&vec![0xff; one.within(5, 5000)]);
    request.push(1);
    // A length that is far more than there is.
    encode_varint(u64::from(HEADER) << 3 | 2, &mut request);
    encode_varint(u64::MAX, &mut request);
    Call::message(&request).into()
}

fn not_utf8(one: &mut One) -> Attack {
    let mut event = wire::event(&one.name, &one.now.to_string(), LAUNCH, b"");
    push(&mut event, wire::CURRENT_URL, b"caf\xe9\xff\xfe\xc0\x80");
    let header = message(&[(wire::SESSION_ID, b"caf\xe9".as_slice())]);
    let header = one.any(&[true, false], true).then_some(header);
    let header = header.unwrap_or_else(|| wire::header("good"));
    Call::message(&wire::request(&header, &[event])).into()
}
