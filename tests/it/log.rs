//! Lines of the log: what is in them at each level, and what senders can't do to them.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::http::request;
use crate::support::server::Server;

/// What is nowhere in a log.
const CANARY: &str = "c4nary-of-somebody";

const JSON: (&str, &str) = ("content-type", "application/json");

fn lines(log: &str) -> Vec<Value> {
    let lines = log.lines();
    lines
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// The log, once it is as it should be.
async fn log(server: &Server, so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let lines = lines(&server.log());
        if so(&lines) {
            return lines;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "{lines:#?}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_every_level_no_body_is_logged_and_libraries_tell_no_more_than_usual() {
    crate::postgres::support::in_database("log_levels", async |database| {
        let folder = tempfile::tempdir().unwrap();
        let url = database.url();
        let arguments = ["--log", "trace", "--postgres-url", &url];
        let server = Server::start(folder.path(), &arguments).await;
        let cart = json!({ "id": "c-1", "addToCartEvent": { "cartId": CANARY, "quantity": 2 } });
        let bad = json!({ "id": "c-2", "timestamp": "yesterday", "addToCartEvent": { "cartId": CANARY } });
        for (event, status) in [(cart, 200), (bad, 400)] {
            let body = json!({ "header": { "userId": "7" }, "events": [event] }).to_string();
            let url = format!("{}/event/dispatch", server.http);
            let answer = request(Method::POST, &url, &[JSON], body).await;
            assert_eq!(answer.status, status, "{answer:?}");
        }
        // Of the second there is no room for at `info`.
        for _ in 0..2 {
            let url = format!("{}/nowhere", server.http);
            assert_eq!(request(Method::POST, &url, &[JSON], "{}".to_owned()).await.status, 404);
        }
        let refused = |lines: &[Value]| {
            let is_it = |line: &Value| line["level"] == "DEBUG" && line["reason"] == "path";
            lines.iter().any(is_it)
        };
        let lines = log(&server, refused).await;
        for line in &lines {
            let is_ours = line["target"].as_str().unwrap().starts_with("event_grpc");
            let is_more = line["level"] == "DEBUG" || line["level"] == "TRACE";
            assert!(is_ours || !is_more, "{line}");
            assert!(!line.to_string().contains(CANARY), "{line}");
        }
        // The filter is that of the operator all the same, and a slip is told.
        let put = async |filter: &str| {
            let url = format!("{}/log?filter={filter}", server.ops);
            request(Method::PUT, &url, &[], "").await
        };
        let answer = put("inof").await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.text.contains("did you mean `info`?"), "{answer:?}");
        let answer = put(&"a=info,".repeat(1_000)).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        let answer = request(Method::GET, &format!("{}/log", server.ops), &[], "").await;
        assert!(answer.text.contains("trace"), "{answer:?}");
        server.stop_with_complaints().await;
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_has_a_line_and_a_flood_of_them_a_line_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let refused = |lines: &[Value]| -> Vec<Value> {
        let lines = lines.iter();
        let refused = lines.filter(|line| line["message"] == "A request was refused.");
        refused.cloned().collect()
    };
    let kind = ("content-type", "text/csv");
    let post = async |path: &str| {
        let url = format!("{}{path}", server.http);
        request(Method::POST, &url, &[kind], "x".to_owned())
            .await
            .status
    };
    assert_eq!(post("/event/dispatch").await, 415);
    for _ in 0..20 {
        assert_eq!(post("/no%0Awhere/hush").await, 404);
    }
    sleep(Duration::from_millis(1_100)).await;
    assert_eq!(post("/nowhere").await, 404);
    let lines = log(&server, |lines| {
        refused(lines).iter().any(|line| line["path"] == "/nowhere")
    });
    let lines = refused(&lines.await);
    assert!(lines.len() < 8, "{lines:#?}");
    let of = |reason: &str| lines.iter().find(|line| line["reason"] == reason);
    let media = of("media_type").unwrap();
    assert_eq!(
        (&media["door"], &media["status"]),
        (&json!("http"), &json!(415))
    );
    assert!(
        media["peer"].as_str().unwrap().starts_with("127.0.0.1:"),
        "{media}"
    );
    assert_eq!(media["client"], "", "{media}");
    let told: u64 = lines
        .iter()
        .map(|line| 1 + line["more"].as_u64().unwrap())
        .sum();
    assert_eq!(told, 22, "each one is counted: {lines:#?}");
    assert!(!server.log().contains("hush"));
    server.stop().await;
}

/// Answer to bytes that are sent as they are, with no more after them.
pub(crate) async fn raw(url: &str, bytes: &[u8]) -> String {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A head of HTTP/1 that is longer than the server takes.
pub(crate) fn long_head() -> String {
    format!(
        "GET /heartbeat/ HTTP/1.1\r\nHost: x\r\nX-Long: {CANARY}{}",
        "x".repeat(70 << 10)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_the_http_library_refuses_has_a_line_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    for url in [&server.http, &server.grpc] {
        let answer = raw(url, long_head().as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
        for _ in 0..10 {
            let bad = format!("GET /{CANARY} HTTP/1.1\r\nno header: \u{1}\r\n\r\n");
            let answer = raw(url, bad.as_bytes()).await;
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        }
    }
    // A client that leaves in the middle of a head has asked for nothing.
    let address = server.http.trim_start_matches("http://");
    let mut leaves = TcpStream::connect(address).await.unwrap();
    leaves.write_all(b"GET / HTTP/1.1\r\nHost").await.unwrap();
    drop(leaves);
    let refused = |line: &&Value| line["message"] == "A request was refused.";
    let lines = log(&server, |lines| lines.iter().filter(refused).count() >= 4).await;
    let lines: Vec<&Value> = lines.iter().filter(refused).collect();
    let metrics = request(Method::GET, &format!("{}/metrics", server.ops), &[], "").await;
    for door in ["http", "grpc"] {
        for (reason, count) in [("head_too_large", 1), ("malformed", 10)] {
            let of = |line: &&&Value| line["door"] == door && line["reason"] == reason;
            let told: Vec<_> = lines.iter().filter(of).collect();
            assert!((1..=count).contains(&told.len()), "{lines:#?}");
            let peer = told[0]["peer"].as_str().unwrap();
            assert!(peer.starts_with("127.0.0.1:"), "{lines:#?}");
            assert!(!told[0]["text"].as_str().unwrap().is_empty(), "{lines:#?}");
            let line = format!(
                "event_grpc_refused_total{{door=\"{door}\",reason=\"{reason}\"}} {count}\n"
            );
            assert!(metrics.text.contains(&line), "{line}{}", metrics.text);
        }
    }
    // A flood is a line a second.
    assert!(lines.len() < 12, "{lines:#?}");
    assert!(!server.log().contains(CANARY));
    server.stop().await;
}
