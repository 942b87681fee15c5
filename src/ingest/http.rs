//! HTTP server: proto3 JSON and protobuf for clients without gRPC, webhooks, and the heartbeat.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response as HttpResponse};
use axum::routing::{MethodRouter, get, post};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::body::{Read, Unread};
use super::cors::{self, Cors};
use super::denial;
use super::dispatch::{Answered, Body, Dispatch, LONGEST};
use super::encoding::Encoding;
use super::grpc;
use super::grpc_web::WebCall;
use super::held;
use super::media::{self, Media};
use super::reading::{Budget, SHOWN};
use super::response::{Refusal, error, refused_as};
use super::status::{RETRY_AFTER_SECONDS, may_repeat};
use super::traced::{self, Call};
use super::webhook::{Taken, Webhook};
use crate::access::Gate;
use crate::client::Client;
use crate::grpc::NOT_SERVED;
use crate::health::Health;
use crate::listen::{Refused, of_client, of_source};

/// Supported media types of requests with events, and of a webhook's message.
const EVENTS: &str = "application/json, application/…+json, application/x-protobuf or application/protobuf; text/plain is \
                      taken as JSON of pages whose origin `cors` of the source allows";
const MESSAGE: &str = "application/json, or application/…+json";

/// Supported content encodings.
const ENCODINGS: &str = "gzip, deflate, br, zstd";

/// Route of GET `/heartbeat/`, for load balancers. It can be set on the operations listener only.
pub fn heartbeat_route(health: Health) -> Router {
    let handler = get(move || async move { health.answer() });
    let unserved = || async {
        with_code(
            StatusCode::METHOD_NOT_ALLOWED,
            json!({ "error": NOT_SERVED }),
        )
    };
    either_way(Router::new(), "/heartbeat/", handler.fallback(unserved))
}

/// Route that accepts a source's requests as proto3 JSON, as protobuf and as gRPC-Web: at this path, and at that of its
/// method, so that a page needs the address of this port only.
pub fn events_route(
    path: &'static str,
    dispatch: Arc<Dispatch>,
    cors: Option<&Arc<Cors>>,
    gate: Gate,
) -> Router {
    let (method, tracer) = (grpc::method(&dispatch), dispatch.tracer().clone());
    let source = dispatch.source().name;
    let handler = move |request: Request| async move {
        let answer = match WebCall::of(request.headers()) {
            Some(web) => grpc::call(dispatch, gate, request, Some(web)).await,
            None => events(dispatch, gate, request).await,
        };
        of_source(answer, source)
    };
    let fallback = move |headers: HeaderMap| async move {
        let answer = media::of_answer(&headers);
        let answer = no_post(|code, text| media::response(code, answer, refused_as(text)));
        of_source(answer, source)
    };
    let route = traced::around(&tracer, Call::Http(path), post(handler).fallback(fallback));
    let route = cors::around(cors, route);
    let router = either_way(Router::new(), path, route.clone());
    match method.filter(|method| method != path.trim_end_matches('/')) {
        Some(method) => router.route(&method, route),
        None => router,
    }
}

/// Answers a request with events.
async fn events(dispatch: Arc<Dispatch>, gate: Gate, mut request: Request) -> HttpResponse {
    let answer = media::of_answer(request.headers());
    let told = |code, text| media::response(code, answer, refused_as(text));
    let admitted = gate.admit(&mut request);
    let client = Client::of(request.extensions());
    let sender = match admitted {
        Ok(sender) => sender,
        Err(denied) => return of_client(not_taken(dispatch.denied(denied), answer), client),
    };
    let Some(media) = media::of_events(request.headers(), request.extensions()) else {
        return of_client(unread(&Failed::MediaType(EVENTS), told), client);
    };
    let trace = traced::of(dispatch.tracer(), request.extensions());
    let (limit, budget) = (dispatch.max_request(), dispatch.reading());
    let read = match body(request, limit, budget).await {
        Ok(read) => read,
        Err(failed) => return of_client(unread(&failed, told), client),
    };
    sender.came(read.bytes.len());
    let body = match media {
        Media::Json => Body::Json(read.bytes),
        Media::Protobuf(_) => Body::Wire(read.bytes),
    };
    let taken = dispatch.take(body, sender, LONGEST, trace);
    let Answered { result, held } = taken.await;
    drop(read.held);
    let response = match result {
        Ok(response) => media::response(StatusCode::OK, answer, response),
        Err(refusal) => of_client(not_taken(refusal, answer), client),
    };
    response.map(|body| held::body(body, held))
}

/// Answer to a request of events that is refused.
fn not_taken(refusal: Refusal, answer: Media) -> HttpResponse {
    let (code, reason) = (code(&refusal), refusal.outcome());
    let (repeat, denied) = (may_repeat(&refusal), refusal.denied().cloned());
    let by_events = refusal.is_of_events();
    let said = error(refusal);
    let refused = Refused {
        by_events,
        ..Refused::because(reason, said.message.clone())
    };
    let response = with_retry_after(media::response(code, answer, said), repeat);
    let mut response = denial::tell(denied.as_ref(), response);
    response.extensions_mut().insert(refused);
    response
}

/// Route of a webhook; with one more segment, if its secret is expected there.
pub fn webhook_route(
    path: &'static str,
    webhook: Arc<Webhook>,
    cors: Option<&Arc<Cors>>,
    gate: Gate,
) -> Router {
    let (has_secret, tracer) = (webhook.has_secret_in_path(), webhook.tracer().clone());
    let source = webhook.source().name;
    let handler = move |request: Request| async move {
        let answer = message(webhook, gate, request).await;
        of_source(answer, source)
    };
    let fallback = move || async move { of_source(no_post(with_error), source) };
    let route = traced::around(&tracer, Call::Http(path), post(handler).fallback(fallback));
    let route = cors::around(cors, route);
    let router = either_way(Router::new(), path, route.clone());
    match has_secret {
        true => {
            let path = format!("{}/{{secret}}", path.trim_end_matches('/'));
            either_way(router, &path, route)
        }
        false => router,
    }
}

/// Answers a request of a webhook.
async fn message(webhook: Arc<Webhook>, gate: Gate, mut request: Request) -> HttpResponse {
    // A webhook has one message a request.
    let admitted = gate.admit(&mut request);
    let admitted = admitted.and_then(|sender| sender.take(1).map(|()| sender));
    let client = webhook.client(request.extensions());
    let sender = match admitted {
        Ok(sender) => sender,
        Err(denied) => return of_client(refused(&webhook.denied(denied)), client),
    };
    // Unauthorized requests are neither read nor parsed, as far as their head tells.
    let verified_headers = match webhook.verify_head(request.uri(), request.headers()) {
        Ok(verified_headers) => verified_headers,
        Err(refusal) => return unproved(&refusal, webhook.challenge()),
    };
    if !media::is_json(request.headers(), request.extensions()) {
        return unread(&Failed::MediaType(MESSAGE), with_error);
    }
    let trace = traced::of(webhook.tracer(), request.extensions());
    let (limit, budget) = (webhook.max_request(), webhook.reading());
    let read = match body(request, limit, budget).await {
        Ok(read) => read,
        Err(failed) => return unread(&failed, with_error),
    };
    sender.came(read.bytes.len());
    let taken = webhook.take(verified_headers, (client.clone(), trace), read.bytes);
    let taken = taken.await;
    drop(read.held);
    match taken {
        Ok(taken) => answered(taken),
        // Whoever sent what is wrong has proved who it was.
        Err(refusal) if refusal.is_of_content() => of_client(refused(&refusal), client),
        Err(refusal) => unproved(&refusal, webhook.challenge()),
    }
}

/// Answer to a webhook's message that is not refused.
fn answered(taken: Taken) -> HttpResponse {
    match taken {
        Taken::Good { id } => with_code(StatusCode::OK, json!({ "id": id })),
        Taken::Kept {
            id,
            reason,
            field,
            letter,
            partly,
        } => {
            let mut body = json!({ "id": id, "stored": false, "reason": reason, "letter": letter });
            if let Some(field) = field {
                body["field"] = json!(field);
            }
            if partly {
                body["partly"] = json!(true);
            }
            with_code(StatusCode::ACCEPTED, body)
        }
    }
}

/// Registers a path with and without a slash at its end.
pub(super) fn either_way(router: Router, path: &str, handler: MethodRouter) -> Router {
    let bare = path.trim_end_matches('/');
    match bare {
        "" => router.route(path, handler),
        bare => router
            .route(bare, handler.clone())
            .route(&format!("{bare}/"), handler),
    }
}

/// Reason why there is no usable body.
enum Failed {
    Unread(Unread),
    /// Its media type isn't one of these.
    MediaType(&'static str),
}

impl From<Unread> for Failed {
    fn from(error: Unread) -> Self {
        Failed::Unread(error)
    }
}

/// Reads and decompresses the body of a request, within the limit and the time.
async fn body(request: Request, limit: usize, budget: &Budget) -> Result<Read, Failed> {
    let encoding = encoding(request.headers())?;
    let read = budget.read(request, limit, |_| Ok(())).await?;
    match encoding {
        None => Ok(read),
        Some(encoding) => {
            let unpacked = budget.unpack(read, encoding, "content-encoding", limit);
            Ok(unpacked.await?)
        }
    }
}

/// Content encoding of a body, if there is one; at most one.
fn encoding(headers: &HeaderMap) -> Result<Option<Encoding>, Unread> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let found = texts.collect::<Vec<_>>().join(",");
    let names = found.split(',').map(str::trim);
    let mut names = names.filter(|n| !n.is_empty() && !n.eq_ignore_ascii_case("identity"));
    match (names.next().map(Encoding::named), names.next()) {
        (None, _) => Ok(None),
        (Some(Some(encoding)), None) => Ok(Some(encoding)),
        _ => Err(Unread::Encoding {
            found: found.chars().take(SHOWN).collect(),
            known: "one of gzip, deflate, br and zstd",
        }),
    }
}

/// Answer to a request whose body could not be read, in the shape of its path's other refusals. The rest isn't read: its
/// connection is closed.
fn unread(failed: &Failed, told: impl Fn(StatusCode, String) -> HttpResponse) -> HttpResponse {
    let (code, reason, text) = match failed {
        Failed::MediaType(known) => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            format!("the content type should be {known}"),
        ),
        Failed::Unread(error) => {
            let code = match error {
                Unread::Full | Unread::Share { .. } => StatusCode::TOO_MANY_REQUESTS,
                Unread::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                Unread::Slow { .. } | Unread::GivenUp => StatusCode::REQUEST_TIMEOUT,
                Unread::Encoding { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Unread::Broken(_) | Unread::NotPacked { .. } | Unread::Framing { .. } => {
                    StatusCode::BAD_REQUEST
                }
            };
            (code, error.reason(), error.to_string())
        }
    };
    let repeat = matches!(
        failed,
        Failed::Unread(Unread::Full | Unread::Share { .. } | Unread::GivenUp)
    );
    let mut response = with_retry_after(told(code, text.clone()), repeat);
    if reason == "encoding" {
        let known = HeaderValue::from_static(ENCODINGS);
        response
            .headers_mut()
            .insert(header::ACCEPT_ENCODING, known);
    }
    because(response, reason, text)
}

/// Answer to another method than POST, in the shape of its path's other refusals.
fn no_post(told: impl Fn(StatusCode, String) -> HttpResponse) -> HttpResponse {
    let text = "what is sent to this path is sent with POST".to_owned();
    let response = told(StatusCode::METHOD_NOT_ALLOWED, text.clone());
    because(response, "method", text)
}

/// Attaches the reason of a refusal to an answer.
pub(super) fn because(
    mut response: HttpResponse,
    reason: &'static str,
    text: String,
) -> HttpResponse {
    let refused = Refused::because(reason, text);
    response.extensions_mut().insert(refused);
    response
}

/// HTTP status of a refusal.
fn code(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Full | Refusal::NoRoom(_) | Refusal::NoRoomToKeep(_) => {
            StatusCode::TOO_MANY_REQUESTS
        }
        Refusal::TooLarge { .. } | Refusal::HeaderTooHeavy { .. } | Refusal::TooHeavy { .. } => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        Refusal::Invalid(_)
        | Refusal::Field { .. }
        | Refusal::Value { .. }
        | Refusal::NoneTaken(_) => StatusCode::BAD_REQUEST,
        Refusal::HeadersTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
        Refusal::Denied(denied) => denial::code(denied),
        Refusal::Replayed => StatusCode::CONFLICT,
        Refusal::SwitchedOff(_) => StatusCode::FORBIDDEN,
        Refusal::Unavailable(_) | Refusal::Unsure(_) | Refusal::Late | Refusal::Off => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Refusal::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Refusal as `{"error": …}`, with the field if there is one.
fn refused(refusal: &Refusal) -> HttpResponse {
    let mut body = json!({ "error": refusal.to_string() });
    if let Refusal::Field { field, .. } | Refusal::Value { place: field, .. } = refusal {
        body["field"] = json!(field);
    }
    let response = with_retry_after(with_code(code(refusal), body), may_repeat(refusal));
    let response = denial::tell(refusal.denied(), response);
    because(response, refusal.outcome(), refusal.to_string())
}

/// Refusal of an unauthorized request, with the challenge.
fn unproved(refusal: &Refusal, challenge: Option<&'static str>) -> HttpResponse {
    let mut response = refused(refusal);
    if let (Refusal::Unauthorized, Some(challenge)) = (refusal, challenge) {
        let challenge = HeaderValue::from_static(challenge);
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Refusal of a webhook's message as `{"error": …}`.
fn with_error(code: StatusCode, text: String) -> HttpResponse {
    with_code(code, json!({ "error": text }))
}

pub(super) fn with_code(code: StatusCode, body: Value) -> HttpResponse {
    (code, axum::Json(body)).into_response()
}

/// Says when to repeat a request, if that helps.
fn with_retry_after(mut response: HttpResponse, repeat: bool) -> HttpResponse {
    if repeat {
        let seconds = HeaderValue::from(RETRY_AFTER_SECONDS);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}
