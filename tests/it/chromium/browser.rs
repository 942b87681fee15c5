//! Headless Chromium, and the server of the page that it opens.

use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::response::Html;
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::ingest::request;
use crate::ingest::server::{Server, until};

/// Time limit for all that a page does.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Program of Chromium, as `cargo xtask services` names it; none where it isn't installed.
pub(super) fn program() -> Option<String> {
    std::env::var("EVENT_GRPC_TEST_CHROMIUM").ok()
}

/// Running browser, with a profile of its own. It is killed with its children when this is dropped.
pub(super) struct Browser {
    child: Child,
    _profile: TempDir,
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its children are in its process group.
        let group = format!("-{}", self.child.id());
        drop(Command::new("kill").args(["-KILL", "--", &group]).status());
        drop(self.child.wait());
    }
}

/// Opens the page in a browser for which the page is at `host`, and the server at `events.test` and `calls.test`.
/// Returns what the page saw, once it has left the page.
pub(super) async fn visit(program: &str, server: &Arc<Server>, host: &str) -> (Value, Browser) {
    let (saw, mut seen) = mpsc::channel(4);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let pages = tokio::spawn(axum::serve(listener, pages(server, saw)).into_future());
    let profile = tempfile::tempdir().unwrap();
    let hosts = [
        (host, port),
        ("events.test", server.http),
        ("calls.test", server.grpc),
    ];
    let rules = hosts.map(|(host, port)| format!("MAP {host} 127.0.0.1:{port}"));
    let mut command = Command::new(program);
    command
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-default-browser-check",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-features=HttpsUpgrades",
            "--no-proxy-server",
        ])
        .arg(format!("--host-resolver-rules={}", rules.join(", ")))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("http://{host}/"))
        .env("HOME", profile.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    let browser = Browser {
        child: command.spawn().unwrap(),
        _profile: profile,
    };
    let mut next = async || {
        let next = tokio::time::timeout(TIME_LIMIT, seen.recv()).await;
        next.expect("the page says something in time").unwrap()
    };
    let told = next().await;
    assert_eq!(next().await, Value::from("left"));
    pages.abort();
    (told, browser)
}

/// The page, and what it asks of the test.
fn pages(server: &Arc<Server>, saw: mpsc::Sender<Value>) -> Router {
    let request = request(1);
    let mut call = vec![0];
    call.extend((request.len() as u32).to_be_bytes());
    call.extend(request);
    let page = include_str!("page.html").replace("CALL", &STANDARD.encode(call));
    let (hold, held, release) = (server.clone(), server.clone(), server.clone());
    let before = Arc::new(AtomicUsize::new(0));
    let at_hold = Arc::clone(&before);
    let left = saw.clone();
    Router::new()
        .route("/", get(async move || Html(page)))
        .route(
            "/hold",
            post(async move || {
                at_hold.store(hold.count("all_q"), Ordering::SeqCst);
                hold.acknowledge(false);
            }),
        )
        .route(
            "/held",
            post(async move || {
                until(|| held.count("all_q") > before.load(Ordering::SeqCst)).await;
            }),
        )
        .route("/release", post(async move || release.acknowledge(true)))
        .route(
            "/seen",
            post(async move |text: String| {
                saw.send(serde_json::from_str(&text).unwrap())
                    .await
                    .unwrap();
            }),
        )
        .route(
            "/left",
            get(async move || drop(left.send(Value::from("left")).await)),
        )
}
