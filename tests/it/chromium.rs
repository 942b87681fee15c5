//! Browsers: what a page in Chromium can send across origins, and what it can read of the answers.
//!
//! `cargo xtask test --full` installs Chromium. Without it these tests do nothing; those in `ingest/browsers` hold the same,
//! header by header.

mod browser;

use std::sync::Arc;

use event_grpc::contract::Pool;
use event_grpc::ingest::Limits;
use serde_json::json;

use crate::ingest::server::{POOL, Server, until};

/// Room for one request at a time.
const NARROW: Pool = Pool {
    bytes: 3 << 10,
    ..POOL
};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_listed_origin_sends_in_each_way_and_reads_each_answer() {
    let Some(program) = browser::program() else {
        return;
    };
    let server = Arc::new(Server::start(Limits::embedded(), NARROW).await);
    let (saw, browser) = browser::visit(&program, &server, "shop.test").await;
    let ok = json!({ "messages": 1, "trailers": { "grpc-status": "0" } });
    let wanted = json!({
        "json": 1,
        "keepalive": 200,
        "keepalive_beyond_64_kib": "TypeError",
        "plain": 200,
        "beacon": true,
        "beacon_of_a_blob": true,
        "without_cors": "opaque",
        "protobuf": [200, "application/x-protobuf"],
        "web": ok,
        "web_text": ok,
        "refused": [400, "ERROR"],
        "busy": [429, "1", 200],
    });
    assert_eq!(saw, wanted);
    // Each is stored, and so is the beacon of the page that was left.
    until(|| server.count("all_q") == 11).await;
    drop(browser);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_page_sees_network_errors_and_nothing_of_it_is_stored() {
    let Some(program) = browser::program() else {
        return;
    };
    let server = Arc::new(Server::start(Limits::embedded(), POOL).await);
    let (saw, browser) = browser::visit(&program, &server, "evil.test").await;
    let failed = "TypeError";
    let wanted = json!({
        "json": failed,
        "keepalive": failed,
        "keepalive_beyond_64_kib": failed,
        "plain": failed,
        "beacon": true,
        "beacon_of_a_blob": true,
        "without_cors": "opaque",
        "protobuf": failed,
        "web": failed,
        "web_text": failed,
        "refused": failed,
        "busy": null,
    });
    assert_eq!(saw, wanted);
    drop(browser);
    assert_eq!(server.count("all_q"), 0);
}
