//! TLS: handshakes that don't come to an end, what is none, and certificates of clients that are not good.

use std::time::Duration;

use super::super::attack::{Attack, Hello, Port, Talk, head};
use super::{Door, End, Kind, One, Series, Setting, kind};
use crate::proofs::Certificate;

const HANDSHAKES: &str = "event_grpc_tls_handshakes_total";

/// Beginning of a handshake: a record with a ClientHello of 508 bytes.
const HELLO: [u8; 11] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

/// Outcomes of what is no handshake.
static NONE: [Series; 6] = [
    Series::new(HANDSHAKES, r#"outcome="invalid""#),
    Series::new(HANDSHAKES, r#"outcome="plain""#),
    Series::new(HANDSHAKES, r#"outcome="gone""#),
    Series::new(HANDSHAKES, r#"outcome="timeout""#),
    Series::new(HANDSHAKES, r#"outcome="incompatible""#),
    Series::new(HANDSHAKES, r#"outcome="alert""#),
];

static PLAIN: [Series; 1] = [Series::new(HANDSHAKES, r#"outcome="plain""#)];

static CERTIFICATE: [Series; 1] = [Series::new(HANDSHAKES, r#"outcome="client_certificate""#)];

const fn proved(name: &'static str, often: u32, make: fn(&mut One) -> Attack) -> Kind {
    kind(name, Door::Tcp, often, make).at(Setting::Proved)
}

const fn shut(name: &'static str, make: fn(&mut One) -> Attack) -> Kind {
    proved(name, 8, make).ends(End::Shut).counted(&CERTIFICATE)
}

pub(super) static KINDS: [Kind; 9] = [
    proved("half a ClientHello and then nothing", 10, half)
        .ends(End::Left)
        .counted(&NONE),
    proved("a handshake of a byte a second", 6, slow)
        .ends(End::Left)
        .counted(&NONE),
    proved("noise instead of a handshake", 20, noise)
        .ends(End::Left)
        .counted(&NONE),
    proved("HTTP without TLS", 10, plain)
        .ends(End::Refused(&["400"]))
        .counted(&PLAIN),
    proved("HTTP/2 without TLS", 10, plain_http2)
        .ends(End::Closed)
        .counted(&PLAIN),
    shut("an expired client certificate", |one| {
        showing(one, Certificate::Expired)
    }),
    shut("a client certificate of another authority", |one| {
        showing(one, Certificate::Foreign)
    }),
    shut("a client certificate that nobody signed", |one| {
        showing(one, Certificate::SelfSigned)
    }),
    shut("a server's certificate as a client's", |one| {
        showing(one, Certificate::Server)
    }),
];

fn port(one: &mut One) -> Port {
    one.any(&[Port::Grpc, Port::Http, Port::Ops], Port::Http)
}

fn hold(one: &mut One) -> Duration {
    Duration::from_millis(one.within(200, 4000) as u64)
}

fn hello(one: &mut One) -> Vec<u8> {
    let mut bytes = HELLO.to_vec();
    bytes.extend(one.noise(502));
    bytes
}

fn half(one: &mut One) -> Attack {
    let mut bytes = hello(one);
    // With one byte nobody can tell what it is; it counts as no handshake all the same.
    bytes.truncate(one.within(3, 500));
    let hold = hold(one);
    let talk = Talk::say(port(one), bytes).hello(Hello::Plain).held(hold);
    Talk {
        times: one.within(1, 40),
        ..talk
    }
    .into()
}

fn slow(one: &mut One) -> Attack {
    let bytes = hello(one);
    let mut talk = Talk::say(port(one), Vec::new());
    talk.parts = bytes
        .chunks(1)
        .take(5)
        .map(|byte| (byte.to_vec().into(), Duration::from_secs(1)))
        .collect();
    talk.times = one.within(1, 20);
    talk.hello(Hello::Plain)
        .held(Duration::from_millis(4500))
        .into()
}

fn noise(one: &mut One) -> Attack {
    let length = one.within(20, 20_000);
    let bytes = one.noise(length);
    let hold = hold(one);
    Talk::say(port(one), bytes)
        .hello(Hello::Plain)
        .held(hold)
        .into()
}

fn plain(one: &mut One) -> Attack {
    let method = one.any(&["GET", "POST", "PUT"], "GET");
    let path = one.any(&["/heartbeat/", "/event/dispatch", "/metrics"], "/metrics");
    let bytes = head(method, path, &[], Some(0));
    Talk::say(port(one), bytes).hello(Hello::Plain).own().into()
}

fn plain_http2(one: &mut One) -> Attack {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    // From HPACK's static table: POST, http, and the path /.
    const REQUEST: &[u8] = b"\0\0\x03\x01\x05\0\0\0\x01\x83\x86\x84";
    let bytes = [PREFACE, REQUEST].concat();
    Talk::say(port(one), bytes).hello(Hello::Plain).into()
}

fn showing(one: &mut One, certificate: Certificate) -> Attack {
    let port = one.any(&[Port::Http, Port::Ops], Port::Http);
    let bytes = head("GET", "/heartbeat/", &[], None);
    Talk::say(port, bytes)
        .hello(Hello::Showing(certificate))
        .into()
}
