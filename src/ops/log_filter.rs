//! `/log` of operations: tells the filter of the log, and replaces it until the next start.

use axum::Router;
use axum::extract::RawQuery;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::logging;

/// Route of the filter. GET tells it, PUT with `?filter=` replaces it.
pub fn routes() -> Router {
    Router::new().route("/log", get(tell).put(replace))
}

async fn tell() -> Response {
    axum::Json(json!({ "filter": logging::filter() })).into_response()
}

async fn replace(RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let filter = query.strip_prefix("filter=").map(percent_decode_str);
    let filter = filter.and_then(|text| text.decode_utf8().ok());
    let set = match filter.filter(|text| !text.trim().is_empty()) {
        Some(filter) => logging::set(&filter),
        None => Err(anyhow::anyhow!(
            "the query should be filter=FILTER, for example filter=info,event_grpc::ingest=debug"
        )),
    };
    match set {
        Ok(()) => tell().await,
        Err(error) => {
            let body = axum::Json(json!({ "error": error.to_string() }));
            (StatusCode::BAD_REQUEST, body).into_response()
        }
    }
}
