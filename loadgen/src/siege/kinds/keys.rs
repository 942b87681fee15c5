//! Write keys: none, wrong ones, stolen ones, floods of them, and more than one of them may send.

use super::super::attack::{Attack, Call, Port, Proof, Talk, head};
use super::super::wire;
use super::requests::events;
use super::{Counted, Door, End, Kind, One, Series, Setting, kind};

const DENIED: &str = "event_grpc_access_denied_total";
const PATH: &str = "/event/dispatch";
/// Too many failed attempts of an address are told to come later.
const FAILURES: Series = Series::new(DENIED, r#"reason="failures""#);

/// Number of events that are more than a limited key may send in minutes.
const MANY: usize = 200;

/// Answers without proof, over HTTP and over gRPC.
const UNPROVED: End = End::Refused(&["401", "429", "Unauthenticated", "ResourceExhausted"]);

const fn refused(name: &'static str, door: Door, make: fn(&mut One) -> Attack) -> Kind {
    kind(name, door, 12, make)
        .at(Setting::Proved)
        .ends(UNPROVED)
}

const fn forbidden(name: &'static str, make: fn(&mut One) -> Attack) -> Kind {
    kind(name, Door::Http, 8, make)
        .at(Setting::Proved)
        .ends(End::Refused(&["403"]))
}

pub(super) static KINDS: [Kind; 13] = [
    refused("no key", Door::Http, none).counted(&[Series::new(DENIED, r#"reason="missing""#)]),
    refused("what is no key", Door::Http, malformed).counted(&BAD),
    refused("a key that nobody made", Door::Http, unknown).counted(&BAD),
    refused("gRPC: a key that nobody made", Door::Grpc, unknown_call).counted(&BAD),
    refused("a flood of keys", Door::Http, flood).counted(&BAD),
    refused(
        "a stolen key that is revoked or expired",
        Door::Http,
        former,
    )
    .counted(&BAD),
    forbidden("a key for another source", elsewhere)
        .counted(&[Series::new(DENIED, r#"reason="source""#)]),
    forbidden("a stolen key in another page", another_page)
        .counted(&[Series::new(DENIED, r#"reason="origin""#)]),
    forbidden("a secret key in a URL", in_url)
        .counted(&[Series::new(DENIED, r#"reason="in_url""#)]),
    kind(
        "a key for events of other types",
        Door::Http,
        12,
        other_type,
    )
    .at(Setting::Proved)
    .named()
    .counted(&[Series::new(
        "event_grpc_client_events_not_allowed_total",
        r#"client="typed""#,
    )]),
    limited("more than a key may send", Door::Http, over_rate).ends(End::Refused(&["429"])),
    limited("gRPC: more than a key may send", Door::Grpc, over_rate_call).ends(End::Limited),
    kind("good app events with a page's key", Door::Http, 12, page)
        .at(Setting::Proved)
        .named()
        .ends(End::Stored),
];

/// Reasons of bad keys. Some of each kind are over the limit of failed attempts.
static BAD: [Series; 5] = [
    Series::new(DENIED, r#"reason="malformed""#),
    Series::new(DENIED, r#"reason="unknown""#),
    Series::new(DENIED, r#"reason="revoked""#),
    Series::new(DENIED, r#"reason="expired""#),
    FAILURES,
];

static OVER: [Series; 1] = [Series::new(DENIED, r#"reason="events""#)];

const fn limited(name: &'static str, door: Door, make: fn(&mut One) -> Attack) -> Kind {
    let kind = kind(name, door, 12, make).at(Setting::Proved);
    Kind {
        counted: Counted::Once(&OVER),
        ..kind
    }
}

/// Request with one event of this name.
fn body(name: &str, now: u64) -> String {
    format!(
        r#"{{"header":{{"userId":"7"}},"events":[{{"id":"{name}","timestamp":"{now}","launchEvent":{{}}}}]}}"#
    )
}

fn post(one: &One, path: &str, headers: &[(&str, &str)]) -> Talk {
    posted(path, headers, &body(&one.name, one.now))
}

fn posted(path: &str, headers: &[(&str, &str)], body: &str) -> Talk {
    let mut all = vec![("Content-Type", "application/json")];
    all.extend(headers);
    let mut bytes = head("POST", path, &all, Some(body.len()));
    bytes.push_str(body);
    Talk::say(Port::Http, bytes).own()
}

fn with_key(one: &One, key: &str, more: &[(&str, &str)]) -> Talk {
    let bearer = format!("Bearer {key}");
    let mut headers = vec![("Authorization", bearer.as_str())];
    headers.extend(more);
    post(one, PATH, &headers)
}

fn none(one: &mut One) -> Attack {
    post(one, PATH, &[]).into()
}

fn malformed(one: &mut One) -> Attack {
    // One letter of a good key is another one; it may be none at all.
    let mistyped = one.key("siege").replacen(['a', 'b', 'c', 'd', 'e'], "-", 2);
    let length = one.within(1, 2000);
    let text = one.text(length);
    let key = match one.within(0, 2) {
        0 => text,
        1 => format!("{mistyped}!"),
        _ => format!("eg_{text}_{text}"),
    };
    match one.within(0, 1) {
        0 => with_key(one, &key, &[]).into(),
        _ => post(one, PATH, &[("X-Api-Key", &key)]).into(),
    }
}

fn unknown(one: &mut One) -> Attack {
    let key = one.unknown_key();
    match one.within(0, 1) {
        0 => with_key(one, &key, &[]).into(),
        _ => post(one, PATH, &[("X-Api-Key", &key)]).into(),
    }
}

fn unknown_call(one: &mut One) -> Attack {
    let key = one.unknown_key();
    call(&wire::header("unknown"), &events(one, 3), &key).into()
}

fn flood(one: &mut One) -> Attack {
    let mut talks = Vec::new();
    for _ in 0..one.within(10, 60) {
        let key = one.unknown_key();
        talks.push(with_key(one, &key, &[]));
    }
    Attack::Flood(talks)
}

fn former(one: &mut One) -> Attack {
    let name = one.any(&["revoked", "expired", "ended"], "revoked");
    with_key(one, &one.key(name), &[]).into()
}

fn elsewhere(one: &mut One) -> Attack {
    with_key(one, &one.key("elsewhere"), &[]).into()
}

fn another_page(one: &mut One) -> Attack {
    let origin = one.any(
        &[
            "https://evil.example",
            "null",
            "https://shop.example.evil.example",
            "http://shop.example",
        ],
        "null",
    );
    // A secret key doesn't belong into any page.
    let client = one.any(&["page", "siege"], "page");
    let key = one.key(client);
    with_key(one, &key, &[("Origin", origin)]).into()
}

fn in_url(one: &mut One) -> Attack {
    let path = format!("{PATH}?key={}", one.key("siege"));
    post(one, &path, &[]).into()
}

fn other_type(one: &mut One) -> Attack {
    with_key(one, &one.key("typed"), &[]).into()
}

fn over_rate(one: &mut One) -> Attack {
    // What is larger than what is left is taken if anything is, and the next one waits for it.
    let event = format!(r#"{{"timestamp":"{}","launchEvent":{{}}}}"#, one.now);
    let events = vec![event; MANY].join(",");
    let body = format!(r#"{{"header":{{"userId":"7"}},"events":[{events}]}}"#);
    let key = one.key("limited");
    let again = |_| posted(PATH, &[("X-Api-Key", &key)], &body);
    Attack::Row((0..2).map(again).collect())
}

fn over_rate_call(one: &mut One) -> Attack {
    let events = events(one, MANY);
    call(&wire::header("limited"), &events, &one.key("limited")).into()
}

fn page(one: &mut One) -> Attack {
    let origin = [("Origin", "https://shop.example")];
    with_key(one, &one.key("page"), &origin).into()
}

fn call(header: &[u8], events: &[Vec<u8>], key: &str) -> Call {
    let mut call = Call::message(&wire::request(header, events));
    call.headers
        .push(("authorization", format!("Bearer {key}")));
    Call {
        proof: Proof::Own,
        ..call
    }
}
