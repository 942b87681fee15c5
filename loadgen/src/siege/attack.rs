//! Attacks: calls over HTTP/2, bytes on a connection, and messages to RabbitMQ, none of them checked by a library.

use std::time::Duration;

use bytes::Bytes;
use event_grpc::generated::PIPELINE;
use event_grpc::traffic::proof::prove;

/// One thing that is sent.
#[derive(Debug, PartialEq)]
pub(super) enum Attack {
    /// A request over HTTP/2, on a connection that others use, too.
    Call(Call),
    /// Bytes on a connection of their own.
    Talk(Talk),
    /// A message to an exchange.
    Publish(Publish),
}

/// A port of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Grpc,
    Http,
    Ops,
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
