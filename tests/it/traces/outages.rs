//! A collector that is down, hangs or refuses: it costs spans, which are counted, and nothing else.

use std::time::{Duration, Instant};

use event_grpc::app::Config;
use event_grpc::trace::Options;
use http::Method;
use tokio::net::TcpListener;

use super::collector::Collector;
use super::{call, calls, traced};
use crate::app::support::{Instance, eventually};
use crate::http::request;

async fn spans(app: &Instance, outcome: &str) -> u64 {
    let metrics = request(Method::GET, &app.ops_url("/metrics"), &[], "")
        .await
        .text;
    let start = format!("event_grpc_trace_spans_total{{outcome=\"{outcome}\"}} ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&start));
    line.expect(&metrics).parse().unwrap()
}

async fn is_degraded(app: &Instance) -> bool {
    let (ready, report) = app.readiness().await;
    assert!(ready, "{report}");
    let degraded = report["degraded"].as_array().unwrap().iter();
    degraded
        .into_iter()
        .any(|one| one["code"] == "trace_export")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_costs_counted_spans_and_holds_nothing_up() {
    const CALLS: usize = 4000;
    // It accepts connections, and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let mut connections = Vec::new();
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = silent.accept().await {
            connections.push(stream);
        }
    });
    let change = |config: &mut Config| config.traces = Some(Options::new(&endpoint, 1.0).unwrap());
    let took = traced("trace_hangs", change, async |app, store| {
        let before = spans(app, "queue_full").await;
        calls(app, "e", CALLS, None).await;
        eventually(
            store,
            "SELECT uniqExact(event_id) FROM DB.event",
            CALLS as u64,
        )
        .await;
        // Each call has a span at least, and fewer wait or are under way.
        assert!(spans(app, "queue_full").await > before);
    })
    .await;
    // Less than it would wait for one answer.
    assert!(took < Duration::from_secs(8), "{took:?}");
    accepting.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_down_is_told_and_gets_what_comes_once_it_is_back() {
    let collector = Collector::start().await;
    let options = collector.options(1.0);
    let change = |config: &mut Config| config.traces = Some(options);
    traced("trace_down", change, async |app, store| {
        collector.answer(503);
        call(app, "e-1", None).await;
        let until = Instant::now() + Duration::from_secs(60);
        while !is_degraded(app).await {
            assert!(Instant::now() < until, "nothing is told");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        eventually(store, "SELECT count() FROM DB.event", 1).await;
        assert!(collector.spans().is_empty());
        // A status that is none: it is well again, and gets what it did not take at first.
        collector.answer(0);
        collector
            .until("what it did not take", |spans| spans.len() >= 4)
            .await;
        while is_degraded(app).await {
            assert!(Instant::now() < until, "it is still told");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // What it refuses for good isn't sent again.
        let before = spans(app, "refused").await;
        collector.answer(400);
        call(app, "e-2", None).await;
        while spans(app, "refused").await < before + 4 {
            assert!(Instant::now() < until, "it is still sent");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
    .await;
}
