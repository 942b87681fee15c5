//! The HTTP server: proto3 JSON for those without gRPC, webhooks, metrics and the heartbeat.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Response as HttpResponse};
use axum::routing::{get, post};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::{Value, json};
use tonic::{Code, Status};

use super::dispatch::{Answered, Body, Dispatch, LONGEST};
use super::held;
use super::reading::Budget;
use super::response::{Refusal, Response, error};
use super::status::RETRY_AFTER_SECONDS;
use super::webhook::Webhook;
use crate::ops::health::{Beat, Health};

/// Renders the metrics.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// How long a body may take to arrive.
const UPLOAD: Duration = Duration::from_secs(30);

/// What the HTTP server answers beside the sources' paths: `/metrics` and `/heartbeat/`.
pub fn router(health: Health, metrics: Render) -> Router {
    let heartbeat = get(heartbeat).put(set_heartbeat).with_state(health);
    Router::new()
        .route("/metrics", get(move || async move { metrics() }))
        .route("/heartbeat/", heartbeat)
}

/// A path that takes a source's requests as proto3 JSON. `answer` describes its response.
pub fn json_route(path: &str, dispatch: Arc<Dispatch>, answer: MessageDescriptor) -> Router {
    let handler = move |request: Request| async move {
        let body = match body(request, dispatch.max_request(), dispatch.reading()).await {
            Ok(body) => body,
            Err(failed) => return failed,
        };
        let Answered { result, held } = dispatch.take(Body::Json(body), LONGEST).await;
        let (code, response) = match result {
            Ok(response) => (StatusCode::OK, response),
            Err(refusal) => (code(&refusal), error(refusal)),
        };
        let response = with_code(code, json_response(&answer, response));
        response.map(|body| held::body(body, held))
    };
    Router::new().route(path, post(handler))
}

/// A webhook's path.
pub fn webhook_route(path: &str, webhook: Arc<Webhook>) -> Router {
    let handler = move |request: Request| async move {
        // What a stranger sends is neither read nor parsed, as far as that can be told from its headers.
        let greeted = match webhook.greet(request.headers()) {
            Ok(greeted) => greeted,
            Err(refusal) => return unproved(&refusal, webhook.challenge()),
        };
        let body = match body(request, webhook.max_request(), webhook.reading()).await {
            Ok(body) => body,
            Err(failed) => return failed,
        };
        match webhook.take(greeted, body).await {
            Ok(id) => with_code(StatusCode::OK, json!({ "id": id })),
            Err(refusal) => unproved(&refusal, webhook.challenge()),
        }
    };
    Router::new().route(path, post(handler))
}

/// The body of a request that says it is JSON, if it is within the limit and arrives in time.
async fn body(request: Request, limit: usize, budget: &Budget) -> Result<Bytes, HttpResponse> {
    if !is_json(request.headers()) {
        let text = "the content type should be application/json";
        return Err(with_code(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            json!({ "error": text }),
        ));
    }
    let counted = Limited::new(budget.count(request.into_body()), limit);
    let error = match tokio::time::timeout(UPLOAD, counted.collect()).await {
        Ok(Ok(body)) => return Ok(body.to_bytes()),
        Ok(Err(error)) => error,
        Err(_) => {
            let text = "the body did not arrive in time";
            return Err(with_code(
                StatusCode::REQUEST_TIMEOUT,
                json!({ "error": text }),
            ));
        }
    };
    if error.is::<LengthLimitError>() {
        return Err(refused(&Refusal::TooLarge { limit }));
    }
    match error.downcast_ref::<Status>().map(Status::code) {
        Some(Code::ResourceExhausted) => Err(refused(&Refusal::Full)),
        _ => {
            let text = "the body could not be read to its end";
            Err(with_code(StatusCode::BAD_REQUEST, json!({ "error": text })))
        }
    }
}

/// Whether the content type is JSON; a request without one is given the benefit of the doubt.
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

/// The HTTP code of a refusal.
fn code(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::Full | Refusal::NoRoom(_) => StatusCode::TOO_MANY_REQUESTS,
        Refusal::TooLarge { .. } | Refusal::HeaderTooHeavy { .. } | Refusal::TooHeavy { .. } => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        Refusal::Invalid(_) | Refusal::Field { .. } | Refusal::NoneTaken(_) => {
            StatusCode::BAD_REQUEST
        }
        Refusal::HeadersTooLarge { .. } => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Refusal::Unauthorized => StatusCode::UNAUTHORIZED,
        Refusal::Unavailable(_) | Refusal::Late | Refusal::Off => StatusCode::SERVICE_UNAVAILABLE,
        Refusal::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A refusal as `{"error": …}`, with the field where there is one.
fn refused(refusal: &Refusal) -> HttpResponse {
    let mut body = json!({ "error": refusal.to_string() });
    if let Refusal::Field { field, .. } = refusal {
        body["field"] = json!(field);
    }
    with_code(code(refusal), body)
}

/// The same, with what is asked of those who didn't prove where they come from.
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

/// A response as proto3 JSON.
fn json_response(answer: &MessageDescriptor, response: Response) -> Value {
    let bytes = response.encode_to_vec();
    drop(response);
    DynamicMessage::decode(answer.clone(), bytes.as_slice())
        .ok()
        .and_then(|message| serde_json::to_value(message).ok())
        .unwrap_or(Value::Null)
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

async fn heartbeat(State(health): State<Health>) -> HttpResponse {
    match health.now() {
        Beat::Beating => (StatusCode::OK, "beating").into_response(),
        Beat::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting").into_response(),
        Beat::Resting | Beat::Ending => (StatusCode::GONE, "not beating").into_response(),
    }
}

async fn set_heartbeat(state: State<Health>, RawQuery(query): RawQuery) -> HttpResponse {
    let beating = match query.as_deref() {
        Some("beat=true") => true,
        Some("beat=false") => false,
        _ => {
            let text = "the query should be beat=true or beat=false";
            return with_code(StatusCode::BAD_REQUEST, json!({ "error": text }));
        }
    };
    state.beat(beating);
    tracing::info!(beating, "The heartbeat was set.");
    heartbeat(state).await
}
