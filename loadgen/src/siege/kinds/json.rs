//! JSON, to webhooks and as app events: deep, wide, compressed, odd and wrong.

use rand::Rng as _;

use super::super::attack::{Attack, Talk};
use super::encodings::{gzip, zeros};
use super::{Door, Kind, One, kind};

/// Takes any object.
const GRAPHY: &str = "/graphy/event/";
const SHOPIFY: &str = "/shopify/event/";
const BRANCH: &str = "/branch/event/";
const DISPATCH: &str = "/event/dispatch";

pub(super) static KINDS: [Kind; 16] = [
    kind(
        "a list of objects with keys of their own",
        Door::Webhook,
        8,
        own_keys,
    )
    .named(),
    kind("an object of thousands of members", Door::Webhook, 8, wide).named(),
    kind("JSON in JSON in JSON", Door::Webhook, 12, deep).named(),
    kind(
        "hundreds of thousands of tiny members",
        Door::Webhook,
        2,
        tiny,
    )
    .named(),
    kind("a member again and again", Door::Webhook, 6, again).named(),
    kind(
        "keys with dots or no letters or a kilobyte",
        Door::Webhook,
        12,
        odd_keys,
    )
    .named(),
    kind("numbers beyond any type", Door::Webhook, 12, odd_numbers).named(),
    kind("a text of megabytes in JSON", Door::Webhook, 2, long_text).named(),
    kind(
        "webhooks with times out of range",
        Door::Webhook,
        80,
        bad_times,
    )
    .named(),
    kind(
        "webhooks without what they need",
        Door::Webhook,
        20,
        missing,
    )
    .named(),
    kind("no JSON at all", Door::Webhook, 20, no_json),
    kind("HTTP: gzip of zeros without end", Door::Webhook, 6, bomb),
    kind("HTTP: gzip of tiny members", Door::Webhook, 4, packed).named(),
    kind(
        "bad app events among good ones as JSON",
        Door::Http,
        20,
        bad_events,
    )
    .named(),
    kind(
        "app events of hundreds of months as JSON",
        Door::Http,
        3,
        months,
    )
    .named(),
    kind(
        "thousands of refused app events as JSON",
        Door::Http,
        6,
        refused,
    ),
];

/// A webhook that takes any object; the first member is its name.
fn graphy(one: &One, rest: &str) -> Attack {
    Talk::json(GRAPHY, named(one, rest)).into()
}

fn named(one: &One, rest: &str) -> String {
    format!(r#"{{"siege":"{}",{rest}}}"#, one.name)
}

fn own_keys(one: &mut One) -> Attack {
    let count = one.within(500, 12_000);
    graphy(one, &list_of_own_keys(count))
}

/// A member that is a list of so many objects.
pub(super) fn list_of_own_keys(count: usize) -> String {
    let objects: Vec<_> = (0..count)
        .map(|number| format!(r#"{{"sku_{number}":1}}"#))
        .collect();
    format!(r#""list":[{}]"#, objects.join(","))
}

fn wide(one: &mut One) -> Attack {
    let count = one.within(900, 20_000);
    let members: Vec<_> = (0..count)
        .map(|number| format!(r#""key_{number}":{number}"#))
        .collect();
    graphy(one, &members.join(","))
}

fn deep(one: &mut One) -> Attack {
    let depth = one.any(&[60, 66, 100, 126, 130, 1000, 100_000], 66);
    let (open, close) = one.any(&[("[", "]"), (r#"{"a":"#, "}")], ("[", "]"));
    let text = format!(r#""deep":{}1{}"#, open.repeat(depth), close.repeat(depth));
    graphy(one, &text)
}

/// A member that is a list of so many objects of one tiny member each.
pub(super) fn tiny_members(count: usize) -> String {
    let mut list = r#"{"":0},"#.repeat(count);
    list.pop();
    format!(r#""a":[{list}]"#)
}

fn tiny(one: &mut One) -> Attack {
    let count = one.within(50_000, 590_000);
    graphy(one, &tiny_members(count))
}

fn again(one: &mut One) -> Attack {
    let count = one.within(100, 20_000);
    let mut members = r#""same":{"x":1},"#.repeat(count);
    members.pop();
    graphy(one, &members)
}

fn odd_keys(one: &mut One) -> Attack {
    let long = one.text(1024);
    let cases = [
        r#""order.id":"A1","order":{"id":"B2"}"#.to_owned(),
        r#""":{"b":1},"b":2"#.to_owned(),
        r#""a":[{"b.c":1,"b":{"c":2}}]"#.to_owned(),
        r#""\u0000":1,"`":2,"\"":3,"\\":4,"\n":5"#.to_owned(),
        format!(r#""{long}":1"#),
        r#""..":1,".":2,"a..b":3"#.to_owned(),
    ];
    let at = one.within(0, cases.len() - 1);
    graphy(one, cases.get(at).map_or(r#""a":1"#, String::as_str))
}

fn odd_numbers(one: &mut One) -> Attack {
    let digits = "1".repeat(one.within(20, 5000));
    let cases = [
        r#""n":1e400"#.to_owned(),
        r#""n":-0.0"#.to_owned(),
        format!(r#""n":{digits}"#),
        format!(r#""n":0.{digits}"#),
        r#""n":[1,"a",null,{"b":[]},1.5,true,[[]]]"#.to_owned(),
        r#""n":"\ud83d""#.to_owned(),
    ];
    let at = one.within(0, cases.len() - 1);
    graphy(one, cases.get(at).map_or(r#""n":1"#, String::as_str))
}

fn long_text(one: &mut One) -> Attack {
    let length = one.within(1 << 20, 4 << 20);
    let text = one.text(length);
    graphy(one, &format!(r#""text":"{text}""#))
}

fn bad_times(one: &mut One) -> Attack {
    let time = one.any(
        &[
            "1000000000000000",
            "-1",
            r#""soon""#,
            "1.5",
            "null",
            "[]",
            "1e300",
        ],
        "0",
    );
    let name = &one.name;
    match one.random.random_range(0..2) {
        0 => Talk::json(
            SHOPIFY,
            format!(
                r#"{{"storeUrl":"{name}","eventName":"e","eventTime":{time},"eventData":{{}}}}"#
            ),
        )
        .into(),
        _ => Talk::json(
            BRANCH,
            format!(r#"{{"id":"{name}","name":"OPEN","timestamp":{time}}}"#),
        )
        .into(),
    }
}

fn missing(one: &mut One) -> Attack {
    let (name, now) = (&one.name, one.now);
    let start = format!(r#"{{"storeUrl":"{name}","eventName":"e","eventTime":{now}"#);
    let cases = [
        "}",
        r#","eventData":null}"#,
        r#","eventData":[]}"#,
        r#","eventData":{"a":null}}"#,
        r#","other":1,"eventData":{}}"#,
    ];
    let rest = one.any(&cases, "}");
    Talk::json(SHOPIFY, start + rest).into()
}

fn no_json(one: &mut One) -> Attack {
    let path = one.any(
        &[GRAPHY, SHOPIFY, BRANCH, DISPATCH, "/vidooly/event/"],
        GRAPHY,
    );
    let length = one.within(1, 2000);
    let body = match one.within(0, 8) {
        0 => one.noise(length),
        1 => b"{".to_vec(),
        2 => b"[1,2,3]".to_vec(),
        3 => b"\"text\"".to_vec(),
        4 => b"null".to_vec(),
        5 => b"\xef\xbb\xbf{\"a\":1".to_vec(),
        6 => b"{\"a\":\"caf\xe9\"}".to_vec(),
        7 => b"{} {}".to_vec(),
        _ => Vec::new(),
    };
    Talk::json(path, body).into()
}

const GZIP: [(&str, &str); 2] = [
    ("Content-Type", "application/json"),
    ("Content-Encoding", "gzip"),
];

fn bomb(one: &mut One) -> Attack {
    let path = one.any(&[GRAPHY, DISPATCH], GRAPHY);
    Talk::post(path, &GZIP, zeros()).into()
}

fn packed(one: &mut One) -> Attack {
    let count = one.within(10_000, 300_000);
    let body = named(one, &tiny_members(count));
    Talk::post(GRAPHY, &GZIP, &gzip(body.as_bytes())).into()
}

/// A request of events as JSON.
fn dispatch(events: &[String]) -> Attack {
    let body = format!(
        r#"{{"header":{{"userId":"7"}},"events":[{}]}}"#,
        events.join(",")
    );
    Talk::json(DISPATCH, body).into()
}

fn event(id: &str, time: u64, rest: &str) -> String {
    format!(r#"{{"id":"{id}","timestamp":"{time}",{rest}}}"#)
}

fn bad_events(one: &mut One) -> Attack {
    const BAD: [&str; 8] = [
        r#"{"timestamp":5,"launchEvent":{}}"#,
        r#"{"launchEvent":{},"unknown":1}"#,
        r#"{"newsEvent":{}}"#,
        r#"{"addToCartEvent":{"quantity":"a lot"}}"#,
        r#"{"launchEvent":{"a":"\ud83d"}}"#,
        "null",
        "{}",
        r#"{"widgetViewEvent":{"recoInfoKV":{"a":null}}}"#,
    ];
    let good = event(&one.name, one.now, r#""launchEvent":{}"#);
    let mut events = vec![good];
    for _ in 0..one.within(1, 200) {
        events.push(one.any(&BAD, "{}").to_owned());
    }
    dispatch(&events)
}

fn months(one: &mut One) -> Attack {
    const MONTH: u64 = 2_629_746_000;
    let count = one.within(50, 500) as u64;
    let events: Vec<_> = (0..count)
        .map(|number| event(&one.name, one.now - number * MONTH, r#""launchEvent":{}"#))
        .collect();
    dispatch(&events)
}

fn refused(one: &mut One) -> Attack {
    let bad = vec![r#"{"launchEvent":7}"#.to_owned(); one.within(500, 20_000)];
    dispatch(&bad)
}
