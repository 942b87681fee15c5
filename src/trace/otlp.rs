//! OTLP: the messages in which spans are sent to a collector, as `opentelemetry-proto` declares them.

use prost::Message;

use super::context::TraceContext;
use super::span::{Recorded, Value};

/// Flags of a span: it is sampled, and it is known whether its parent is of another process.
const SAMPLED: u32 = 1;
const HAS_IS_REMOTE: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// Code of a status: an error.
const ERROR: i32 = 2;

/// Attributes of a resource or a span.
pub(super) type Attributes = Vec<KeyValue>;

#[derive(Clone, PartialEq, Message)]
struct ExportTraceServiceRequest {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Attributes,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<InstrumentationScope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct InstrumentationScope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Attributes,
    #[prost(message, repeated, tag = "13")]
    links: Vec<Link>,
    #[prost(uint32, tag = "14")]
    dropped_links_count: u32,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    flags: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Link {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(fixed32, tag = "6")]
    flags: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "3")]
    code: i32,
}

/// Attribute.
#[derive(Clone, PartialEq, Message)]
pub(super) struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "Is", tags = "1, 3")]
    is: Option<Is>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Is {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(int64, tag = "3")]
    Integer(i64),
}

/// Answer of a collector.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportTraceServiceResponse {
    /// What it has not taken.
    #[prost(message, optional, tag = "1")]
    pub(super) partial_success: Option<ExportTracePartialSuccess>,
}

/// What a collector has not taken.
#[derive(Clone, PartialEq, Message)]
pub(super) struct ExportTracePartialSuccess {
    /// Number of spans.
    #[prost(int64, tag = "1")]
    pub(super) rejected_spans: i64,
    /// Why.
    #[prost(string, tag = "2")]
    pub(super) error_message: String,
}

/// Attribute with this name.
pub(super) fn attribute(key: impl Into<String>, value: Value) -> KeyValue {
    let is = match value {
        Value::Text(text) => Is::Text(text.into_owned()),
        Value::Integer(number) => Is::Integer(number),
    };
    KeyValue {
        key: key.into(),
        value: Some(AnyValue { is: Some(is) }),
    }
}

/// Request with these spans of a resource.
pub(super) fn request(resource: &Attributes, version: &str, spans: Vec<Recorded>) -> Vec<u8> {
    let scope = InstrumentationScope {
        name: "event-grpc".to_owned(),
        version: version.to_owned(),
    };
    let of_scope = ScopeSpans {
        scope: Some(scope),
        spans: spans.into_iter().map(span).collect(),
    };
    let of_resource = ResourceSpans {
        resource: Some(Resource {
            attributes: resource.clone(),
        }),
        scope_spans: vec![of_scope],
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![of_resource],
    };
    request.encode_to_vec()
}

fn span(span: Recorded) -> Span {
    let is_error = span.error.is_some();
    let error = span.error.map(|error| ("error.type", Value::Text(error)));
    let attributes = span.attributes.into_iter().chain(error);
    Span {
        trace_id: span.context.trace.to_vec(),
        span_id: span.context.span.to_vec(),
        parent_span_id: span.parent.map_or_else(Vec::new, |parent| parent.to_vec()),
        name: span.name.into_owned(),
        kind: span.kind as i32,
        start_time_unix_nano: span.start,
        end_time_unix_nano: span.end,
        attributes: attributes
            .map(|(key, value)| attribute(key, value))
            .collect(),
        links: span.links.iter().map(link).collect(),
        dropped_links_count: span.links_left_out,
        status: is_error.then_some(Status { code: ERROR }),
        flags: SAMPLED | HAS_IS_REMOTE | if span.is_remote { IS_REMOTE } else { 0 },
    }
}

fn link(to: &TraceContext) -> Link {
    Link {
        trace_id: to.trace.to_vec(),
        span_id: to.span.to_vec(),
        flags: u32::from(to.is_sampled()),
    }
}
