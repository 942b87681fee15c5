//! gRPC-Web on both ports, over HTTP/1.1 and HTTP/2, in both of its forms.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use event_grpc::broker::Broker as _;
use event_grpc::contract::Pool;
use event_grpc::ingest::Limits;
use event_grpc::ingest::response::Response;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use prost::Message as _;

use super::*;
use crate::ingest::server::{POOL, until};

const BINARY: &str = "application/grpc-web+proto";
const TEXT: &str = "application/grpc-web-text";

/// Answer to a call.
#[derive(Debug)]
struct Told {
    http: u16,
    kind: String,
    headers: http::HeaderMap,
    message: Option<Response>,
    trailers: BTreeMap<String, String>,
}

impl Told {
    fn status(&self) -> Option<&str> {
        self.trailers.get("grpc-status").map(String::as_str)
    }
}

/// A message in its frame.
fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
    let mut frame = vec![flag];
    frame.extend((message.len() as u32).to_be_bytes());
    frame.extend(message);
    frame
}

async fn called(port: u16, http2: bool, path: &str, kind: &str, body: Vec<u8>) -> Told {
    let client: Client<_, Full<bytes::Bytes>> = Client::builder(TokioExecutor::new())
        .http2_only(http2)
        .build_http();
    let request = http::Request::post(format!("http://127.0.0.1:{port}{path}"))
        .header("content-type", kind)
        .header("x-grpc-web", "1")
        .header(SHOP.0, SHOP.1)
        .body(Full::from(body))
        .unwrap();
    let (parts, body) = client.request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap();
    assert!(body.trailers().is_none(), "a page can't read trailers");
    let kind = parts.headers["content-type"].to_str().unwrap().to_owned();
    let mut bytes = body.to_bytes().to_vec();
    if kind.starts_with(TEXT) {
        bytes = STANDARD.decode(bytes).unwrap();
    }
    let (mut message, mut trailers) = (None, BTreeMap::new());
    if kind.starts_with("application/grpc-web") {
        let mut rest = &bytes[..];
        while let Some((head, after)) = rest.split_first_chunk::<5>() {
            let len = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            let (frame, after) = after.split_at(len);
            match head[0] {
                0 => message = Some(Response::decode(frame).unwrap()),
                0x80 => {
                    let text = std::str::from_utf8(frame).unwrap();
                    trailers.extend(text.lines().map(|line| {
                        let (name, value) = line.split_once(':').unwrap();
                        (name.to_owned(), value.to_owned())
                    }));
                }
                other => panic!("flag {other}"),
            }
            rest = after;
        }
        assert_eq!(rest, b"");
    }
    Told {
        http: parts.status.as_u16(),
        kind,
        headers: parts.headers,
        message,
        trailers,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_calls_the_method_on_either_port() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let call = framed(0, &crate::ingest::request(2));
    let mut calls = 0;
    for (port, path) in [
        (server.grpc, METHOD),
        (server.http, METHOD),
        (server.http, EVENTS),
        (server.grpc, "/test.Service/dispatch"),
    ] {
        for http2 in [false, true] {
            for (kind, body) in [
                (BINARY, call.clone()),
                ("application/grpc-web", call.clone()),
                (TEXT, STANDARD.encode(&call).into_bytes()),
                (
                    "application/grpc-web-text+proto",
                    STANDARD.encode(&call).into_bytes(),
                ),
            ] {
                let told = called(port, http2, path, kind, body).await;
                assert_eq!((told.http, told.status()), (200, Some("0")), "{told:?}");
                assert_eq!(told.kind.starts_with(TEXT), kind.starts_with(TEXT));
                assert_eq!(told.message.unwrap().accepted, 2);
                let readable = told.headers.get("access-control-allow-origin");
                assert_eq!(readable.is_some(), !path.contains("Service"));
                calls += 1;
            }
        }
    }
    assert_eq!(server.count("all_q"), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_in_the_headers_and_in_the_last_frame() {
    let pool = Pool {
        bytes: 3 << 10,
        ..POOL
    };
    let server = Server::start(Limits::embedded(), pool).await;
    let call = framed(0, &crate::ingest::request(1));
    let send = || called(server.http, false, METHOD, BINARY, call.clone());
    server.acknowledge(false);
    let (first, full) = tokio::join!(send(), async {
        until(|| server.count("all_q") == 1).await;
        let told = send().await;
        server.acknowledge(true);
        told
    });
    assert_eq!(first.status(), Some("0"));
    server.broker.close(Duration::ZERO).await;
    let gone = send().await;
    for (told, status) in [(full, "8"), (gone, "14")] {
        assert_eq!((told.http, told.status()), (200, Some(status)), "{told:?}");
        assert!(told.message.is_none());
        for name in [
            "grpc-status",
            "grpc-message",
            "grpc-status-details-bin",
            "retry-after",
        ] {
            assert_eq!(told.headers[name].to_str().unwrap(), told.trailers[name]);
        }
        assert_eq!(told.trailers["retry-after"], "1");
        assert_eq!(told.headers["access-control-allow-origin"], SHOP.1);
    }
    let bad = called(
        server.http,
        true,
        METHOD,
        TEXT,
        STANDARD.encode(framed(0, b"\xff")).into(),
    )
    .await;
    assert_eq!(bad.status(), Some("3"), "{bad:?}");
    assert_eq!(bad.headers.get("retry-after"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_bounded_in_each_form() {
    let pool = Pool {
        max_request: 100_000,
        ..POOL
    };
    let server = Server::start(Limits::embedded(), pool).await;
    let good = framed(0, &crate::ingest::request(2));
    let text = |bytes: &[u8]| STANDARD.encode(bytes).into_bytes();
    let two = [good.clone(), good.clone()].concat();
    // The base64 of an empty message ends with padding.
    let segments = [text(&framed(0, b"")), text(&good)].concat();
    let large = framed(0, &vec![0; 100_001]);
    let lying = [framed(0, b""), vec![0; 200_000]].concat();
    for (kind, body, status) in [
        (BINARY, two.clone(), "12"),
        (TEXT, text(&two), "12"),
        (TEXT, segments, "3"),
        (BINARY, large.clone(), "11"),
        (TEXT, text(&large), "11"),
        (TEXT, text(&lying), "11"),
        (TEXT, b"no base64 at all".to_vec(), "3"),
        (TEXT, good.clone(), "3"),
        (TEXT, Vec::new(), "12"),
        (BINARY, framed(0x80, b"a:b\r\n"), "13"),
        (BINARY, framed(1, b"a"), "13"),
    ] {
        for port in [server.grpc, server.http] {
            let told = called(port, false, METHOD, kind, body.clone()).await;
            assert_eq!((told.http, told.status()), (200, Some(status)), "{told:?}");
        }
    }
    let longest = framed(0, &vec![0xff; 100_000]);
    let told = called(server.grpc, false, METHOD, TEXT, text(&longest)).await;
    assert_eq!(
        told.status(),
        Some("3"),
        "it is read, and is no request: {told:?}"
    );
    assert_eq!(server.count("all_q"), 0);
    // Health and reflection aren't for pages, and an unknown form isn't either.
    for (path, kind) in [
        ("/grpc.health.v1.Health/Check", BINARY),
        (METHOD, "application/grpc-web+json"),
    ] {
        let told = called(server.grpc, false, path, kind, good.clone()).await;
        assert_eq!(told.http, 415, "{told:?}");
    }
    // gRPC itself needs its own port.
    let told = called(server.http, true, METHOD, "application/grpc", good).await;
    assert_eq!(told.http, 415, "{told:?}");
}
