//! Routes of operations: metrics, readiness, liveness, the heartbeat, taps, gRPC health and reflection.

use std::sync::Arc;

use axum::Router;
use axum::extract::{RawQuery, Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, put};
use http::StatusCode;
use serde_json::json;
use tonic::Status;

use super::access::{self, Access};
use super::log_filter;
use super::readiness::Readiness;
use super::tap::TapService;
use crate::grpc::NOT_SERVED;
use crate::health::Health;

/// Renders the metrics.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

/// State that operations answer from.
#[derive(Clone)]
pub struct Operations {
    /// Health of this instance.
    pub health: Health,
    /// Readiness of this instance.
    pub readiness: Readiness,
    /// The metrics.
    pub metrics: Render,
    /// Taps of this instance.
    pub tap: TapService,
}

/// Router of the operations listener. `grpc` are the gRPC services beside it.
pub fn router(operations: &Operations, grpc: Router, access: Access) -> Router {
    let health = operations.health.clone();
    let heartbeat = heartbeat().get(move || async move { health.answer() });
    let check = move |mut request: Request, next: Next| {
        let checked = access.check(&request);
        async move {
            match checked {
                Ok(proof) => {
                    request.extensions_mut().insert(proof);
                    next.run(request).await
                }
                Err(refused) => *refused,
            }
        }
    };
    beat(Router::new(), operations, heartbeat)
        .merge(reports(operations))
        .merge(log_filter::routes())
        .route("/livez", get(|| async { "alive" }))
        .merge(operations.tap.clone().router())
        .merge(grpc)
        .fallback(unknown)
        .layer(from_fn(check))
}

/// Routes of operations on the HTTP port of events, as earlier releases had them.
pub fn legacy(operations: &Operations) -> Router {
    beat(reports(operations), operations, heartbeat())
}

/// Answers on the HTTP port of events where operations were in earlier releases.
pub fn elsewhere() -> Router {
    let gone = || get(|| async { not_served() });
    Router::new()
        .route("/metrics", gone())
        .route("/readyz", gone())
}

/// `/metrics` and `/readyz`.
fn reports(operations: &Operations) -> Router {
    let metrics = Arc::clone(&operations.metrics);
    let readiness = operations.readiness.clone();
    let ready = move || async move {
        let (ready, report) = readiness.report();
        let code = match ready {
            true => StatusCode::OK,
            false => StatusCode::SERVICE_UNAVAILABLE,
        };
        (code, axum::Json(report))
    };
    Router::new()
        .route("/metrics", get(move || async move { metrics() }))
        .route("/readyz", get(ready))
}

/// Adds the path of the heartbeat, with and without a slash at its end.
fn beat(router: Router, operations: &Operations, heartbeat: MethodRouter<Health>) -> Router {
    let heartbeat = heartbeat.with_state(operations.health.clone());
    router
        .route("/heartbeat", heartbeat.clone())
        .route("/heartbeat/", heartbeat)
}

/// PUT of the heartbeat.
fn heartbeat() -> MethodRouter<Health> {
    put(set_heartbeat)
}

async fn set_heartbeat(State(health): State<Health>, RawQuery(query): RawQuery) -> Response {
    let beating = match query.as_deref() {
        Some("beat=true") => true,
        Some("beat=false") => false,
        _ => {
            let text = "the query should be beat=true or beat=false";
            let body = axum::Json(json!({ "error": text }));
            return (StatusCode::BAD_REQUEST, body).into_response();
        }
    };
    health.beat(beating);
    tracing::info!(beating, "The heartbeat was set.");
    health.answer().into_response()
}

/// Answer to a path that isn't there.
async fn unknown(request: Request) -> Response {
    match access::is_grpc(&request) {
        true => Status::unimplemented(NOT_SERVED).into_http(),
        false => not_served(),
    }
}

fn not_served() -> Response {
    let body = axum::Json(json!({ "error": NOT_SERVED }));
    (StatusCode::NOT_FOUND, body).into_response()
}
