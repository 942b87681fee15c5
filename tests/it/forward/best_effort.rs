//! In memory nobody waits for what goes to an HTTP API.

use std::time::Duration;

use event_grpc::broker::Broker as _;
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::server::{Reply, Server};
use super::support::{Options, message, run, with_body};

fn unawaited(budget: usize) -> Options {
    Options {
        awaited: false,
        timeout_ms: 5000,
        budget,
        ..Options::default()
    }
}

#[tokio::test]
async fn a_sender_does_not_wait() {
    let server = Server::start().await;
    let running = run(&server.url("/"), unawaited(1 << 20));
    server.answer(|_| Some(Reply::Slow(Duration::from_millis(500))));
    let began = Instant::now();
    for n in 0..3 {
        running.settled(message(n)).await;
    }
    assert!(
        began.elapsed() < Duration::from_millis(400),
        "{:?}",
        began.elapsed()
    );
    server.has_seen(3).await;
}

#[tokio::test]
async fn a_sender_does_not_fail_when_the_target_is_gone_and_memory_is_full() {
    let server = Server::start().await;
    let (address, url) = (server.address(), server.url("/"));
    drop(server);
    let running = run(&url, unawaited(70 << 10));
    let long = "x".repeat(10 << 10);
    for n in 0..50 {
        let body = json!({ "n": n, "text": &long });
        let sent = running.broker.publish(with_body(n, body));
        timeout(Duration::from_secs(1), sent)
            .await
            .unwrap()
            .unwrap();
    }
    // Messages that fitted arrive once the target is back; the rest was dropped.
    let server = Server::at(address).await;
    let seen = server.has_seen(6).await;
    assert_eq!(seen[0].body["n"], 0);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.seen().len(), 6);
    running.settled(message(99)).await;
    assert_eq!(server.has_seen(7).await[6].body["n"], 99);
}

#[tokio::test]
async fn a_dead_letter_is_kept_all_the_same() {
    let server = Server::start().await;
    let running = run(&server.url("/"), unawaited(1 << 20));
    server.script([super::server::status(400)]);
    running.settled(message(1)).await;
    assert_eq!(running.dead_letter().await.class, "refused");
}

#[tokio::test]
async fn the_end_does_not_wait_long() {
    let running = run("http://127.0.0.1:9/", unawaited(1 << 20));
    running.settled(message(1)).await;
    running.is_paused().await;
    let began = Instant::now();
    running.broker.close(Duration::from_secs(30)).await;
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "{:?}",
        began.elapsed()
    );
}
