//! Small requests that become large: headers, events that are refused or unknown, answers.

mod answers;
mod heavy;
mod letters;

use event_grpc::broker::HeaderValue;
use event_grpc::contract::{Pool, headers};
use event_grpc::ingest::Limits;
use event_grpc::ingest::response::Response;
use prost::Message;
use tonic::{Code, Status};

use crate::ingest::server::{POOL, Raw, Server};
use crate::scan::fixture::Header;
use crate::scan::soup::delimited;

/// Room for requests of 4 MiB, as sources have it by default.
const ROOMY: Pool = Pool {
    max_request: 4 << 20,
    timeout_ms: 5_000,
    ..POOL
};

/// A request whose header holds a text of this length.
fn with_header(len: usize) -> Vec<u8> {
    let header = Header {
        session: "s".repeat(len),
        ..Default::default()
    };
    let mut body = Vec::new();
    delimited(&mut body, 4, &header.encode_to_vec());
    body
}

/// An event with this id and one variant, empty, with this number.
fn event(id: &str, number: u32) -> Vec<u8> {
    let mut event = Vec::new();
    if !id.is_empty() {
        delimited(&mut event, 4, id.as_bytes());
    }
    delimited(&mut event, number, b"");
    event
}

/// The number of a type that the fixture knows.
const KNOWN: u32 = 11;

/// Answer to a request.
async fn send(body: Vec<u8>) -> (Server, Result<Response, Status>) {
    let server = Server::start(Limits::embedded(), ROOMY).await;
    let answer = server.call(body).await;
    (server, answer)
}

/// The letters that the server has published, each with its class, its type and how many events it holds.
fn letters(server: &Server) -> Vec<(String, String, usize)> {
    let seen = server.seen.lock().unwrap();
    let letters = seen.iter().filter(|seen| seen.queue == "rejects_q");
    let letters = letters.map(|seen| {
        let text = |name| match seen.delivery.properties.header(name) {
            Some(HeaderValue::Text(text)) => text.clone(),
            other => panic!("{name}: {other:?}"),
        };
        let request = Raw::fields(&seen.delivery.body).remove(0).1;
        let events = Raw::fields(&request)
            .iter()
            .filter(|field| field.0 == 5)
            .count();
        (
            text(headers::DEAD_CLASS),
            text(headers::DEAD_EVENT_TYPE),
            events,
        )
    });
    letters.collect()
}

fn says(status: &Status, code: Code, texts: &[&str]) {
    assert_eq!(status.code(), code, "{status:?}");
    for text in texts {
        assert!(status.message().contains(text), "{text}: {status:?}");
    }
}
