//! Attacks: calls over HTTP/2, bytes on a connection, and messages to RabbitMQ, none of them checked by a library.

use std::time::Duration;

use bytes::Bytes;
use event_grpc::generated::PIPELINE;
use event_grpc::traffic::proof::prove;

use crate::proofs::Certificate;

/// One thing that is sent.
#[derive(Debug, PartialEq)]
pub(super) enum Attack {
    /// A request over HTTP/2, on a connection that others use, too.
    Call(Call),
    /// Bytes on a connection of their own.
    Talk(Talk),
    /// A message to an exchange.
    Publish(Publish),
    /// One after the other: all but the last should be taken, and what becomes of the last is told.
    Row(Vec<Talk>),
    /// All at once.
    Flood(Vec<Talk>),
}

/// How a connection begins at a server with TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hello {
    /// With a handshake.
    Usual,
    /// Without TLS.
    Plain,
    /// With a handshake and this certificate.
    Showing(Certificate),
}

/// What proves who sends, at a server that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// A good key or token, which is added when it is sent.
    Usual,
    /// What the attack itself holds, if anything.
    Own,
}

/// A port of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Grpc,
    Http,
    Ops,
    /// The embedded engine's.
    Engine,
}

/// A request over HTTP/2 to the gRPC port.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    /// Number of parts of the body, and the interval between them.
    pub(super) slowly: Option<(usize, Duration)>,
    /// The sender never reads the answer's body, and goes away after this.
    pub(super) unread: Option<Duration>,
    pub(super) proof: Proof,
}

/// Bytes on a connection.
#[derive(Debug, PartialEq)]
pub(super) struct Talk {
    pub(super) port: Port,
    /// Bytes to send, and the silence after each.
    pub(super) parts: Vec<(Bytes, Duration)>,
    /// Timeout of an answer, if not the usual one. Nothing is read if this is zero.
    pub(super) hold: Option<Duration>,
    /// So many connections that all do the same.
    pub(super) times: usize,
    pub(super) hello: Hello,
    pub(super) proof: Proof,
}

/// A message to RabbitMQ, with what may stand in it byte for byte.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Publish {
    pub(super) exchange: &'static str,
    pub(super) key: Vec<u8>,
    /// Flags and values of the basic properties, in the order of their bits.
    pub(super) properties: Properties,
    pub(super) body: Bytes,
}

/// Basic properties as bytes.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Properties {
    pub(super) content_type: Option<Vec<u8>>,
    pub(super) content_encoding: Option<Vec<u8>>,
    /// An encoded table, without its length.
    pub(super) headers: Option<Vec<u8>>,
    pub(super) priority: Option<u8>,
    pub(super) correlation_id: Option<Vec<u8>>,
    pub(super) reply_to: Option<Vec<u8>>,
    pub(super) message_id: Option<Vec<u8>>,
    pub(super) timestamp: Option<u64>,
    pub(super) kind: Option<Vec<u8>>,
    pub(super) app_id: Option<Vec<u8>>,
}

impl Properties {
    /// The properties of a JSON message with this id.
    pub(super) fn json(name: &str) -> Self {
        Properties {
            content_type: Some(b"application/json".to_vec()),
            message_id: Some(name.as_bytes().to_vec()),
            ..Properties::default()
        }
    }
}

/// Secret of all webhooks of the server, which `cargo xtask siege` gives it.
const SECRET: &str = "siege-siege-siege";

/// Path of a webhook that takes any object, with the secret.
pub(super) const GRAPHY: &str = "/graphy/event/siege-siege-siege";

/// Path of app events.
pub(super) const DISPATCH: &str = "/event.EventService/dispatch";

impl Call {
    /// A usual call of the method that takes events, with this as its body.
    pub(super) fn dispatch(body: Vec<u8>) -> Self {
        Call {
            method: "POST",
            path: DISPATCH,
            headers: vec![
                ("content-type", "application/grpc".to_owned()),
                ("te", "trailers".to_owned()),
            ],
            body: body.into(),
            slowly: None,
            unread: None,
            proof: Proof::Usual,
        }
    }

    /// A usual call with this message.
    pub(super) fn message(message: &[u8]) -> Self {
        Call::dispatch(framed(0, message))
    }
}

/// A gRPC message with its prefix.
pub(super) fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut bytes = vec![flag];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(message);
    bytes
}

impl Talk {
    /// Says this, and waits for the answer.
    pub(super) fn say(port: Port, bytes: impl Into<Bytes>) -> Self {
        Talk {
            port,
            parts: vec![(bytes.into(), Duration::ZERO)],
            hold: None,
            times: 1,
            hello: Hello::Usual,
            proof: Proof::Usual,
        }
    }

    /// A POST with this body.
    pub(super) fn post(path: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        // What is hostile here is what a sender with the secret could send.
        let proved = prove(&PIPELINE, path, body, |_| Some(SECRET.to_owned()));
        let mut headers = headers.to_vec();
        headers.extend(proved.headers.iter().map(|(n, v)| (*n, v.as_str())));
        let mut bytes = head("POST", &proved.path, &headers, Some(body.len())).into_bytes();
        bytes.extend_from_slice(body);
        Talk::say(Port::Http, bytes)
    }

    /// With a handshake like this at a server with TLS.
    pub(super) fn hello(self, hello: Hello) -> Self {
        Talk { hello, ..self }
    }

    /// With nothing that proves who sends but what it holds.
    pub(super) fn own(self) -> Self {
        Talk {
            proof: Proof::Own,
            ..self
        }
    }

    /// Answered after this at the latest, or left.
    pub(super) fn held(self, hold: Duration) -> Self {
        Talk {
            hold: Some(hold),
            ..self
        }
    }

    /// Bytes, with these lines in the head of each HTTP/1.1 request at their beginning.
    pub(super) fn with_lines(bytes: &Bytes, lines: &str) -> Bytes {
        const LINE: &[u8] = b" HTTP/1.1\r\n";
        // What is behind it is a body of megabytes.
        const HEADS: usize = 32 << 10;
        let (mut heads, body) = bytes.split_at(bytes.len().min(HEADS));
        let mut with = Vec::with_capacity(bytes.len() + lines.len());
        while let Some(at) = heads.windows(LINE.len()).position(|part| part == LINE) {
            let (line, after) = heads.split_at(at + LINE.len());
            with.extend_from_slice(line);
            with.extend_from_slice(lines.as_bytes());
            heads = after;
        }
        with.extend_from_slice(heads);
        with.extend_from_slice(body);
        with.into()
    }

    /// A POST of JSON.
    pub(super) fn json(path: &str, body: impl AsRef<[u8]>) -> Self {
        Talk::post(path, &[("Content-Type", "application/json")], body.as_ref())
    }
}

/// The head of an HTTP request.
pub(super) fn head(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    length: Option<usize>,
) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: siege\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(length) = length {
        head.push_str(&format!("Content-Length: {length}\r\n"));
    }
    head + "\r\n"
}

impl Attack {
    /// Number of requests, or of connections that hold none.
    pub(super) fn requests(&self) -> u64 {
        let talks = |talks: &[Talk]| talks.iter().map(|talk| talk.times).sum();
        let count = match self {
            Attack::Call(_) | Attack::Publish(_) => 1,
            Attack::Talk(talk) => talk.times,
            // Those before the last are good.
            Attack::Row(_) => 1,
            Attack::Flood(all) => talks(all),
        };
        count as u64
    }
}

impl From<Call> for Attack {
    fn from(call: Call) -> Self {
        Attack::Call(call)
    }
}

impl From<Talk> for Attack {
    fn from(talk: Talk) -> Self {
        Attack::Talk(talk)
    }
}

impl From<Publish> for Attack {
    fn from(message: Publish) -> Self {
        Attack::Publish(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_head_gets_the_lines_and_nothing_else_does() {
        let with = |bytes: &[u8]| Talk::with_lines(&Bytes::copy_from_slice(bytes), "A: b\r\n");
        let one = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
        let expected = b"GET / HTTP/1.1\r\nA: b\r\nHost: h\r\n\r\n";
        assert_eq!(with(one), expected.as_slice());
        assert_eq!(with(&one.repeat(2)), expected.repeat(2).as_slice());
        for none in [b"".as_slice(), b"GET / HTTP", b"\0\x16\x03"] {
            assert_eq!(with(none), none);
        }
    }
}
