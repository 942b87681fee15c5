//! Messages to the exchanges of queues, as a careless service would publish them.

use super::super::attack::{Attack, Properties, Publish};
use super::super::wire;
use super::good::trace;
use super::json::{list_of_own_keys, tiny_members};
use super::requests::{events, of_variants};
use super::{Door, Kind, One, kind};
use event_grpc::contract::headers::{EVENT_BATCH, PROTOBUF};

pub(super) static KINDS: [Kind; 12] = [
    kind("AMQP: a bad body of 20 MB", Door::Amqp, 1, huge),
    kind("AMQP: a good body of megabytes", Door::Amqp, 2, large),
    kind("AMQP: bad bodies", Door::Amqp, 40, bad),
    kind("AMQP: a message of any day", Door::Amqp, 120, one_day),
    kind("AMQP: a message of thousands of days", Door::Amqp, 3, days),
    kind(
        "AMQP: a list of objects with keys of their own",
        Door::Amqp,
        3,
        own_keys,
    ),
    kind(
        "AMQP: hundreds of thousands of tiny members",
        Door::Amqp,
        1,
        tiny,
    ),
    kind(
        "AMQP: app events under a header of 131 KB",
        Door::Amqp,
        4,
        huge_header,
    ),
    kind(
        "AMQP: unknown types under a large header",
        Door::Amqp,
        6,
        unknown,
    ),
    kind("AMQP: app events that are noise", Door::Amqp, 20, noise),
    kind("AMQP: JSON in JSON in JSON", Door::Amqp, 6, deep),
    kind(
        "AMQP: protobuf that says it is JSON",
        Door::Amqp,
        10,
        false_name,
    ),
];

fn to_accounts(one: &One, body: impl Into<bytes::Bytes>) -> Attack {
    Publish {
        exchange: "identity.dx",
        key: b"trace".to_vec(),
        properties: Properties::json(&one.name),
        body: body.into(),
    }
    .into()
}

fn huge(one: &mut One) -> Attack {
    let length = one.within(17 << 20, 20 << 20);
    let mut body = trace(&one.name, &"x".repeat(length));
    body.pop();
    to_accounts(one, body)
}

fn large(one: &mut One) -> Attack {
    let length = one.within(1 << 20, 6 << 20);
    let text = one.text(length);
    to_accounts(one, trace(&one.name, &text))
}

fn bad(one: &mut One) -> Attack {
    let name = &one.name;
    let cases = [
        format!(r#"{{"uri":"{name}""#),
        format!(r#"[1,"{name}"]"#),
        format!(r#""{name}""#),
        format!(r#"{{"uri":"{name}","timeTaken":"long"}}"#),
        format!(r#"{{"uri":"{name}","responseStatus":99999999999}}"#),
        format!("\u{feff}{{\"uri\":\"{name}\"}} x"),
        String::new(),
    ];
    let at = one.within(0, cases.len() - 1);
    let body = cases.get(at).cloned().unwrap_or_default();
    to_accounts(one, body)
}

/// A day from 1971 to 2102, which a column of seconds can hold.
fn day(one: &mut One) -> String {
    let (year, month, day) = (one.within(1971, 2102), one.within(1, 12), one.within(1, 28));
    format!("{year:04}-{month:02}-{day:02} 10:00:00")
}

fn scraped(name: &str, number: usize, day: &str) -> String {
    format!(
        r#"{{"event_id":"{name}","scl_id":{number},"flow":"f","platform":"p","params":{{}},"status":"s","event_timestamp":"{day}"}}"#
    )
}

fn to_scraper(one: &One, body: String) -> Attack {
    Publish {
        exchange: "beat.dx",
        key: b"scrape_request_log_events".to_vec(),
        properties: Properties::json(&one.name),
        body: body.into(),
    }
    .into()
}

fn one_day(one: &mut One) -> Attack {
    let day = day(one);
    let body = scraped(&one.name, 1, &day);
    to_scraper(one, body)
}

fn days(one: &mut One) -> Attack {
    let count = one.within(200, 2000);
    let rows: Vec<_> = (0..count)
        .map(|number| {
            let day = day(one);
            scraped(&one.name, number, &day)
        })
        .collect();
    to_scraper(one, format!("[{}]", rows.join(",")))
}

/// To the queue of a webhook that takes any object.
fn to_graphy(one: &One, rest: &str) -> Attack {
    Publish {
        exchange: "graphy_event.tx",
        key: b"siege".to_vec(),
        properties: Properties::json(&one.name),
        body: format!(r#"{{"siege":"{}",{rest}}}"#, one.name).into(),
    }
    .into()
}

fn own_keys(one: &mut One) -> Attack {
    let count = one.within(500, 10_000);
    to_graphy(one, &list_of_own_keys(count))
}

fn tiny(one: &mut One) -> Attack {
    let count = one.within(50_000, 400_000);
    to_graphy(one, &tiny_members(count))
}

fn deep(one: &mut One) -> Attack {
    let depth = one.any(&[60, 100, 126, 130, 10_000], 100);
    to_graphy(
        one,
        &format!(r#""deep":{}1{}"#, "[".repeat(depth), "]".repeat(depth)),
    )
}

/// To the queue of app events.
fn to_events(one: &One, body: Vec<u8>) -> Attack {
    Publish {
        exchange: "grpc_event.tx",
        key: b"LaunchEvent".to_vec(),
        properties: Properties {
            content_type: Some(PROTOBUF.as_bytes().to_vec()),
            message_id: Some(one.name.as_bytes().to_vec()),
            kind: Some(EVENT_BATCH.as_bytes().to_vec()),
            ..Properties::default()
        },
        body: body.into(),
    }
    .into()
}

fn huge_header(one: &mut One) -> Attack {
    let header = wire::header(&one.text(131_072));
    let count = one.within(100, 5000);
    let request = wire::request(&header, &events(one, count));
    to_events(one, wire::batch(&[request]))
}

fn unknown(one: &mut One) -> Attack {
    let header = wire::header(&one.text(60_000));
    let count = one.within(100, 1000);
    let request = wire::request(&header, &of_variants(one, count, 3));
    to_events(one, wire::batch(&[request]))
}

fn noise(one: &mut One) -> Attack {
    let length = one.within(1, 4000);
    let noise = one.noise(length);
    to_events(one, noise)
}

fn false_name(one: &mut One) -> Attack {
    let request = wire::request(&wire::header("false"), &events(one, 3));
    let name = one.name.clone();
    Publish {
        exchange: "grpc_event.tx",
        key: b"LaunchEvent".to_vec(),
        properties: Properties::json(&name),
        body: wire::batch(&[request]).into(),
    }
    .into()
}
