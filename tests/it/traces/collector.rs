//! A collector of traces, which reads OTLP as its own project declares it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use event_grpc::trace::Options;
use http::{HeaderMap, StatusCode};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A running collector. Dropped, it is gone.
pub(crate) struct Collector {
    address: SocketAddr,
    seen: Arc<Seen>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    spans: Mutex<Vec<Span>>,
    resource: Mutex<Vec<KeyValue>>,
    headers: Mutex<HeaderMap>,
    /// Answer; 0 for 200.
    status: AtomicU16,
}

impl Collector {
    pub(crate) async fn start() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let router = Router::new()
            .route("/v1/traces", post(take))
            .with_state(Arc::clone(&seen));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Collector {
            address,
            seen,
            task,
        }
    }

    /// Options that send this share of requests to it.
    pub(crate) fn options(&self, ratio: f64) -> Options {
        Options::new(&format!("http://{}", self.address), ratio).unwrap()
    }

    /// Answers with this status from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.seen.status.store(status, Ordering::SeqCst);
    }

    /// Spans that came.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.seen.spans.lock().unwrap().clone()
    }

    /// Waits until the spans fulfil a condition.
    pub(crate) async fn until(&self, what: &str, are: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        for _ in 0..300 {
            let spans = self.spans();
            if are(&spans) {
                return spans;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{what}: {:#?}", self.spans());
    }

    /// Attributes of the instance that sent the last ones.
    pub(crate) fn resource(&self, name: &str) -> String {
        text(&self.seen.resource.lock().unwrap(), name)
    }

    /// A header of the last export.
    pub(crate) fn header(&self, name: &str) -> String {
        let headers = self.seen.headers.lock().unwrap();
        let value = headers.get(name).expect(name);
        value.to_str().unwrap().to_owned()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let status = seen.status.load(Ordering::SeqCst);
    if let Ok(refusal) = StatusCode::from_u16(status) {
        return refusal;
    }
    let Ok(export) = ExportTraceServiceRequest::decode(body) else {
        return StatusCode::BAD_REQUEST;
    };
    for of_resource in export.resource_spans {
        *seen.resource.lock().unwrap() = of_resource.resource.unwrap().attributes;
        let scopes = of_resource.scope_spans.into_iter();
        let spans = scopes.flat_map(|scope| scope.spans);
        seen.spans.lock().unwrap().extend(spans);
    }
    *seen.headers.lock().unwrap() = headers;
    StatusCode::OK
}

/// An attribute as a text; empty if it isn't there.
pub(crate) fn attribute(span: &Span, name: &str) -> String {
    text(&span.attributes, name)
}

fn text(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    let value = found.and_then(|found| found.value.clone()?.value);
    match value {
        None => String::new(),
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(other) => panic!("{name} is {other:?}"),
    }
}

/// The spans with a name.
pub(crate) fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}
