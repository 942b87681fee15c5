//! HTTP server: proto3 JSON for clients without gRPC, webhooks, and the heartbeat.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response as HttpResponse};
use axum::routing::{MethodRouter, get, post};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::body::{Read, Unread};
use super::denial;
use super::dispatch::{Answered, Body, Dispatch, LONGEST};
use super::encoding::Encoding;
use super::held;
use super::reading::{Budget, SHOWN};
use super::response::{Refusal, Response, error};
use super::status::RETRY_AFTER_SECONDS;
use super::webhook::{Taken, Webhook};
use crate::access::Gate;
use crate::grpc::NOT_SERVED;
use crate::health::Health;
use crate::listen::Refused;

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

/// Route that accepts a source's requests as proto3 JSON.
pub fn json_route(path: &str, dispatch: Arc<Dispatch>, gate: Gate) -> Router {
    let handler = move |mut request: Request| async move {
        let sender = match gate.admit(&mut request) {
            Ok(sender) => sender,
            Err(denied) => return not_taken(dispatch.denied(denied)),
        };
        let (limit, budget) = (dispatch.max_request(), dispatch.reading());
        let read = match body(request, limit, budget).await {
            Ok(read) => read,
            Err(failed) => return unread(&failed),
        };
        sender.came(read.bytes.len());
        let body = Body::Json(read.bytes);
        let Answered { result, held } = dispatch.take(body, sender, LONGEST).await;
        drop(read.held);
        let response = match result {
            Ok(response) => with_code(StatusCode::OK, json_response(response)),
            Err(refusal) => not_taken(refusal),
        };
        response.map(|body| held::body(body, held))
    };
    either_way(Router::new(), path, post(handler))
}

/// Answer to a request of events that is refused.
fn not_taken(refusal: Refusal) -> HttpResponse {
    let (code, reason, text) = (code(&refusal), refusal.outcome(), refusal.to_string());
    let denied = refusal.denied().cloned();
    let response = with_code(code, json_response(error(refusal)));
    because(denial::tell(denied.as_ref(), response), reason, text)
}

/// Route of a webhook; with one more segment, if its secret is expected there.
pub fn webhook_route(path: &str, webhook: Arc<Webhook>, gate: Gate) -> Router {
    let has_secret = webhook.has_secret_in_path();
    let handler = move |mut request: Request| async move {
        // A webhook has one message a request.
        let admitted = gate.admit(&mut request);
        let admitted = admitted.and_then(|sender| sender.take(1).map(|()| sender));
        let sender = match admitted {
            Ok(sender) => sender,
            Err(denied) => return refused(&webhook.denied(denied)),
        };
        // Unauthorized requests are neither read nor parsed, as far as their head tells.
        let verified_headers = match webhook.verify_head(request.uri(), request.headers()) {
            Ok(verified_headers) => verified_headers,
            Err(refusal) => return unproved(&refusal, webhook.challenge()),
        };
        let (limit, budget) = (webhook.max_request(), webhook.reading());
        let read = match body(request, limit, budget).await {
            Ok(read) => read,
            Err(failed) => return unread(&failed),
        };
        sender.came(read.bytes.len());
        let taken = webhook.take(verified_headers, read.bytes).await;
        drop(read.held);
        match taken {
            Ok(taken) => answered(taken),
            Err(refusal) => unproved(&refusal, webhook.challenge()),
        }
    };
    let router = either_way(Router::new(), path, post(handler.clone()));
    match has_secret {
        true => {
            let path = format!("{}/{{secret}}", path.trim_end_matches('/'));
            either_way(router, &path, post(handler))
        }
        false => router,
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
fn either_way(router: Router, path: &str, handler: MethodRouter) -> Router {
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
    MediaType,
}

impl From<Unread> for Failed {
    fn from(error: Unread) -> Self {
        Failed::Unread(error)
    }
}

/// Reads and decompresses the body of a JSON request, within the limit and the time.
async fn body(request: Request, limit: usize, budget: &Budget) -> Result<Read, Failed> {
    if !is_json(request.headers()) {
        return Err(Failed::MediaType);
    }
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

/// Answer to a request whose body could not be read. The rest isn't read: its connection is closed.
fn unread(failed: &Failed) -> HttpResponse {
    let (code, reason, text) = match failed {
        Failed::MediaType => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            "the content type should be application/json, or application/…+json".to_owned(),
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
    let mut response = with_code(code, json!({ "error": text }));
    if reason == "encoding" {
        let known = HeaderValue::from_static(ENCODINGS);
        response
            .headers_mut()
            .insert(header::ACCEPT_ENCODING, known);
    }
    because(response, reason, text)
}

/// Attaches the reason of a refusal to an answer.
fn because(mut response: HttpResponse, reason: &'static str, text: String) -> HttpResponse {
    response.extensions_mut().insert(Refused { reason, text });
    response
}

/// True if the content type is JSON; a request without one is taken as JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return true;
    };
    let mime = value
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    let mime = mime.trim().to_ascii_lowercase();
    mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"))
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
    let response = denial::tell(refusal.denied(), with_code(code(refusal), body));
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

/// Response as proto3 JSON, without fields at their default.
fn json_response(response: Response) -> Value {
    let Response {
        status,
        message,
        rejected,
        accepted,
        rejected_count,
        warnings,
        warning_count,
    } = response;
    let rejected = rejected.into_iter().map(|event| {
        present([
            ("index", json!(event.index)),
            ("code", json!(event.code().as_str_name())),
            ("id", json!(event.id)),
            ("reason", json!(event.reason)),
            ("retryable", json!(event.retryable)),
        ])
    });
    present([
        ("status", json!(status)),
        ("message", json!(message)),
        ("rejected", rejected.collect()),
        ("accepted", json!(accepted)),
        ("rejectedCount", json!(rejected_count)),
        ("warnings", json!(warnings)),
        ("warningCount", json!(warning_count)),
    ])
}

/// Object of those members that are not at their default.
fn present<const N: usize>(members: [(&str, Value); N]) -> Value {
    let is_default = |value: &Value| match value {
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Null | Value::Object(_) => false,
    };
    let members = members.into_iter().filter(|(_, value)| !is_default(value));
    let members = members.map(|(name, value)| (name.to_owned(), value));
    Value::Object(members.collect())
}

fn with_code(code: StatusCode, body: Value) -> HttpResponse {
    let mut response = (code, axum::Json(body)).into_response();
    if matches!(
        code,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        let seconds = HeaderValue::from(RETRY_AFTER_SECONDS);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}
