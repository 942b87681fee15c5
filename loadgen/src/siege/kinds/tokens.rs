//! Operations with a wrong proof, or with none.

use super::super::attack::{Attack, Hello, Port, Talk};
use super::{Door, End, Kind, One, Series, Setting, kind};
use crate::proofs::Certificate;

const REFUSED: &str = "event_grpc_refused_total";

static NO_TOKEN: [Series; 1] = [Series::new(REFUSED, r#"reason="no_token""#)];

static WRONG_TOKEN: [Series; 1] = [Series::new(REFUSED, r#"reason="wrong_token""#)];

const fn refused(
    name: &'static str,
    counted: &'static [Series],
    make: fn(&mut One) -> Attack,
) -> Kind {
    kind(name, Door::Ops, 10, make)
        .at(Setting::Proved)
        .ends(End::Refused(&["401"]))
        .counted(counted)
}

pub(super) static KINDS: [Kind; 4] = [
    refused("operations without a token", &NO_TOKEN, none),
    refused("operations with a wrong token", &WRONG_TOKEN, wrong),
    refused(
        "operations with a write key for a token",
        &WRONG_TOKEN,
        write_key,
    ),
    refused(
        "operations with a certificate for a token",
        &NO_TOKEN,
        certificate,
    ),
];

/// One of the requests that show or change something.
fn ask(one: &mut One, headers: &str) -> Talk {
    let line = one.any(
        &[
            "GET /metrics",
            "GET /readyz",
            "PUT /heartbeat/?beat=false",
            "GET /nothing",
        ],
        "GET /metrics",
    );
    let bytes = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n"
    );
    Talk::say(Port::Ops, bytes).own()
}

fn none(one: &mut One) -> Attack {
    ask(one, "").into()
}

fn wrong(one: &mut One) -> Attack {
    let length = one.within(1, 3000);
    let token = one.text(length);
    let right = one.proofs.as_ref().map(|proofs| proofs.token.clone());
    let right = right.unwrap_or_default();
    let token = match one.within(0, 2) {
        0 => token,
        1 => format!("{right}{token}"),
        _ => right.chars().rev().collect(),
    };
    ask(one, &format!("Authorization: Bearer {token}\r\n")).into()
}

fn write_key(one: &mut One) -> Attack {
    let key = one.key("siege");
    ask(one, &format!("Authorization: Bearer {key}\r\n")).into()
}

fn certificate(one: &mut One) -> Attack {
    ask(one, "")
        .hello(Hello::Showing(Certificate::Client))
        .into()
}
