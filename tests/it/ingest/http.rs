//! Intake over HTTP.

use std::time::{Duration, Instant};

use event_grpc::contract::Pool;
use event_grpc::ingest::Limits;
use event_grpc::listen::{self, Pace};
use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::pipeline::PANIC;
use super::server::{POOL, Server, until};
use crate::http::request;

const JSON: &str = "application/json";

#[tokio::test(flavor = "multi_thread")]
async fn proto3_json_takes_the_same_way() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let good = json!({ "id": "a", "timestamp": "1700000000000", "empty": {} });
    let bad = json!({ "id": "b" });
    let post = async |events: Value| {
        let body = json!({ "header": { "session": "s" }, "events": events }).to_string();
        let (code, _, body) = server
            .http("POST", "/event/dispatch", JSON, body.as_bytes())
            .await;
        (code, serde_json::from_str::<Value>(&body).unwrap())
    };
    let (code, answer) = post(json!([good, bad])).await;
    assert_eq!(code, 200);
    assert_eq!(answer["status"], "SUCCESS");
    assert_eq!(answer["accepted"], 1);
    assert_eq!(answer["rejected"][0]["index"], 1);
    assert_eq!(answer["rejected"][0]["id"], "b");
    assert_eq!(answer["rejected"][0]["code"], "REJECT_CODE_NO_TYPE");
    assert_eq!(server.count("all_q"), 1);

    let (code, answer) = post(json!([bad])).await;
    assert_eq!((code, &answer["status"]), (400, &json!("ERROR")));
    assert_eq!(answer["rejected"][0]["code"], "REJECT_CODE_NO_TYPE");
    assert!(answer["message"].as_str().unwrap().contains("event 0"));
    let (code, answer) = post(json!([{ "typo": 1 }])).await;
    assert_eq!(code, 400);
    assert_eq!(answer["rejected"][0]["code"], "REJECT_CODE_NO_TYPE");
    let (code, _) = post(json!([])).await;
    assert_eq!(code, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_source_says_that_it_is_gone() {
    let counted = event_grpc::metrics::start().unwrap();
    let server = Server::start(Limits::embedded(), POOL).await;
    for (method, path) in [
        ("POST", "/before"),
        ("POST", "/before/"),
        ("POST", "/before/secret"),
        ("GET", "/before/"),
    ] {
        let (code, _, body) = server.http(method, path, JSON, b"{}").await;
        assert_eq!(code, 410, "{method} {path}: {body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert!(
            answer["error"].as_str().unwrap().contains("retired"),
            "{answer}"
        );
    }
    let (code, _, _) = server
        .http("POST", "/before/more/than/that", JSON, b"{}")
        .await;
    assert_eq!(code, 404);
    let line = "event_grpc_refused_total{door=\"http\",reason=\"retired\"}";
    assert!(counted.render().contains(line));
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_say_what_is_wrong_with_a_request() {
    let server = Server::start(
        Limits::embedded(),
        Pool {
            max_request: 1000,
            ..POOL
        },
    )
    .await;
    let big = format!("{{\"name\": \"{}\"}}", "a".repeat(2000));
    for path in ["/event/dispatch", "/hook/"] {
        assert_eq!(server.http("POST", path, JSON, b"{").await.0, 400);
        assert_eq!(server.http("POST", path, "text/plain", b"{}").await.0, 415);
        assert_eq!(server.http("POST", path, JSON, big.as_bytes()).await.0, 413);
        assert_eq!(server.http("GET", path, JSON, b"").await.0, 405);
    }
    assert_eq!(server.http("POST", "/nowhere", JSON, b"{}").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_a_path_has_the_same_shape() {
    let doors = listen::Limits {
        pace: Pace {
            window: Duration::from_millis(300),
            ..Pace::default()
        },
        ..listen::Limits::default()
    };
    let pool = Pool {
        max_request: 1000,
        ..POOL
    };
    let server = Server::start_behind(doors, Limits::embedded(), pool, |broker| broker).await;
    let json = ("content-type", JSON);
    let packed = |encoding| vec![json, ("content-encoding", encoding)];
    let is_shaped = |path: &str, text: &str| {
        let said: Value = serde_json::from_str(text).unwrap();
        let of_events = said["status"] == "ERROR" && said["message"].is_string();
        let of_webhook = said["error"].is_string();
        let expected = if path == "/hook/" {
            of_webhook
        } else {
            of_events
        };
        assert!(expected && of_events != of_webhook, "{path}: {text}");
    };
    for path in ["/event/dispatch", "/hook/"] {
        let url = format!("http://127.0.0.1:{}{path}", server.http);
        for (method, headers, body, status) in [
            (Method::POST, vec![json], "{".to_owned(), 400),
            (Method::POST, packed("gzip"), "{}".to_owned(), 400),
            (Method::GET, vec![], String::new(), 405),
            (Method::POST, vec![json], " ".repeat(2000), 413),
            (
                Method::POST,
                vec![("content-type", "text/html")],
                "{}".to_owned(),
                415,
            ),
            (Method::POST, packed("lzma"), "{}".to_owned(), 415),
        ] {
            let answer = request(method, &url, &headers, body).await;
            assert_eq!(answer.status, status, "{path}: {answer:?}");
            is_shaped(path, &answer.text);
        }
        // A body that comes too slowly.
        let mut slow = TcpStream::connect(("127.0.0.1", server.http))
            .await
            .unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n");
        slow.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        slow.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        is_shaped(path, answer.split("\r\n\r\n").nth(1).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_says_when_to_try_again() {
    let server = Server::start(
        Limits::embedded(),
        Pool {
            bytes: 3 << 10,
            ..POOL
        },
    )
    .await;
    server.acknowledge(false);
    let call = || server.http("POST", "/hook/", JSON, b"{\"name\": \"a\"}");
    let (first, second) = tokio::join!(call(), async {
        until(|| server.count("hooks_q") == 1).await;
        let answer = call().await;
        server.acknowledge(true);
        answer
    });
    assert_eq!(first.0, 200);
    assert_eq!(second.0, 429);
    assert!(second.1.contains("retry-after: 1"), "{}", second.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_still_being_read_count_too() {
    let doors = listen::Limits {
        // No upload is aborted for others here.
        pace: Pace {
            time_limit: Duration::from_secs(60),
            ..Pace::default()
        },
        ..listen::Limits::default()
    };
    let pool = Pool {
        bytes: 512 << 10,
        max_request: 500_000,
        ..POOL
    };
    let server = Server::start_behind(doors, Limits::embedded(), pool, |broker| broker).await;
    let body = format!("{{\"name\": \"{}\"}}", "a".repeat(200_000));
    let send = async |path| server.http("POST", path, JSON, body.as_bytes()).await.0;
    // Some send most of a large body, and then nothing. One that is refused because of a call beside it is followed by
    // another.
    let mut slow = Vec::new();
    let end = Instant::now() + Duration::from_secs(30);
    while send("/hook/").await != 429 {
        assert!(
            Instant::now() < end,
            "there is room for more than there should be"
        );
        let mut stream = TcpStream::connect(("127.0.0.1", server.http))
            .await
            .unwrap();
        let head = "POST /hook/ HTTP/1.1\r\nhost: a\r\ncontent-length: 500000\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; 450_000]).await.unwrap();
        slow.push(stream);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Each source has a budget of its own.
    assert_eq!(send("/named/").await, 200);
    drop(slow);
    while send("/hook/").await != 200 {
        assert!(
            Instant::now() < end,
            "what is not read any more still counts"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_publishes_what_came() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let body = br#"{ "name": "x.y", "more": [1] }"#;
    let (code, _, answer) = server
        .http("POST", "/hook/", "application/json; charset=utf-8", body)
        .await;
    assert_eq!(code, 200, "{answer}");
    let id = serde_json::from_str::<Value>(&answer).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(server.http("POST", "/named/", JSON, body).await.0, 200);
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen[0].delivery.body.as_ref(), body);
    assert_eq!(seen[0].delivery.routing_key, "hooks");
    assert_eq!(seen[1].delivery.routing_key, "x_y");
    let properties = &seen[0].delivery.properties;
    assert_eq!(properties.content_type.as_deref(), Some("application/json"));
    assert_eq!(properties.kind.as_deref(), Some("test.Hook"));
    assert_eq!(properties.message_id.as_deref(), Some(id.as_str()));
    assert_ne!(
        properties.message_id,
        seen[1].delivery.properties.message_id
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_names_the_field_that_is_wrong() {
    let server = Server::start(Limits::embedded(), POOL).await;
    for body in [&b"{}"[..], b"{\"name\": null}", b"{\"name\": {}}"] {
        let (code, _, answer) = server.http("POST", "/hook/", JSON, body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!((code, &answer["field"]), (400, &json!("name")));
        assert!(answer["error"].as_str().unwrap().contains("name"));
    }
    let (code, _, answer) = server.http("POST", "/hook/", JSON, b"[1]").await;
    assert_eq!(code, 400);
    assert!(answer.contains("one JSON object"), "{answer}");
    assert_eq!(server.count("hooks_q"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_one_request() {
    let server = Server::start(Limits::embedded(), Pool { workers: 1, ..POOL }).await;
    for _ in 0..3 {
        let body = format!("{{\"name\": \"{PANIC}\"}}");
        let (code, _, _) = server.http("POST", "/named/", JSON, body.as_bytes()).await;
        assert_eq!(code, 500);
        let (code, _, _) = server
            .http("POST", "/named/", JSON, b"{\"name\": \"a\"}")
            .await;
        assert_eq!(code, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heartbeat_is_told_and_not_set() {
    let server = Server::start(Limits::embedded(), POOL).await;
    let beat = async |method: &str, query: &str| {
        let path = format!("/heartbeat/{query}");
        let (code, head, body) = server.http(method, &path, JSON, b"").await;
        (code, head, body)
    };
    let (code, _, body) = beat("GET", "").await;
    assert_eq!((code, body.as_str()), (200, "beating"));
    let (code, head, body) = beat("PUT", "?beat=false").await;
    assert_eq!(code, 405);
    assert!(head.contains("allow: get,head,options"), "{head}");
    assert!(body.contains("not served on this port"), "{body}");
    assert!(server.health.is_beating());
    server.health.beat(false);
    assert_eq!(beat("GET", "").await.0, 410);
}
