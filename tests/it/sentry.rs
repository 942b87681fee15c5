//! Reports to Sentry: of a server that its users start, and of panics and floods in this process.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use event_grpc::sentry::{Options, Sentry};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::forward::server::Server as Target;
use crate::forward::support::{Options as Forwarding, run, with_body};
use crate::http::request;
use crate::support::server::Server;

/// What nothing of may be in a report.
const SECRET: &str = "hush-hush";

type Seen = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A receiver of envelopes for project 7. Dropped, it is gone.
struct Receiver {
    dsn: String,
    seen: Seen,
    task: JoinHandle<()>,
}

impl Receiver {
    async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dsn = format!("http://abc123@{}/7", listener.local_addr().unwrap());
        let seen = Seen::default();
        let router = Router::new()
            .route("/api/7/envelope/", post(take))
            .with_state(Arc::clone(&seen));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Receiver { dsn, seen, task }
    }

    /// Events of the envelopes that came.
    fn events(&self) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        let events = seen.iter().map(|(headers, envelope)| {
            assert!(!envelope.contains(SECRET), "{envelope}");
            let auth = headers["x-sentry-auth"].to_str().unwrap();
            assert!(
                auth.contains("sentry_version=7") && auth.contains("sentry_key=abc123"),
                "{auth}"
            );
            let lines: Vec<&str> = envelope.lines().collect();
            let [head, item, event] = lines.as_slice() else {
                panic!("{envelope}")
            };
            let [head, item] =
                [head, item].map(|line| serde_json::from_str::<Value>(line).unwrap());
            assert_eq!(item, json!({"type": "event", "length": event.len()}));
            let event: Value = serde_json::from_str(event).unwrap();
            assert_eq!(event["event_id"], head["event_id"]);
            event
        });
        events.collect()
    }

    async fn until(&self, is: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..600 {
            if let Some(event) = self.events().into_iter().find(|event| is(event)) {
                return event;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:#?}", self.events());
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(seen): State<Seen>, headers: HeaderMap, body: String) {
    seen.lock().unwrap().push((headers, body));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_a_server_is_reported_once_without_what_was_sent() {
    let receiver = Receiver::start().await;
    let directory = tempfile::tempdir().unwrap();
    // Nobody listens there, so that the table is paused, time and again for each request.
    let clickhouse = format!("http://writer:{SECRET}@127.0.0.1:1/events");
    let arguments = [
        "--clickhouse-url",
        &clickhouse,
        "--sentry-dsn",
        &receiver.dsn,
        "--sentry-environment",
        "test",
    ];
    let server = Server::start(directory.path(), &arguments).await;
    let event = json!({"header": {"userId": "7", "os": SECRET},
                       "events": [{"addToCartEvent": {"productId": "42", "cartId": SECRET}}]});
    let url = format!("{}/event/dispatch", server.http);
    let headers = [("content-type", "application/json")];
    let sent = request(Method::POST, &url, &headers, event.to_string());
    // Its answer waits for the row.
    let is_paused = |event: &Value| event["tags"]["table"] == "event";
    let event = tokio::select! {
        event = receiver.until(is_paused) => event,
        answer = sent => panic!("{answer:?}"),
    };
    assert_eq!(event["level"], "error");
    let text = event["logentry"]["formatted"].as_str().unwrap();
    assert!(text.starts_with("Paused"), "{event:#}");
    let release = event["release"].as_str().unwrap();
    assert!(
        release.starts_with(concat!("event-grpc@", env!("CARGO_PKG_VERSION"))),
        "{release}"
    );
    assert_eq!(event["environment"], "test");
    assert!(event["server_name"].is_string(), "{event:#}");
    let metrics = request(Method::GET, &format!("{}/metrics", server.ops), &[], "")
        .await
        .text;
    assert!(
        metrics.contains("event_grpc_sentry_reports_total{outcome=\"sent\"} "),
        "{metrics}"
    );
    assert!(!server.log().contains("abc123"), "{}", server.log());
    server.kill().await;
    // However often it was tried, each place has reported once.
    let events = receiver.events();
    let places: BTreeSet<String> = events
        .iter()
        .map(|event| event["extra"]["place"].to_string())
        .collect();
    assert_eq!(places.len(), events.len(), "{events:#?}");
}

#[tokio::test]
async fn a_panic_of_a_worker_is_reported_with_its_place_and_a_flood_is_not() {
    let (receiver, target) = (Receiver::start().await, Target::start().await);
    let options = Options {
        dsn: receiver.dsn.parse().unwrap(),
        environment: "test".to_owned(),
        ca: None,
    };
    let sentry = Sentry::start(&options).unwrap();
    let log = tracing_subscriber::registry().with(sentry.layer());
    let log = tracing::subscriber::set_default(log);
    let mut running = run(
        &target.url("/api"),
        Forwarding {
            retries: 0,
            ..Forwarding::default()
        },
    );
    let body = json!({"n": 1, "to": "panic", "name": SECRET});
    running.publish(with_body(1, body));
    let dead = running.dead_letter().await;
    assert_eq!(dead.class, "panic", "{dead:?}");
    running.stop().await;
    let flood = || {
        for n in 0..5000 {
            tracing::error!(target: "event_grpc::test", queue = "a_q", reason = SECRET, n, "It floods.");
            tracing::error!(target: "elsewhere", "{SECRET}");
            tracing::warn!(target: "event_grpc::test", "{SECRET}");
        }
    };
    flood();
    drop(log);
    let is_panic = |event: &Value| {
        let frames = event["exception"]["values"][0]["stacktrace"]["frames"].to_string();
        event["level"] == "fatal" && frames.contains("forward::support::choose")
    };
    let panic = receiver.until(is_panic).await;
    let place = panic["extra"]["place"].as_str().unwrap();
    assert!(place.contains("forward/support.rs:"), "{place}");
    // What is sent while a process ends, too.
    tokio::task::spawn_blocking(|| drop(sentry)).await.unwrap();
    let floods: Vec<Value> = receiver
        .events()
        .into_iter()
        .filter(|event| event["logger"] == "event_grpc::test")
        .collect();
    let [flood] = floods.as_slice() else {
        panic!("{floods:#?}")
    };
    assert_eq!(flood["logentry"]["formatted"], "It floods.");
    assert_eq!(flood["tags"], json!({"queue": "a_q"}));
    let other = receiver
        .events()
        .into_iter()
        .find(|event| event["logger"] == "elsewhere");
    assert_eq!(other, None);
}
