//! What browsers are told, and what pages may send. `crate::chromium` has a real one do it.

mod cors;
mod grpc_web;
mod protobuf;

use serde_json::{Value, json};

use super::server::Server;
use crate::http::{Answer, request};

/// Path of the source that pages may send to, of its method, and of its webhook.
const EVENTS: &str = "/pages/dispatch";
const METHOD: &str = "/test.Pages/dispatch";
const HOOK: &str = "/page_hook/";

/// A page that may send, and one that may not.
const SHOP: (&str, &str) = ("origin", "https://shop.example");
const EVIL: (&str, &str) = ("origin", "https://evil.example");

const JSON: (&str, &str) = ("content-type", "application/json");

/// A request of one event as JSON.
fn one_event() -> String {
    let event = json!({ "id": "a", "timestamp": "1700000000000", "empty": {} });
    json!({ "header": { "session": "s" }, "events": [event] }).to_string()
}

/// Posts to the HTTP port.
async fn post(
    server: &Server,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<bytes::Bytes>,
) -> Answer {
    let url = format!("http://127.0.0.1:{}{path}", server.http);
    request(http::Method::POST, &url, headers, body).await
}

/// Names of the headers that are about CORS.
fn of_cors(answer: &Answer) -> Vec<&str> {
    let names = answer.headers.keys().map(String::as_str);
    names
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

/// Number of accepted events of an answer as JSON.
fn accepted(answer: &Answer) -> Value {
    let said: Value = serde_json::from_str(&answer.text).unwrap();
    said["accepted"].clone()
}
