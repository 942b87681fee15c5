//! Bounds of requests: pools, and the sizes of messages.

use std::time::{Duration, Instant};

use event_grpc::contract::Pool;
use event_grpc::ingest::Limits;
use event_grpc::ingest::pool::sizes;
use prost::Message;
use tonic::Code;

use super::server::{POOL, Raw, Server, until};
use super::{pipeline, request};
use crate::scan::fixture::EventBatch;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_pool_says_when_to_try_again() {
    // Room for one request: its bytes and what every request costs.
    let server = Server::start(
        Limits::embedded(),
        Pool {
            bytes: 3 << 10,
            ..POOL
        },
    )
    .await;
    server.acknowledge(false);
    let body = request(10);
    let first = tokio::spawn({
        let call = server.channel.clone();
        let body = body.clone();
        async move { Server::call_on(call, body).await }
    });
    until(|| server.count("all_q") == 1).await;
    let start = Instant::now();
    let status = server.call(body.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(start.elapsed() >= Duration::from_millis(POOL.timeout_ms));
    // google.rpc.Status with a RetryInfo of one second among its details.
    let details = Raw::fields(status.details());
    let any = details.iter().find(|(number, _)| *number == 3).unwrap();
    let any = Raw::fields(&any.1);
    assert_eq!(any[0].1, b"type.googleapis.com/google.rpc.RetryInfo");
    assert_eq!(any[1].1, [10, 2, 8, 1]);

    server.acknowledge(true);
    first.await.unwrap().unwrap();
    server.call(body).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_go_the_same_way_share_messages() {
    // While one message is under way, the others gather; with a linger they wait for each other, and longer than that
    // if the broker has as many messages as it may.
    let lingering = Limits {
        linger: Duration::from_millis(300),
        ..Limits::remote()
    };
    let busy = Limits {
        linger: Duration::from_millis(1),
        in_flight: 1,
        ..Limits::remote()
    };
    for (limits, at_first) in [(Limits::embedded(), 1), (lingering, 0), (busy, 1)] {
        let server = Server::start(limits, POOL).await;
        server.acknowledge(false);
        let mut calls = Vec::new();
        for _ in 0..20 {
            calls.push(tokio::spawn(Server::call_on(
                server.channel.clone(),
                request(3),
            )));
            if calls.len() == 1 {
                until(|| server.count("all_q") >= at_first).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(server.count("all_q"), at_first);
        server.acknowledge(true);
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap().accepted, 3);
        }
        assert_eq!(server.count("all_q"), at_first + 1);
        let seen = server.seen.lock().unwrap();
        let batches = seen
            .iter()
            .map(|seen| EventBatch::decode(seen.delivery.body.clone()).unwrap());
        assert_eq!(batches.map(|batch| batch.batches.len()).sum::<usize>(), 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_for_another_of_its_way_but_not_for_ever() {
    let limits = Limits {
        linger: Duration::from_millis(100),
        ..Limits::remote()
    };
    let server = Server::start(limits, POOL).await;
    server.acknowledge(false);
    let call = || tokio::spawn(Server::call_on(server.channel.clone(), request(3)));
    let first = call();
    until(|| server.count("all_q") == 1).await;
    let start = Instant::now();
    let second = call();
    // The first is not confirmed; after three waits or four the second goes all the same.
    until(|| server.count("all_q") == 2).await;
    assert!(start.elapsed() >= Duration::from_millis(250));
    server.acknowledge(true);
    for call in [first, second] {
        assert_eq!(call.await.unwrap().unwrap().accepted, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_big_request_becomes_several_messages() {
    let limits = Limits {
        bytes: 1000,
        events: 10,
        ..Limits::embedded()
    };
    let server = Server::start(limits, POOL).await;
    assert_eq!(server.call(request(95)).await.unwrap().accepted, 95);
    assert_eq!(server.count("all_q"), 10);
}

#[test]
fn pool_sizes_come_from_the_environment() {
    let pipeline = pipeline::pipeline(POOL);
    let source = |name: &str| {
        let mut sources = pipeline.sources.iter();
        sources.find(|source| source.name == name).unwrap()
    };
    let (app, hook) = (source("app"), source("hook"));
    let set = |name: &'static str, value: &'static str| {
        move |variable: &str| (variable == name).then(|| value.to_owned())
    };
    assert_eq!(sizes(app, |_| None).unwrap().workers, 4);
    assert_eq!(
        sizes(app, set("EVENT_WORKER_POOL_SIZE", "9"))
            .unwrap()
            .workers,
        9
    );
    assert_eq!(
        sizes(app, set("EVENT_BUFFERED_CHANNEL_SIZE", "0"))
            .unwrap()
            .buffer,
        0
    );
    assert_eq!(
        sizes(app, set("APP_WORKER_POOL_SIZE", "9"))
            .unwrap()
            .workers,
        4
    );
    assert_eq!(
        sizes(hook, set("HOOK_BUFFERED_CHANNEL_SIZE", "7"))
            .unwrap()
            .buffer,
        7
    );
    for nonsense in ["many", "0", "-1", "1.5", "99999999999"] {
        let error = sizes(hook, set("HOOK_WORKER_POOL_SIZE", nonsense))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("HOOK_WORKER_POOL_SIZE") && error.contains(nonsense),
            "{error}"
        );
    }
}
