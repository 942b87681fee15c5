//! The edges of HTTP and gRPC: paths, methods, media types, frames, and answers that can be read.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::ingest::request;

#[tokio::test(flavor = "multi_thread")]
async fn slashes_are_forgiven_and_options_answered() {
    let server = patient(POOL).await;
    let event = json!({ "id": "a", "timestamp": "1700000000000", "empty": {} });
    let events = json!({ "header": { "session": "s" }, "events": [event] }).to_string();
    for (path, body) in [
        ("/hook/", "{\"name\": \"a\"}"),
        ("/hook", "{\"name\": \"a\"}"),
        ("/event/dispatch", events.as_str()),
        ("/event/dispatch/", events.as_str()),
    ] {
        let (code, _, answer) = post(&server, path, "", body.as_bytes()).await;
        assert_eq!(code, 200, "{path}: {answer}");
        let (code, head, body) = server.http("OPTIONS", path, JSON, b"").await;
        assert_eq!((code, body.as_str()), (204, ""), "{head}");
        assert!(head.contains("allow: post,options"), "{head}");
        let (code, head, _) = server.http("GET", path, JSON, b"").await;
        assert_eq!(code, 405);
        assert!(head.contains("allow: post,options"), "{head}");
    }
    assert_eq!(server.http("GET", "/heartbeat", JSON, b"").await.0, 200);
    let (code, _, answer) = post(&server, "/hook", "content-type: text/plain\r\n", b"{}").await;
    assert_eq!(code, 415);
    assert!(answer.contains("application/json"), "{answer}");
    let kind = "content-type: application/cloudevents+json\r\n";
    assert_eq!(
        post(&server, "/hook", kind, b"{\"name\": \"a\"}").await.0,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_order_mark_is_skipped() {
    let server = patient(POOL).await;
    let hook = b"\xef\xbb\xbf{\"name\": \"a\"}";
    assert_eq!(post(&server, "/hook/", "", hook).await.0, 200);
    let published = server.seen.lock().unwrap().pop().unwrap();
    assert_eq!(published.delivery.body.as_ref(), &hook[3..]);
    let event = json!({ "id": "a", "timestamp": "1700000000000", "empty": {} });
    let events = json!({ "header": { "session": "s" }, "events": [event] });
    let body = format!("\u{feff}{events}");
    let (code, _, answer) = post(&server, "/event/dispatch", "", body.as_bytes()).await;
    assert_eq!(code, 200, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_everything_first_reads_why_it_was_refused() {
    let server = patient(POOL).await;
    let many = vec![b' '; 24 << 20];
    let chunked = [
        b"POST /hook/ HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1800000\r\n"
            .to_vec(),
        many.clone(),
        b"\r\n0\r\n\r\n".to_vec(),
    ]
    .concat();
    let said = [head("/hook/", many.len()).into_bytes(), many.clone()].concat();
    let nowhere = [head("/nowhere", many.len()).into_bytes(), many].concat();
    for (sent, code) in [(chunked, "413"), (said, "413"), (nowhere, "404")] {
        let mut stream = connect(server.http).await;
        stream.write_all(&sent).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {code}")), "{answer}");
        if code == "413" {
            assert!(answer.contains("1048576 bytes"), "{answer}");
        }
    }
    // Whoever asks first need not send it.
    let mut asks = connect(server.http).await;
    let head = "POST /hook/ HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9000000\r\n\r\n";
    asks.write_all(head.as_bytes()).await.unwrap();
    asks.shutdown().await.unwrap();
    let start = Instant::now();
    let answer = rest(&mut asks).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grpc_port_takes_grpc_and_says_so() {
    let server = patient(POOL).await;
    let client = http2();
    for kind in [
        "application/json",
        "application/x-protobuf",
        "application/grpc-web+json",
        "",
    ] {
        for path in [
            "/test.Service/dispatch",
            "/grpc.health.v1.Health/Check",
            "/nowhere",
        ] {
            let mut asked = call(&server, &[("content-type", kind)], full(request(1)));
            let uri = format!("http://127.0.0.1:{}{path}", server.grpc);
            *asked.uri_mut() = uri.parse().unwrap();
            let told = told(&client, asked).await;
            assert_eq!((told.http, told.status), (415, None), "{kind} {path}");
            assert!(
                told.message.contains("application/grpc"),
                "{}",
                told.message
            );
        }
    }
    assert_eq!(server.count("all_q"), 0);
    // Over HTTP/1 too.
    let body = "POST /test.Service/dispatch HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
        content-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let answer = exchange(server.grpc, body.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 415"), "{answer}");
    // A method that isn't there is gRPC's own answer.
    let mut asked = call(&server, &[GRPC], full(framed(0, b"")));
    *asked.uri_mut() = format!("http://127.0.0.1:{}/no.Service/no", server.grpc)
        .parse()
        .unwrap();
    assert_eq!(told(&client, asked).await.status, Some(12));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_one_whole_message() {
    let server = patient(POOL).await;
    let client = http2();
    let good = framed(0, &request(2));
    let two = [good.clone(), good.clone()].concat();
    let cut = good[..good.len() - 1].to_vec();
    let flag = framed(7, &request(2));
    let large = framed(0, &vec![0; 2 << 20]);
    for (body, status, reason) in [
        (good, 0, ""),
        (two, 12, "one message"),
        (Vec::new(), 12, "none"),
        (b"\0\0".to_vec(), 12, "2 of the 5 bytes"),
        (cut, 3, "ends after"),
        (flag, 13, "flag"),
        (framed(1, &request(2)), 13, "grpc-encoding"),
        (large, 11, "1048576 bytes"),
    ] {
        let told = told(&client, call(&server, &[GRPC], full(body))).await;
        assert_eq!(
            (told.http, told.status),
            (200, Some(status)),
            "{}",
            told.message
        );
        let message: Value = told.message.replace("%20", " ").into();
        assert!(message.as_str().unwrap().contains(reason), "{message}");
    }
    assert_eq!(server.count("all_q"), 1);
    for unknown in ["snappy", "br"] {
        let headers = [GRPC, ("grpc-encoding", unknown)];
        let told = told(&client, call(&server, &headers, full(framed(1, b"a")))).await;
        assert_eq!(told.status, Some(12), "{}", told.message);
        let known = told.headers.get("grpc-accept-encoding").unwrap();
        assert_eq!(known, "identity,gzip,deflate,zstd");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_request_on_http2_that_is_refused_early_is_not_reset() {
    let server = patient(POOL).await;
    let mut stream = TcpStream::connect(("127.0.0.1", server.http))
        .await
        .unwrap();
    // POST http://a/nowhere with a body of two bytes, in HPACK without any table.
    let head = b"\x83\x86\x04\x08/nowhere\x01\x01a\x0f\x0d\x012";
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice();
    stream.write_all(preface).await.unwrap();
    stream.write_all(&frame(4, 0, 0, b"")).await.unwrap();
    stream.write_all(&frame(1, 4, 1, head)).await.unwrap();
    let mut seen = Vec::new();
    while !seen.contains(&1) {
        seen.push(kind_of_next(&mut stream).await.expect("an answer"));
    }
    let reset = |seen: &[u8]| seen.contains(&3);
    while let Some(kind) = kind_of_next(&mut stream).await {
        seen.push(kind);
    }
    assert!(!reset(&seen), "it is reset while it is sent: {seen:?}");
    stream.write_all(&frame(0, 1, 1, b"{}")).await.unwrap();
    while let Some(kind) = kind_of_next(&mut stream).await {
        seen.push(kind);
    }
    assert!(!reset(&seen), "it is reset after it was sent: {seen:?}");
}

/// Frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).unwrap();
    [&[0, 0, len, kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Kind of the next frame; none if there is none for a while.
async fn kind_of_next(stream: &mut TcpStream) -> Option<u8> {
    let mut head = [0; 9];
    let read = stream.read_exact(&mut head);
    tokio::time::timeout(Duration::from_millis(300), read)
        .await
        .ok()?
        .unwrap();
    let len = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; len as usize];
    stream.read_exact(&mut payload).await.unwrap();
    Some(head[3])
}
