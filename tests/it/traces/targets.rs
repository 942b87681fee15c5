//! Traces that go on to HTTP APIs.

use event_grpc::trace::{TraceContext, Tracer};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use tokio_util::sync::CancellationToken;

use super::collector::{Collector, attribute, named};
use super::{TRACE, hex, sampled};
use crate::forward::server::{Server, status};
use crate::forward::support::{KEY, Options, message, run};

#[tokio::test]
async fn a_target_gets_the_context_of_each_attempt_and_none_without_traces() {
    let (collector, target) = (Collector::start().await, Server::start().await);
    let (tracer, exporter) = Tracer::new(&collector.options(1.0), "memory").unwrap();
    let stop = CancellationToken::new();
    let exporting = tokio::spawn(exporter.run(stop.clone()));
    let traced = |n: i64| {
        let mut message = message(n);
        message.properties.trace = TraceContext::parse(&sampled());
        message
    };
    let mut running = run(
        &target.url("/api/t0ken"),
        Options {
            tracer,
            ..Options::default()
        },
    );
    target.script([status(503)]);
    running.settled(traced(1)).await;
    running.settled(message(2)).await;
    running.stop().await;
    let mut untraced = run(&target.url("/api"), Options::default());
    untraced.settled(traced(3)).await;
    untraced.stop().await;
    stop.cancel();
    exporting.await.unwrap();

    let sent: Vec<Option<String>> = target
        .seen()
        .iter()
        .map(|seen| seen.headers.get("traceparent").cloned())
        .collect();
    let spans = collector.spans();
    let [process] = named(&spans, "process api_q")[..] else {
        panic!("{spans:#?}")
    };
    let posts = named(&spans, "POST");
    let expected = posts
        .iter()
        .map(|span| Some(format!("00-{TRACE}-{}-01", hex(&span.span_id))));
    assert_eq!(sent, expected.chain([None, None]).collect::<Vec<_>>());
    for (post, status, error) in [(posts[0], "503", "503"), (posts[1], "200", "")] {
        assert_eq!(post.kind(), SpanKind::Client);
        assert_eq!(post.parent_span_id, process.span_id);
        assert_eq!(attribute(post, "http.request.method"), "POST");
        assert_eq!(attribute(post, "http.response.status_code"), status);
        assert_eq!(attribute(post, "error.type"), error);
        assert_eq!(attribute(post, "server.address"), "127.0.0.1");
        assert!(
            attribute(post, "url.full").ends_with("/api/***"),
            "{post:#?}"
        );
    }
    assert_eq!(spans.len(), 3, "{spans:#?}");
    let all = format!("{spans:?}");
    assert!(!all.contains("t0ken") && !all.contains(KEY), "{all}");
}
