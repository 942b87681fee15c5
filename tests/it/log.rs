//! Lines of the log: what is in them at each level, and what senders can't do to them.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
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
