//! gRPC server: the sources' methods over undecoded bytes, as gRPC and as gRPC-Web, and health.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response as HttpResponse};
use axum::routing::post;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use http_body_util::{BodyExt as _, Full};
use tokio::time::Instant;
use tonic::Status;
use tonic::service::Routes;

use super::body::{Read, Unread};
use super::cors::{self, Cors};
use super::dispatch::{Answered, Body, Dispatch, LONGEST};
use super::encoding::Encoding;
use super::grpc_web::{self, Form, WebCall};
use super::held;
use super::reading::SHOWN;
use super::response::{Refusal, Response};
use super::status::{status, unread};
use super::traced::{self, Call};
use super::unary;
use crate::access::Gate;
use crate::client::Client;
use crate::contract::{Intake, Pipeline};
use crate::health::Health;
use crate::listen::{Refused, of_client, of_source};

/// Headers that declare the encoding of a message, and the accepted encodings of an answer.
const ENCODING: &str = "grpc-encoding";
const ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// Supported message encodings.
const ENCODINGS: &str = "identity,gzip,deflate,zstd";

/// A source with what is in front of it: the pages that may send, and the gate.
pub(super) type Served = (Arc<Dispatch>, Option<Arc<Cors>>, Gate);

/// Router of the gRPC server: each source's method, health, and what is `beside` them.
pub(super) fn routes(
    pipeline: &'static Pipeline,
    sources: &[Served],
    health: &Health,
    beside: Router,
) -> Router {
    let mut router = Router::new();
    for (dispatch, cors, gate) in sources {
        let Some(path) = method(dispatch) else {
            continue;
        };
        let (dispatch, gate) = (Arc::clone(dispatch), gate.clone());
        let source = dispatch.source().name;
        let (tracer, call_of) = (dispatch.tracer().clone(), Call::of(dispatch.source()));
        let handler = move |request: Request| async move {
            let answer = match WebCall::of(request.headers()) {
                Some(web) => call(dispatch, gate, request, Some(web)).await,
                None => match foreign(&request) {
                    Some(response) => response,
                    None => call(dispatch, gate, request, None).await,
                },
            };
            of_source(answer, source)
        };
        let route = traced::around(&tracer, call_of, post(handler));
        router = router.route(&path, cors::around(cors.as_ref(), route));
    }
    let others = Routes::default()
        .into_axum_router()
        .merge(crate::grpc::health(pipeline, health))
        .merge(beside)
        .layer(axum::middleware::from_fn(only_grpc));
    // The fallback of the others answers unknown methods.
    others.merge(router)
}

/// Path of a source's method.
pub(super) fn method(dispatch: &Dispatch) -> Option<String> {
    match dispatch.source().intake {
        Intake::Grpc {
            service, method, ..
        } => Some(format!("/{service}/{method}")),
        Intake::Post { .. } => None,
    }
}

/// Filter in front of health and what is beside it.
async fn only_grpc(request: Request, next: Next) -> HttpResponse {
    match foreign(&request) {
        Some(response) => response,
        None => next.run(request).await,
    }
}

/// Answer to a request that isn't gRPC.
fn foreign(request: &Request) -> Option<HttpResponse> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind.map_or(&b""[..], HeaderValue::as_bytes);
    let is_grpc = kind
        .strip_prefix(b"application/grpc")
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')));
    let (code, reason, text) = if !is_grpc {
        (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            "this port takes gRPC, whose content type is application/grpc, and for methods of events application/grpc-web; JSON goes to the HTTP port",
        )
    } else if request.version() != Version::HTTP_2 {
        (
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "version",
            "gRPC needs HTTP/2",
        )
    } else {
        return None;
    };
    let mut response = (code, text).into_response();
    let refused = Refused::because(reason, text);
    response.extensions_mut().insert(refused);
    Some(response)
}

/// Handles a call of a source's method, as gRPC or as gRPC-Web.
pub(super) async fn call(
    dispatch: Arc<Dispatch>,
    gate: Gate,
    mut request: Request,
    web: Option<WebCall>,
) -> HttpResponse {
    let admitted = gate.admit(&mut request);
    let client = Client::of(request.extensions());
    let sender = match admitted {
        Ok(sender) => sender,
        Err(denied) => {
            return of_client(not_taken(&dispatch.denied(denied), web), client);
        }
    };
    let trace = traced::of(dispatch.tracer(), request.extensions());
    let until = Instant::now() + time_limit(request.headers());
    let read = match read(&dispatch, request, web).await {
        Ok(read) => read,
        Err(error) => return of_client(refused(unread(&error), error.reason(), web), client),
    };
    sender.came(read.bytes.len());
    let left = until.saturating_duration_since(Instant::now());
    let Answered { result, held } = dispatch
        .take(Body::Wire(read.bytes), sender, left, trace)
        .await;
    drop(read.held);
    let response = match result {
        Ok(response) => answered(&response, web),
        Err(refusal) => of_client(not_taken(&refusal, web), client),
    };
    response.map(|body| held::body(body, held))
}

/// Reads and decompresses the one message of a call.
async fn read(dispatch: &Dispatch, request: Request, web: Option<WebCall>) -> Result<Read, Unread> {
    let limit = dispatch.max_request();
    let encoding = encoding(request.headers())?;
    let budget = dispatch.reading();
    let too_large = |error| match error {
        Unread::TooLarge { .. } => Unread::TooLarge { limit },
        error => error,
    };
    let check = |body: &[u8]| unary::check(body, limit);
    let read = if web.is_some_and(|web| web.request == Form::Text) {
        let check_text = |body: &[u8]| grpc_web::check(body, limit);
        let text = budget.read(request, grpc_web::longest(limit), check_text);
        let read = grpc_web::decoded(text.await.map_err(too_large)?)?;
        check(&read.bytes)?;
        read
    } else {
        let read = budget.read(request, unary::longest(limit), check).await;
        read.map_err(too_large)?
    };
    let (packed, bytes) = unary::message(&read.bytes)?;
    let message = Read {
        bytes,
        held: read.held,
    };
    match (packed, encoding) {
        (false, _) => Ok(message),
        (true, Some(encoding)) => budget.unpack(message, encoding, ENCODING, limit).await,
        (true, None) => Err(Unread::Framing {
            code: tonic::Code::Internal,
            text: format!(
                "the message's flag says that it is compressed, but there is no {ENCODING} header"
            ),
        }),
    }
}

/// Encoding of a call's messages, if they are compressed.
fn encoding(headers: &HeaderMap) -> Result<Option<Encoding>, Unread> {
    let Some(value) = headers.get(ENCODING) else {
        return Ok(None);
    };
    let name = value.to_str().unwrap_or_default();
    match Encoding::named(name) {
        _ if name == "identity" => Ok(None),
        // gRPC doesn't define brotli.
        None | Some(Encoding::Brotli) => Err(Unread::Encoding {
            found: String::from_utf8_lossy(value.as_bytes())
                .chars()
                .take(SHOWN)
                .collect(),
            known: "gzip, deflate or zstd",
        }),
        known => Ok(known),
    }
}

/// Answer to an accepted call.
fn answered(response: &Response, web: Option<WebCall>) -> HttpResponse {
    let mut trailers = HeaderMap::with_capacity(1);
    trailers.insert(Status::GRPC_STATUS, HeaderValue::from_static("0"));
    let message = unary::framed(response);
    let (body, kind) = match web {
        None => {
            let trailers = std::future::ready(Some(Ok::<_, std::convert::Infallible>(trailers)));
            let body = HttpBody::new(Full::new(message).with_trailers(trailers));
            (body, HeaderValue::from_static("application/grpc"))
        }
        Some(web) => (web.body(&message, &trailers).into(), web.media_type()),
    };
    let mut response = HttpResponse::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Answer to a call that is not taken.
fn not_taken(refusal: &Refusal, web: Option<WebCall>) -> HttpResponse {
    let mut response = refused(status(refusal), refusal.outcome(), web);
    if let Some(refused) = response.extensions_mut().get_mut::<Refused>() {
        refused.by_events = refusal.is_of_events();
    }
    response
}

/// Answer to a refused call. The status is in the headers, and for gRPC-Web in the body too: its clients differ in where
/// they look.
fn refused(status: Status, reason: &'static str, web: Option<WebCall>) -> HttpResponse {
    let text = status.message().to_owned();
    let mut response: HttpResponse = status.into_http();
    if let Some(web) = web {
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        let body = web.body(&[], headers);
        headers.insert(header::CONTENT_TYPE, web.media_type());
        *response.body_mut() = body.into();
    }
    if reason == "encoding" {
        let known = HeaderValue::from_static(ENCODINGS);
        response.headers_mut().insert(ACCEPTED, known);
    }
    let refused = Refused::because(reason, text);
    response.extensions_mut().insert(refused);
    response
}

/// Client deadline, less the time that it takes to deliver the answer.
fn time_limit(headers: &HeaderMap) -> Duration {
    let client = headers
        .get("grpc-timeout")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| {
            let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
            let amount: u32 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
            let unit = match unit {
                "H" => Duration::from_secs(3600),
                "M" => Duration::from_secs(60),
                "S" => Duration::from_secs(1),
                "m" => Duration::from_millis(1),
                "u" => Duration::from_micros(1),
                "n" => Duration::from_nanos(1),
                _ => return None,
            };
            unit.checked_mul(amount)
        });
    match client {
        Some(timeout) => timeout.saturating_sub((timeout / 10).min(Duration::from_millis(100))),
        None => LONGEST,
    }
}
