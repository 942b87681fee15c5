//! AMQP messages whose properties, names and headers no client library would send.

use super::super::attack::{Attack, Properties, Publish};
use super::good::trace;
use super::{Door, Kind, One, kind};

/// Bytes that are not UTF-8.
const CAFE: &[u8] = b"caf\xe9";

pub(super) static KINDS: [Kind; 8] = [
    kind(
        "AMQP: a property that is not UTF-8",
        Door::Amqp,
        30,
        not_utf8,
    ),
    kind(
        "AMQP: a routing key that is not UTF-8",
        Door::Amqp,
        10,
        key_not_utf8,
    ),
    kind(
        "AMQP: a header whose name is not UTF-8",
        Door::Amqp,
        10,
        name_not_utf8,
    ),
    kind("AMQP: a header of 131 KB", Door::Amqp, 4, large_header),
    kind(
        "AMQP: thousands of tiny headers over a bad body",
        Door::Amqp,
        4,
        tiny_headers,
    ),
    kind(
        "AMQP: headers in headers in headers",
        Door::Amqp,
        10,
        nested,
    ),
    kind("AMQP: headers of every type", Door::Amqp, 10, types),
    kind("AMQP: no properties at all", Door::Amqp, 10, none),
];

/// A good message to the service that knows accounts, but for its properties.
fn good(one: &One, properties: Properties) -> Publish {
    Publish {
        exchange: "identity.dx",
        key: b"trace".to_vec(),
        properties,
        body: trace(&one.name, "").into(),
    }
}

fn not_utf8(one: &mut One) -> Attack {
    let mut properties = Properties::json(&one.name);
    let bad = Some([CAFE, one.text(4).as_bytes()].concat());
    match one.within(0, 5) {
        0 => properties.message_id = bad,
        1 => properties.content_type = bad,
        2 => properties.app_id = bad,
        3 => properties.kind = bad,
        4 => properties.correlation_id = bad,
        _ => properties.reply_to = bad,
    }
    good(one, properties).into()
}

fn key_not_utf8(one: &mut One) -> Attack {
    Publish {
        key: CAFE.to_vec(),
        ..good(one, Properties::json(&one.name))
    }
    .into()
}

/// An entry of a table: its name, its type and its value as it is encoded.
fn entry(table: &mut Vec<u8>, name: &[u8], kind: u8, value: &[u8]) {
    table.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    table.extend_from_slice(name);
    table.push(kind);
    table.extend_from_slice(value);
}

/// A value with its length before it.
fn long(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), bytes].concat()
}

fn with_headers(one: &One, table: Vec<u8>) -> Publish {
    let mut properties = Properties::json(&one.name);
    properties.headers = Some(table);
    good(one, properties)
}

fn name_not_utf8(one: &mut One) -> Attack {
    let mut table = Vec::new();
    entry(&mut table, b"x-\xdf", b'S', &long(b"v"));
    entry(&mut table, b"", b'S', &long(CAFE));
    with_headers(one, table).into()
}

fn large_header(one: &mut One) -> Attack {
    let mut table = Vec::new();
    let length = one.within(60_000, 130_700);
    entry(&mut table, b"x-big", b'S', &long(&vec![b'h'; length]));
    with_headers(one, table).into()
}

fn tiny_headers(one: &mut One) -> Attack {
    let mut table = Vec::new();
    for number in 0..13_000_u32 {
        entry(
            &mut table,
            format!("{number:04x}").as_bytes(),
            b'S',
            &long(b""),
        );
    }
    let body = format!(r#"{{"bad":"{}","#, one.name);
    Publish {
        body: body.into(),
        ..with_headers(one, table)
    }
    .into()
}

fn nested(one: &mut One) -> Attack {
    let mut table = Vec::new();
    entry(&mut table, b"a", b'I', &7u32.to_be_bytes());
    for _ in 0..one.within(10, 2000) {
        let mut outer = Vec::new();
        entry(&mut outer, b"t", b'F', &long(&table));
        table = outer;
    }
    with_headers(one, table).into()
}

fn types(one: &mut One) -> Attack {
    let mut table = Vec::new();
    entry(&mut table, b"bool", b't', &[1]);
    entry(&mut table, b"byte", b'b', &[255]);
    entry(&mut table, b"short", b's', &[255, 255]);
    entry(&mut table, b"int", b'I', &[255; 4]);
    entry(&mut table, b"long", b'l', &[255; 8]);
    entry(&mut table, b"float", b'f', &[0x7f, 0x7f, 0xff, 0xff]);
    entry(&mut table, b"double", b'd', &[0xff, 0xef, 0, 0, 0, 0, 0, 1]);
    entry(&mut table, b"decimal", b'D', &[200, 0, 0, 0, 1]);
    entry(&mut table, b"time", b'T', &[0x7f; 8]);
    entry(&mut table, b"bytes", b'x', &long(CAFE));
    entry(&mut table, b"nothing", b'V', &[]);
    entry(&mut table, b"list", b'A', &long(&[b'V', b't', 1]));
    entry(&mut table, b"x-retry-count", b'S', &long(b"many"));
    entry(&mut table, b"x-death", b'I', &[0; 4]);
    with_headers(one, table).into()
}

fn none(one: &mut One) -> Attack {
    good(one, Properties::default()).into()
}
