//! Paths at which nothing is served, or no more.

use axum::Router;
use axum::http::StatusCode;
use axum::response::Response as HttpResponse;
use axum::routing::any;
use serde_json::json;

use super::http::{because, either_way, with_code};

/// Answer at a path that nothing is served at.
pub(super) async fn nowhere() -> HttpResponse {
    let text = "nothing is served at this path";
    with_code(StatusCode::NOT_FOUND, json!({ "error": text }))
}

/// Route of a source that is retired, with one more segment, in which its secret may have been.
pub(super) fn retired_route(path: &str) -> Router {
    let handler = any(|| async {
        let text =
            "the source that was at this path is retired, and nothing that is sent here is stored";
        let response = with_code(StatusCode::GONE, json!({ "error": text }));
        because(response, "retired", text.to_owned())
    });
    let router = either_way(Router::new(), path, handler.clone());
    let path = format!("{}/{{secret}}", path.trim_end_matches('/'));
    either_way(router, &path, handler)
}
