//! Traces of whole instances: what a collector gets of requests, messages and inserts, and what it can't hold up.

mod collector;
mod outages;
mod targets;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use event_grpc::app::Config;
use event_grpc::broker::{Address, Broker, Link, Rabbit, RabbitOptions, Topology};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::generated::proto::event::event_service_client::EventServiceClient;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use futures_util::future::join_all;
use http::Method;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::json;
use tonic::Request;

use crate::app::support::{Instance, config, eventually, started};
use crate::app::{cart, header};
use crate::clickhouse::support::in_database;
use crate::http::request;
use crate::support::topology::Vhost;
use collector::{Collector, attribute, named};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";
const SERVER: &str = "event.EventService/dispatch";
const PUBLISH: &str = "publish grpc_event.tx:AddToCartEvent";
const PROCESS: &str = "process grpc_clickhouse_event_q";
const INSERT: &str = "INSERT event";

fn sampled() -> String {
    format!("00-{TRACE}-{SPAN}-01")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs an instance whose options are changed, in a database of its own; answers with the time that it took to end.
async fn traced(
    name: &str,
    change: impl FnOnce(&mut Config),
    test: impl AsyncFnOnce(&Instance, &ClickHouse),
) -> Duration {
    let mut took = Duration::ZERO;
    in_database(name, async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let mut config = config(&store);
        change(&mut config);
        let (app, seen) = started(config).await;
        test(&seen, &store).await;
        drop(seen);
        let began = Instant::now();
        app.stop().await;
        took = began.elapsed();
    })
    .await;
    took
}

/// Calls the method with a trace context.
async fn call(instance: &Instance, id: &str, traceparent: Option<&str>) {
    let events = vec![cart(id, "1760000000123")];
    let mut request = Request::new(Events {
        header: header(),
        events,
    });
    if let Some(text) = traceparent {
        request
            .metadata_mut()
            .insert("traceparent", text.parse().unwrap());
    }
    request.set_timeout(Duration::from_secs(30));
    let mut client = EventServiceClient::new(instance.channel());
    assert_eq!(
        client
            .dispatch(request)
            .await
            .unwrap()
            .into_inner()
            .accepted,
        1
    );
}

/// Makes so many calls, a hundred at a time.
async fn calls(instance: &Instance, id: &str, count: usize, traceparent: Option<&str>) {
    let all: Vec<String> = (0..count).map(|n| format!("{id}-{n}")).collect();
    for some in all.chunks(100) {
        join_all(some.iter().map(|id| call(instance, id, traceparent))).await;
    }
}

/// The one span with a name; its parent is that span.
fn below<'a>(spans: &'a [Span], name: &str, parent: &[u8]) -> &'a Span {
    let found = named(spans, name);
    let [span] = found.as_slice() else {
        panic!("{} of {name}: {spans:#?}", found.len())
    };
    assert_eq!(hex(&span.parent_span_id), hex(parent), "{span:#?}");
    span
}

/// Checks the spans of the one call that was made in [`TRACE`].
fn is_one_trace(spans: &[Span], messaging: &str) {
    let parent: Vec<u8> = (0..8)
        .map(|at| u8::from_str_radix(&SPAN[at * 2..at * 2 + 2], 16).unwrap())
        .collect();
    let server = below(spans, SERVER, &parent);
    let publish = below(spans, PUBLISH, &server.span_id);
    let process = below(spans, PROCESS, &publish.span_id);
    let insert = below(spans, INSERT, &process.span_id);
    let kinds = [
        (server, SpanKind::Server),
        (publish, SpanKind::Producer),
        (process, SpanKind::Consumer),
        (insert, SpanKind::Client),
    ];
    for (span, kind) in kinds {
        assert_eq!(hex(&span.trace_id), TRACE, "{span:#?}");
        assert_eq!(span.kind(), kind, "{span:#?}");
        assert!(span.status.is_none(), "{span:#?}");
        assert!(
            0 < span.start_time_unix_nano && span.start_time_unix_nano <= span.end_time_unix_nano,
            "{span:#?}"
        );
    }
    for (span, name, value) in [
        (server, "rpc.system.name", "grpc"),
        (server, "rpc.method", SERVER),
        (server, "rpc.response.status_code", "OK"),
        (publish, "messaging.system", messaging),
        (publish, "messaging.operation.type", "send"),
        (
            publish,
            "messaging.destination.name",
            "grpc_event.tx:AddToCartEvent",
        ),
        (process, "messaging.system", messaging),
        (process, "messaging.operation.type", "process"),
        (
            process,
            "messaging.destination.name",
            "grpc_clickhouse_event_q",
        ),
        (process, "event_grpc.ending", "acknowledged"),
        (process, "event_grpc.units.stored", "1"),
        (insert, "db.system.name", "clickhouse"),
        (insert, "db.operation.name", "INSERT"),
        (insert, "db.collection.name", "event"),
        (insert, "db.operation.batch.size", "1"),
    ] {
        assert_eq!(attribute(span, name), value, "{span:#?}");
    }
    // Nothing of what was sent.
    let all = format!("{spans:?}");
    for sent in ["e-1", "c-1", "s-1", "android"] {
        assert!(!all.contains(sent), "{sent}: {spans:#?}");
    }
}

fn whole(spans: &[Span]) -> bool {
    [SERVER, PUBLISH, PROCESS, INSERT]
        .iter()
        .all(|name| !named(spans, name).is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_one_trace_from_its_sender_to_the_insert() {
    let collector = Collector::start().await;
    let mut options = collector.options(1.0).with_headers("x-tenant=t-1").unwrap();
    options.service = "events".to_owned();
    options.attributes = vec![("deployment.environment.name".to_owned(), "test".to_owned())];
    traced(
        "trace_memory",
        |config| config.traces = Some(options),
        async |app, _| {
            call(app, "e-1", Some(&sampled())).await;
            let spans = collector.until("a trace", whole).await;
            is_one_trace(&spans, "memory");
            assert_eq!(collector.resource("service.name"), "events");
            assert_eq!(
                collector.resource("service.version"),
                env!("CARGO_PKG_VERSION")
            );
            assert_eq!(collector.resource("deployment.environment.name"), "test");
            assert_eq!(collector.header("x-tenant"), "t-1");
            assert_eq!(collector.header("content-type"), "application/x-protobuf");
            let metrics = request(Method::GET, &app.ops_url("/metrics"), &[], "")
                .await
                .text;
            assert!(
                metrics.contains("event_grpc_trace_spans_total{outcome=\"exported\"} "),
                "{metrics}"
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_on_behind_rabbitmq() {
    let (collector, vhost) = (Collector::start().await, Vhost::create());
    let change = |config: &mut Config| {
        config.amqp_url = Some(vhost.url());
        config.traces = Some(collector.options(1.0));
    };
    traced("trace_rabbit", change, async |app, _| {
        call(app, "e-1", Some(&sampled())).await;
        is_one_trace(&collector.until("a trace", whole).await, "rabbitmq");
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_of_many_messages_is_linked_to_all_of_them() {
    const CALLS: usize = 20;
    let (collector, vhost) = (Collector::start().await, Vhost::create());
    let change = |config: &mut Config| {
        config.amqp_url = Some(vhost.url());
        config.traces = Some(collector.options(1.0));
    };
    traced("trace_links", change, async |app, store| {
        // One after the other, so that each is a message.
        for n in 0..CALLS {
            call(app, &format!("e-{n}"), None).await;
        }
        eventually(
            store,
            "SELECT uniqExact(event_id) FROM DB.event",
            CALLS as u64,
        )
        .await;
        let causes = |spans: &[Span]| {
            let inserts = named(spans, INSERT).into_iter();
            let causes = inserts.flat_map(|span| {
                let links = span.links.iter().map(|link| link.span_id.clone());
                links
                    .chain([span.parent_span_id.clone()])
                    .collect::<Vec<_>>()
            });
            causes.collect::<BTreeSet<_>>()
        };
        let settled =
            |spans: &[Span]| named(spans, PROCESS).len() == CALLS && causes(spans).len() == CALLS;
        let spans = collector.until("all are linked", settled).await;
        let processed: BTreeSet<_> = named(&spans, PROCESS)
            .iter()
            .map(|span| span.span_id.clone())
            .collect();
        assert_eq!(processed, causes(&spans));
        let several = named(&spans, INSERT)
            .into_iter()
            .any(|span| !span.links.is_empty());
        assert!(several, "each insert was of one message: {spans:#?}");
        let traces: BTreeSet<_> = spans.iter().map(|span| span.trace_id.clone()).collect();
        assert_eq!(traces.len(), CALLS);
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_cannot_switch_tracing_on_beyond_the_share() {
    const CALLS: usize = 1000;
    let collector = Collector::start().await;
    let options = collector.options(0.05);
    traced(
        "trace_share",
        |config| config.traces = Some(options),
        async |app, _| {
            calls(app, "e", CALLS, Some(&sampled())).await;
            // One that says that it isn't traced has no place to be shown in.
            let unsampled = sampled().replace("-01", "-00");
            calls(app, "u", 100, Some(&unsampled)).await;
        },
    )
    .await;
    // The instance has ended, and exported what it had.
    let (spans, share) = (collector.spans(), CALLS / 20);
    let calls = named(&spans, SERVER).len();
    // A few more may be at once.
    assert!((share..=share + 64 + 5).contains(&calls), "{calls}");
    for name in [PUBLISH, PROCESS, INSERT] {
        let count = named(&spans, name).len();
        assert!((1..=calls).contains(&count), "{count} of {name}, {calls}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_refused_says_why_and_a_webhook_shows_no_secret() {
    let collector = Collector::start().await;
    let options = collector.options(1.0);
    traced("trace_http", |config| config.traces = Some(options), async |app, _| {
        let context = sampled();
        let headers = [("content-type", "application/json"), ("traceparent", &*context)];
        let post = async |path: &str, body: &str| {
            request(Method::POST, &app.url(path), &headers, body.to_owned()).await.status
        };
        assert_eq!(post("/event/dispatch", "{\"header\":").await, 400);
        let event = json!({"userId": "u-1", "eventName": "Seen", "eventTime": "1760000000000", "eventData": {}});
        assert_eq!(post("/webengage/event/", &event.to_string()).await, 200);
        let spans = collector
            .until("both", |spans| spans.iter().filter(|span| span.kind() == SpanKind::Server).count() == 2)
            .await;
        let [refused] = named(&spans, "POST /event/dispatch")[..] else { panic!("{spans:#?}") };
        assert_eq!(attribute(refused, "http.response.status_code"), "400");
        assert_eq!(attribute(refused, "http.route"), "/event/dispatch");
        assert!(!attribute(refused, "event_grpc.refused").is_empty(), "{refused:#?}");
        // The client's mistake is no error of the server.
        assert!(refused.status.is_none(), "{refused:#?}");
        let [taken] = named(&spans, "POST /webengage/event/")[..] else { panic!("{spans:#?}") };
        assert_eq!(attribute(taken, "http.response.status_code"), "200");
        assert!(!format!("{spans:?}").contains("u-1"), "{spans:#?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_stays_in_its_trace_and_is_an_error_there() {
    let (collector, vhost) = (Collector::start().await, Vhost::create());
    let change = |config: &mut Config| {
        config.amqp_url = Some(vhost.url());
        config.traces = Some(collector.options(1.0));
    };
    traced("trace_letter", change, async |app, store| {
        let context = event_grpc::trace::TraceContext::parse(&sampled());
        let properties = event_grpc::broker::Properties {
            trace: context,
            ..Default::default()
        };
        let bad =
            event_grpc::broker::Outgoing::new("grpc_event.tx", "AddToCartEvent", vec![0x2a, 0xff]);
        app.broker().publish(bad.with(properties)).await.unwrap();
        eventually(
            store,
            "SELECT count() FROM DB.error_event WHERE headers NOT LIKE '%traceparent%'",
            1,
        )
        .await;
        let is_kept = |spans: &[Span]| !named(spans, "INSERT error_event").is_empty();
        let spans = collector.until("the letter", is_kept).await;
        let [process] = named(&spans, PROCESS)[..] else {
            panic!("{spans:#?}")
        };
        assert_eq!(process.status.as_ref().unwrap().code(), StatusCode::Error);
        assert_eq!(attribute(process, "error.type"), "malformed");
        assert_eq!(attribute(process, "event_grpc.units.dead_lettered"), "1");
        assert!(
            spans.iter().all(|span| hex(&span.trace_id) == TRACE),
            "{spans:#?}"
        );
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn without_traces_nothing_is_recorded_and_no_message_has_a_header() {
    let vhost = Vhost::create();
    for (ratio, expected) in [(None, false), (Some(1.0), true)] {
        let collector = Collector::start().await;
        let change = |config: &mut Config| {
            config.amqp_url = Some(vhost.url());
            config.traces = ratio.map(|ratio| collector.options(ratio));
        };
        traced("trace_off", change, async |app, _| {
            // Of these messages a queue whose request is off gets one each, which waits there.
            let event = json!({"userId": "u-1", "eventName": "Seen", "eventTime": "1760000000000", "eventData": {}});
            let context = sampled();
            let headers = [("traceparent", &*context)];
            let url = app.url("/webengage/event/");
            let answer = request(Method::POST, &url, &headers, event.to_string()).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let topology = Topology::of(&PIPELINE, |_| true);
            let rabbit = Rabbit::connect(Address::parse(&vhost.url()).unwrap(), topology, RabbitOptions::default());
            rabbit.status().wait_for(|s| s.link == Link::Up).await.unwrap();
            let deliveries = rabbit.consume("webengage_event_q").unwrap();
            let delivery = deliveries.next().await.unwrap();
            assert_eq!(delivery.properties.trace.is_some(), expected, "{delivery:?}");
            assert!(delivery.properties.header("traceparent").is_none());
            assert_eq!(delivery.ack.ack().await, event_grpc::broker::Settled::Done);
            rabbit.close(Duration::from_secs(5)).await;
        })
        .await;
        // The instance has ended, and exported what it had.
        assert_eq!(!collector.spans().is_empty(), expected);
    }
    vhost.delete();
}
