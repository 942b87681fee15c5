//! Bounds of taps: no cost while nobody looks, nothing waits for a slow reader, and what is closed is gone.

use std::time::{Duration, Instant};

use bytes::Bytes;
use event_grpc::generated::proto::event::event::EventOf;
use event_grpc::generated::proto::event::{AddToCartEvent, Events};
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::{TOKEN, Tapping, guarded, refused};
use crate::app::support::{Instance, event};
use crate::app::{cart, header};

/// Sends a request with so many events.
async fn send(app: &Instance, id: &str, count: usize) {
    let events = (0..count).map(|at| cart(&format!("{id}-{at}"), "1760000000123"));
    let request = Events {
        header: header(),
        events: events.collect(),
    };
    assert_eq!(
        app.dispatch(request).await.unwrap().accepted as usize,
        count
    );
}

async fn until(mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < super::LONGEST, "it never came to be");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_stage_does_anything_while_nobody_looks() {
    guarded("tap_none", async |running, app| {
        send(app, "before", 200).await;
        assert_eq!(running.taps().looks(), 0, "nothing was offered to anybody");
        let mut tapping = Tapping::start(app, &["--stage", "stored"]).await;
        send(app, "while", 1).await;
        assert_eq!(tapping.event().await["id"], "while-0");
        let looks = running.taps().looks();
        assert!(looks > 0);
        // Who looks goes away without a word.
        tapping.child.kill().await.unwrap();
        until(|| running.taps().count() == 0).await;
        send(app, "after", 200).await;
        assert_eq!(running.taps().looks(), looks);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_slowly_misses_events_and_is_told_and_nothing_waits() {
    guarded("tap_slow", async |running, app| {
        let mut body = open(app, "/tap?stage=received&per_second=10000").await;
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(first.starts_with(b"{\"tap\""), "{first:?}");
        // More than sockets and the tap hold, while nobody reads.
        let text = "x".repeat(200 << 10);
        for at in 0..30 {
            let events = (0..5).map(|of| {
                let payload = AddToCartEvent {
                    cart_id: text.clone(),
                    ..Default::default()
                };
                event(
                    &format!("large-{at}-{of}"),
                    "1760000000123",
                    EventOf::AddToCartEvent(payload),
                )
            });
            let request = Events {
                header: header(),
                events: events.collect(),
            };
            assert_eq!(app.dispatch(request).await.unwrap().accepted, 5);
        }
        // Now it reads, and learns what it missed.
        let (mut text, mut told) = (Vec::new(), Value::Null);
        let mut events = 0;
        while told["dropped"].as_u64().unwrap_or_default() == 0 || events == 0 {
            let frame = tokio::time::timeout(super::LONGEST, body.frame()).await;
            let piece = frame.unwrap().unwrap().unwrap().into_data().unwrap();
            text.extend_from_slice(&piece);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                let mut line: Value = serde_json::from_slice(&line).unwrap();
                match line.get_mut("tap") {
                    Some(tap) => told = tap.take(),
                    None => events += 1,
                }
            }
        }
        let count = |name: &str| told[name].as_u64().unwrap();
        assert!(count("dropped") + count("looked_at") <= 150, "{told}");
        drop(body);
        until(|| running.taps().count() == 0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_few_taps_and_each_ends_in_time() {
    guarded("tap_few", async |running, app| {
        let mut bodies = Vec::new();
        for _ in 0..event_grpc::tap::MOST {
            bodies.push(open(app, "/tap?for=2").await);
        }
        until(|| running.taps().count() == event_grpc::tap::MOST).await;
        let said = refused(app, &[], Some(TOKEN)).await;
        assert!(said.contains("close one"), "{said}");
        for body in bodies {
            let text = tokio::time::timeout(super::LONGEST, body.collect()).await;
            let text = text.unwrap().unwrap().to_bytes();
            let last = String::from_utf8_lossy(&text);
            assert!(
                last.lines().last().unwrap().contains("\"state\":\"time\""),
                "{last}"
            );
        }
        until(|| running.taps().count() == 0).await;
    })
    .await;
}

/// Answer of operations that is read as it comes.
async fn open(app: &Instance, path: &str) -> Incoming {
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(app.ops_url(path));
    let request = request.header("authorization", format!("Bearer {TOKEN}"));
    let answer = client
        .request(request.body(Empty::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body()
}
