//! Pages of strangers in a browser of the machine: requests across sites (CSRF), and names that lead here (DNS rebinding).

use super::super::attack::{Attack, Port, Talk};
use super::{Door, End, Kind, One, Series, Setting, kind};

const REFUSED: &str = "event_grpc_refused_total";

const fn ops(name: &'static str, counted: &'static [Series], make: fn(&mut One) -> Attack) -> Kind {
    kind(name, Door::Ops, 10, make)
        .ends(End::Refused(&["403"]))
        .counted(counted)
}

/// The engine has no counters, and answers so to whoever has no password.
const fn engine(name: &'static str, make: fn(&mut One) -> Attack) -> Kind {
    kind(name, Door::Engine, 10, make)
        .at(Setting::Open)
        .ends(End::Refused(&["401", "403"]))
}

pub(super) static KINDS: [Kind; 5] = [
    ops(
        "a page that changes operations",
        &[Series::new(REFUSED, r#"reason="cross_site""#)],
        cross_site,
    ),
    ops(
        "a name that leads to operations",
        &[Series::new(REFUSED, r#"reason="host""#)],
        rebound,
    ),
    engine("a page that asks the engine", engine_page),
    engine("a name that leads to the engine", engine_rebound),
    engine("wrong passwords of the engine", engine_password),
];

/// A request with these lines in its head.
fn ask(port: Port, line: &str, lines: &[&str], body: &str) -> Talk {
    let mut bytes = format!("{line} HTTP/1.1\r\nConnection: close\r\n");
    for line in lines {
        bytes.push_str(line);
        bytes.push_str("\r\n");
    }
    bytes.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    Talk::say(port, bytes)
}

const CHANGES: [&str; 3] = [
    "PUT /heartbeat/?beat=false",
    "POST /heartbeat/?beat=false",
    "POST /metrics",
];

const FOREIGN: [&str; 4] = [
    "Host: rebound.evil.example",
    "Host: localhost.evil.example:8018",
    "Host: 192.0.2.7",
    "Host: 127.0.0.1.evil.example",
];

fn cross_site(one: &mut One) -> Attack {
    let line = one.any(&CHANGES, "PUT /heartbeat/");
    let mark = one.any(
        &[
            "Origin: https://evil.example",
            "Origin: null",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Site: same-site",
        ],
        "Origin: null",
    );
    ask(Port::Ops, line, &["Host: localhost", mark], "").into()
}

fn rebound(one: &mut One) -> Attack {
    let line = one.any(
        &["GET /metrics", "GET /readyz", "PUT /heartbeat/?beat=false"],
        "GET /metrics",
    );
    let host = one.any(&FOREIGN, "Host: 192.0.2.7");
    // For a page under that name it is its own site.
    ask(Port::Ops, line, &[host, "Sec-Fetch-Site: same-origin"], "").into()
}

const QUERIES: [&str; 4] = [
    "DROP DATABASE event_grpc",
    "SELECT * FROM event_grpc.event",
    "CREATE TABLE event_grpc.evil (a String) ENGINE = Memory",
    "SYSTEM SHUTDOWN",
];

fn engine_page(one: &mut One) -> Attack {
    let query = one.any(&QUERIES, "SELECT 1");
    let lines = [
        "Host: 127.0.0.1",
        "Origin: https://evil.example",
        "Sec-Fetch-Site: cross-site",
        "Content-Type: text/plain",
    ];
    let user = one.any(&["/", "/?user=default", "/?user=event_grpc&password="], "/");
    ask(Port::Engine, &format!("POST {user}"), &lines, query).into()
}

fn engine_rebound(one: &mut One) -> Attack {
    let host = one.any(&FOREIGN, "Host: 192.0.2.7");
    let lines = [host, "Sec-Fetch-Site: same-origin"];
    match one.within(0, 1) {
        0 => ask(Port::Engine, "GET /?query=SELECT%201", &lines, "").into(),
        _ => {
            let query = one.any(&QUERIES, "SELECT 1");
            ask(Port::Engine, "POST /", &lines, query).into()
        }
    }
}

fn engine_password(one: &mut One) -> Attack {
    let user = one.any(&["reader", "event_grpc", "default", "nobody"], "reader");
    let length = one.within(0, 200);
    let user = format!("X-ClickHouse-User: {user}");
    let password = format!("X-ClickHouse-Key: {}", one.text(length));
    let query = one.any(&QUERIES, "SELECT 1");
    let lines = ["Host: localhost", user.as_str(), password.as_str()];
    ask(Port::Engine, "POST /", &lines, query).into()
}
