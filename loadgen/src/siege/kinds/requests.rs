//! Requests of app events that would become far more than they are, or of which most is bad.

use super::super::attack::{Attack, Call};
use super::super::wire::{self, CURRENT_URL, EVENTS, HEADER, LAUNCH, message, push};
use super::{Door, Kind, One, kind};

/// A variant that no build has.
const UNKNOWN: usize = 4000;

pub(super) static KINDS: [Kind; 14] = [
    kind(
        "a header of 131 KB over thousands of events",
        Door::Grpc,
        8,
        huge_header,
    )
    .named(),
    kind(
        "a header of 60 KB over hundreds of events",
        Door::Grpc,
        4,
        large_header,
    )
    .named(),
    kind(
        "a header of thousands of occurrences",
        Door::Grpc,
        8,
        split_header,
    )
    .named(),
    kind("unknown types under a large header", Door::Grpc, 8, unknown).named(),
    kind(
        "unknown types of thousands of numbers",
        Door::Grpc,
        6,
        unknown_numbers,
    )
    .named(),
    kind(
        "thousands of refused events under a large header",
        Door::Grpc,
        8,
        refused,
    ),
    kind(
        "one good event among thousands of refused ones",
        Door::Grpc,
        8,
        one_good,
    )
    .named(),
    kind("fifty thousand events", Door::Grpc, 2, many).named(),
    kind(
        "more events than a request may have",
        Door::Grpc,
        2,
        too_many,
    ),
    kind("events of hundreds of months", Door::Grpc, 4, months).named(),
    kind("times that are none", Door::Grpc, 10, bad_times),
    kind("a text of megabytes", Door::Grpc, 2, long_text),
    kind("a request with flipped bits", Door::Grpc, 60, flipped),
    kind("noise as a request", Door::Grpc, 20, noise),
];

fn huge_header(one: &mut One) -> Attack {
    let header = wire::header(&one.text(131_072));
    let count = one.within(1000, 40_000);
    call(&header, &events(one, count))
}

fn large_header(one: &mut One) -> Attack {
    let header = wire::header(&one.text(60_000));
    let count = one.within(100, 600);
    call(&header, &events(one, count))
}

fn split_header(one: &mut One) -> Attack {
    let mut request = Vec::new();
    // The last text of each field counts; all of them have to be read.
    for _ in 0..one.within(1000, 8000) {
        let number = u32::try_from(one.any(&[5, 8, 9, 10, 17], 5)).unwrap_or(5);
        let text = one.text(12);
        push(&mut request, HEADER, &message(&[(number, text.as_bytes())]));
    }
    let count = one.within(1, 2000);
    for event in events(one, count) {
        push(&mut request, EVENTS, &event);
    }
    Call::message(&request).into()
}

fn unknown(one: &mut One) -> Attack {
    let header = wire::header(&one.text(60_000));
    let count = one.within(500, 4000);
    let events = of_variants(one, count, 3);
    call(&header, &events)
}

fn unknown_numbers(one: &mut One) -> Attack {
    let header = wire::header(&one.text(200));
    let count = one.within(1000, 5000);
    let events = of_variants(one, count, count);
    call(&header, &events)
}

fn refused(one: &mut One) -> Attack {
    let length = one.within(1000, 60_000);
    let header = wire::header(&one.text(length));
    let bad = vec![cut_off(); one.within(500, 3000)];
    call(&header, &bad)
}

fn one_good(one: &mut One) -> Attack {
    let mut events = vec![cut_off(); one.within(1000, 20_000)];
    let at = one.within(0, events.len());
    let good = wire::event(&one.name, &one.now.to_string(), LAUNCH, b"");
    events.insert(at, good);
    call(&wire::header("many"), &events)
}

fn many(one: &mut One) -> Attack {
    let events = events(one, 50_000);
    call(&wire::header("many"), &events)
}

fn too_many(one: &mut One) -> Attack {
    let count = one.within(60_000, 300_000);
    let events = vec![message(&[(LAUNCH, b"")]); count];
    call(&wire::header("many"), &events)
}

fn months(one: &mut One) -> Attack {
    const MONTH: u64 = 2_629_746_000;
    let count = one.within(100, 600) as u64;
    let events: Vec<_> = (0..count)
        .map(|number| {
            let id = if number == 0 { one.name.as_str() } else { "" };
            wire::event(id, &(one.now - number * MONTH).to_string(), LAUNCH, b"")
        })
        .collect();
    call(&wire::header("long ago"), &events)
}

fn bad_times(one: &mut One) -> Attack {
    const TIMES: [&str; 8] = [
        "99999999999999",
        "-1",
        "yesterday",
        "1e15",
        "9223372036854775808",
        "0x12",
        " 1780000000000",
        "\u{661}\u{667}",
    ];
    let events: Vec<_> = (0..one.within(1, 2000))
        .map(|_| wire::event("", one.any(&TIMES, ""), LAUNCH, b""))
        .collect();
    call(&wire::header("when"), &events)
}

fn long_text(one: &mut One) -> Attack {
    let length = one.within(1 << 20, 3 << 20);
    let text = one.text(length);
    let mut event = wire::event("", &one.now.to_string(), LAUNCH, b"");
    push(&mut event, CURRENT_URL, text.as_bytes());
    call(&wire::header("long"), &[event])
}

fn flipped(one: &mut One) -> Attack {
    let header = wire::header(&one.text(40));
    let events: Vec<_> = (0..20)
        .map(|_| wire::event(&one.text(20), &one.now.to_string(), LAUNCH, b""))
        .collect();
    let mut request = wire::request(&header, &events);
    for _ in 0..one.within(1, 12) {
        let at = one.within(0, request.len() - 1);
        let bit = one.within(0, 7);
        if let Some(byte) = request.get_mut(at) {
            *byte ^= 1 << bit;
        }
    }
    Call::message(&request).into()
}

fn noise(one: &mut One) -> Attack {
    let length = one.within(1, 4000);
    Call::message(&one.noise(length)).into()
}

fn call(header: &[u8], events: &[Vec<u8>]) -> Attack {
    Call::message(&wire::request(header, events)).into()
}

/// So many good events; the first can be found by its name, the others get ids at intake.
pub(super) fn events(one: &One, count: usize) -> Vec<Vec<u8>> {
    let now = one.now.to_string();
    let mut events = vec![wire::event("", &now, LAUNCH, b""); count];
    if let Some(first) = events.first_mut() {
        *first = wire::event(&one.name, &now, LAUNCH, b"");
    }
    // Their content makes their ids, so each has something of its own.
    for (number, event) in events.iter_mut().enumerate().skip(1) {
        push(event, CURRENT_URL, &number.to_be_bytes().map(|b| b & 0x7f));
    }
    events
}

/// So many events of unknown types, of so many numbers.
pub(super) fn of_variants(one: &One, count: usize, numbers: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|at| {
            let variant = u32::try_from(UNKNOWN + at % numbers.max(1)).unwrap_or(u32::MAX);
            wire::event(&one.name, &one.now.to_string(), variant, b"news")
        })
        .collect()
}

/// An event that says that it is longer than it is.
fn cut_off() -> Vec<u8> {
    vec![0x32, 100]
}
