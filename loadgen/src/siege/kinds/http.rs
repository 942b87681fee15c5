//! The edges of HTTP: methods, paths, types, encodings, lengths and heads that are not as they should be.

use std::time::Duration;

use super::super::attack::{Attack, GRAPHY, Port, Talk, head};
use super::{Door, End, Kind, One, kind};

const JSON: (&str, &str) = ("Content-Type", "application/json");

pub(super) static KINDS: [Kind; 13] = [
    kind("HTTP: another method", Door::Http, 20, methods),
    kind("HTTP: another path", Door::Http, 20, paths),
    kind("HTTP: another content type", Door::Http, 20, types),
    kind(
        "HTTP: an encoding that it hasn't",
        Door::Http,
        20,
        encodings,
    ),
    kind("HTTP: a body over the limit", Door::Http, 2, too_large),
    kind(
        "HTTP: a body over the limit in chunks",
        Door::Http,
        2,
        chunks,
    )
    .ends(End::Closed),
    kind("HTTP: a length that is wrong", Door::Http, 10, lengths).ends(End::Closed),
    kind(
        "HTTP: a head of thousands of headers",
        Door::Http,
        10,
        heads,
    )
    .ends(End::Closed),
    kind(
        "HTTP: odd headers of a webhook that keeps them",
        Door::Webhook,
        20,
        odd_headers,
    )
    .ends(End::Closed),
    kind("HTTP: several requests at once", Door::Http, 10, pipelined),
    kind("HTTP: a body that comes slowly", Door::Http, 10, slow),
    kind("HTTP: 100-continue", Door::Http, 10, expect),
    kind(
        "HTTP: a webhook of another length than it says",
        Door::Webhook,
        10,
        hung_up,
    )
    .ends(End::Left),
];

fn body(one: &One) -> Vec<u8> {
    format!(r#"{{"siege":"{}"}}"#, one.name).into_bytes()
}

fn methods(one: &mut One) -> Attack {
    const METHODS: [&str; 8] = [
        "OPTIONS", "PUT", "DELETE", "GET", "PATCH", "TRACE", "HEAD", "BREW",
    ];
    let method = one.any(&METHODS, "GET");
    let path = one.any(&[GRAPHY, "/event/dispatch"], GRAPHY);
    Talk::say(Port::Http, head(method, path, &[JSON], Some(0))).into()
}

fn paths(one: &mut One) -> Attack {
    let long = format!("/{}", one.text(8000));
    let cases = [
        "/shopify/event",
        "/event/dispatch/",
        "/graphy//event/",
        "/graphy/event/../../metrics",
        "/graphy/event/%00",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/",
        "*",
        &long,
    ];
    let at = one.within(0, cases.len() - 1);
    let path = cases.get(at).copied().unwrap_or("/");
    Talk::json(path, body(one)).into()
}

fn types(one: &mut One) -> Attack {
    const TYPES: [&str; 8] = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/x-protobuf",
        "application/grpc",
        "application/json; charset=utf-16",
        "application/",
        ";;;",
    ];
    let of = one.any(&TYPES, "text/plain");
    let path = one.any(&[GRAPHY, "/event/dispatch"], GRAPHY);
    let length = one.within(0, 500);
    let body = match one.within(0, 1) {
        0 => body(one),
        _ => one.noise(length),
    };
    Talk::post(path, &[("Content-Type", of)], &body).into()
}

fn encodings(one: &mut One) -> Attack {
    const ENCODINGS: [&str; 8] = [
        "gzip",
        "br",
        "zstd",
        "deflate",
        "compress",
        "gzip, gzip, gzip, gzip",
        "identity",
        "nothing",
    ];
    let encoding = one.any(&ENCODINGS, "gzip");
    let path = one.any(&[GRAPHY, "/event/dispatch"], GRAPHY);
    Talk::post(path, &[JSON, ("Content-Encoding", encoding)], &body(one)).into()
}

fn too_large(one: &mut One) -> Attack {
    let length = one.within(17 << 20, 24 << 20);
    let path = one.any(&[GRAPHY, "/event/dispatch"], GRAPHY);
    Talk::json(path, vec![b' '; length]).into()
}

fn chunks(one: &mut One) -> Attack {
    let path = one.any(&[GRAPHY, "/event/dispatch"], GRAPHY);
    let mut bytes = head(
        "POST",
        path,
        &[JSON, ("Transfer-Encoding", "chunked")],
        None,
    );
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    bytes.push_str(&chunk.repeat(one.within(272, 360)));
    bytes.push_str("0\r\n\r\n");
    Talk::say(Port::Http, bytes).into()
}

fn lengths(one: &mut One) -> Attack {
    let cases: [&[(&str, &str)]; 6] = [
        &[JSON, ("Content-Length", "-1")],
        &[JSON, ("Content-Length", "99999999999999999999999")],
        &[JSON, ("Content-Length", "5"), ("Content-Length", "6")],
        &[
            JSON,
            ("Content-Length", "5"),
            ("Transfer-Encoding", "chunked"),
        ],
        &[JSON, ("Transfer-Encoding", "gzip")],
        &[JSON, ("Content-Length", "four")],
    ];
    let headers = one.any(&cases, &[JSON]);
    let bytes = head("POST", GRAPHY, headers, None) + "5\r\n{}   \r\n0\r\n\r\n";
    Talk::say(Port::Http, bytes).into()
}

fn heads(one: &mut One) -> Attack {
    let mut bytes = format!("POST {GRAPHY} HTTP/1.1\r\nHost: siege\r\nConnection: close\r\n");
    match one.within(0, 2) {
        0 => {
            for number in 0..one.within(100, 5000) {
                bytes.push_str(&format!("x-{number}: {number}\r\n"));
            }
        }
        1 => {
            let length = one.within(8000, 1_000_000);
            bytes.push_str(&format!("x-long: {}\r\n", one.text(length)));
        }
        _ => bytes.push_str("no colon\r\n : x\r\n\tfolded\r\n"),
    }
    bytes.push_str("Content-Length: 2\r\n\r\n{}");
    Talk::say(Port::Http, bytes).into()
}

fn odd_headers(one: &mut One) -> Attack {
    let mut bytes = format!(
        "POST {GRAPHY} HTTP/1.1\r\nHost: siege\r\nConnection: close\r\nContent-Type: application/json\r\n"
    )
    .into_bytes();
    let long = one.text(200);
    match one.within(0, 4) {
        0 => bytes.extend_from_slice(b"Spayee-Event: caf\xe9\r\n"),
        1 => bytes.extend_from_slice(b"Spayee-Event: \r\n"),
        2 => bytes.extend_from_slice(b"Spayee-Event: a.b.*.#\r\nSpayee-Event: two\r\n"),
        3 => bytes.extend_from_slice(format!("Spayee-Event: {}\r\n", long.repeat(2)).as_bytes()),
        _ => {
            for number in 0..90 {
                bytes.extend_from_slice(format!("x-{number}: {long}\r\n").as_bytes());
            }
        }
    }
    let body = body(one);
    bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    bytes.extend_from_slice(&body);
    Talk::say(Port::Http, bytes).into()
}

fn pipelined(one: &mut One) -> Attack {
    let request = "GET /heartbeat/ HTTP/1.1\r\nHost: siege\r\n\r\n";
    Talk::say(Port::Http, request.repeat(one.within(10, 500))).into()
}

fn slow(one: &mut One) -> Attack {
    let body = body(one);
    let pause = Duration::from_millis(one.within(50, 400) as u64);
    let start = head("POST", GRAPHY, &[JSON], Some(body.len()));
    let mut talk = Talk::say(Port::Http, start);
    for part in body.chunks(8) {
        talk.parts.push((part.to_vec().into(), pause));
    }
    talk.into()
}

fn expect(one: &mut One) -> Attack {
    let headers = [JSON, ("Expect", one.any(&["100-continue", "200-ok"], ""))];
    Talk::post(GRAPHY, &headers, &body(one)).into()
}

fn hung_up(one: &mut One) -> Attack {
    let body = body(one);
    let start = head("POST", GRAPHY, &[JSON], Some(body.len() + 100));
    let mut talk = Talk::say(Port::Http, [start.into_bytes(), body].concat());
    talk.hold = Some(Duration::from_millis(one.within(0, 3000) as u64));
    talk.into()
}
