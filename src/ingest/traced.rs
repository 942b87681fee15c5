//! Spans of intake: a request until it is answered, and a message until the broker has confirmed it.

use std::borrow::Cow;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response as HttpResponse;
use axum::routing::MethodRouter;
use http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode};
use tonic::Code;

use super::answer::PublishOutcome;
use crate::broker::Outgoing;
use crate::contract::headers::TRACE;
use crate::contract::{Intake, Source};
use crate::listen::Refused;
use crate::trace::{Kind, Span, TraceContext, Tracer};

/// What the requests of a route are, for their spans.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    /// Calls of a gRPC method: `package.Service/method`.
    Grpc(&'static str, &'static str),
    /// HTTP requests to a path. That of a webhook may end with a secret, which no span has.
    Http(&'static str),
}

impl Call {
    /// Calls of a source over gRPC.
    pub(super) fn of(source: &Source) -> Self {
        match source.intake {
            Intake::Grpc {
                service, method, ..
            } => Call::Grpc(service, method),
            Intake::Post { path, .. } => Call::Http(path),
        }
    }
}

/// Puts spans around the requests of a route. Without traces the route is as it was.
pub(super) fn around(tracer: &Tracer, call: Call, route: MethodRouter) -> MethodRouter {
    match tracer.is_on() {
        true => route.layer(from_fn_with_state((tracer.clone(), call), record)),
        false => route,
    }
}

/// Span of the request that is being handled, if it is recorded.
pub(super) fn of(tracer: &Tracer, extensions: &Extensions) -> Option<TraceContext> {
    match tracer.is_on() {
        true => extensions.get().copied(),
        false => None,
    }
}

async fn record(
    State((tracer, call)): State<(Tracer, Call)>,
    mut request: Request,
    next: Next,
) -> HttpResponse {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let name = || match call {
        Call::Grpc(service, method) => format!("{service}/{method}"),
        Call::Http(path) => format!("POST {path}"),
    };
    let Some(mut span) = tracer.request(parent(request.headers()), name) else {
        return next.run(request).await;
    };
    match call {
        Call::Grpc(service, method) => {
            span.set("rpc.system.name", "grpc");
            span.set("rpc.method", format!("{service}/{method}"));
        }
        Call::Http(path) => {
            span.set("http.request.method", "POST");
            span.set("http.route", path);
        }
    }
    if let Some(context) = span.context() {
        request.extensions_mut().insert(context);
    }
    let response = next.run(request).await;
    match call {
        Call::Grpc(..) => of_grpc(&mut span, response.headers()),
        Call::Http(_) => of_http(&mut span, response.status()),
    }
    if let Some(refused) = response.extensions().get::<Refused>() {
        span.set("event_grpc.refused", refused.reason);
    }
    span.end();
    response
}

/// Context of the sender. Of several nobody knows which is right.
fn parent(headers: &HeaderMap) -> Option<TraceContext> {
    let mut values = headers.get_all(TRACE).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => TraceContext::parse(value.to_str().ok()?),
        _ => None,
    }
}

fn of_http(span: &mut Span, status: StatusCode) {
    span.set("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.fail(status.as_str().to_owned());
    }
}

/// Notes the status of a call. That of a good one is in its trailers.
fn of_grpc(span: &mut Span, headers: &HeaderMap) {
    let status = headers.get("grpc-status").map(HeaderValue::as_bytes);
    let code = status.map_or(Code::Ok, Code::from_bytes);
    span.set("rpc.response.status_code", name(code));
    let is_ours = matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    );
    if is_ours {
        span.fail(name(code));
    }
}

fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Begins the span of a message that these requests cause, and lets the message carry it.
pub(super) fn publish(
    tracer: &Tracer,
    message: &mut Outgoing,
    by: impl IntoIterator<Item = TraceContext>,
) -> Option<Span> {
    // A routing key that was computed may hold what somebody sent.
    let key = match &message.routing_key {
        Cow::Borrowed(key) => Some(*key),
        Cow::Owned(_) => None,
    };
    let destination = || match key {
        Some(key) => format!("{}:{key}", message.exchange),
        None => message.exchange.to_string(),
    };
    let name = || format!("publish {}", destination());
    let mut span = tracer.caused(by, Kind::Producer, name)?;
    span.set("messaging.system", tracer.messaging());
    span.set("messaging.operation.name", "publish");
    span.set("messaging.operation.type", "send");
    span.set("messaging.destination.name", destination());
    if let Some(key) = key {
        span.set("messaging.rabbitmq.destination.routing_key", key);
    }
    span.set("messaging.message.body.size", message.body.len());
    message.properties.trace = span.context();
    Some(span)
}

/// Ends the span of a message.
pub(super) fn published(span: Option<Span>, outcome: &PublishOutcome) {
    let Some(mut span) = span else {
        return;
    };
    if let Err(error) = outcome {
        span.fail(error.reason());
    }
    span.end();
}
