//! Taps of an instance over HTTP: events as they go by, as lines of JSON.
//!
//! `GET /tap` opens one. The stages hand over copies and never wait; decoding, the filter and masking are done here, at
//! the pace of whoever reads.

mod ask;
pub mod filter;
pub mod personal;
mod render;
mod row;
mod show;
mod stream;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tracing::field::display;

use super::access::{Proof, TAP};
use crate::contract::{Input, Intake, Pipeline};
use crate::listen::Peer;
use crate::tap::{MOST, Taps};
use ask::Ask;
use personal::Personal;
use render::Renderer;
use show::Show;
use stream::Lines;

/// Maximum number of taps of one connection.
const OF_ONE: u32 = 4;

/// Opens taps for those who may ask operations.
#[derive(Debug, Clone)]
pub struct TapService {
    taps: Taps,
    pipeline: &'static Pipeline,
    personal: Arc<Personal>,
    stop: CancellationToken,
}

impl TapService {
    /// Service of these taps, which ends with `stop`. `personal` are names of fields that it masks
    /// beside the usual ones and those of the pipeline.
    pub fn new(
        taps: Taps,
        pipeline: &'static Pipeline,
        personal: &[String],
        stop: CancellationToken,
    ) -> Self {
        TapService {
            taps,
            pipeline,
            personal: Arc::new(Personal::of(pipeline, personal)),
            stop,
        }
    }

    pub(super) fn router(self) -> Router {
        Router::new().route(TAP, get(open)).with_state(self)
    }
}

/// Opens a tap. Personal fields are shown only to who has proved to be an operator.
async fn open(
    State(service): State<TapService>,
    Extension(proof): Extension<Proof>,
    peer: Option<Extension<Arc<Peer>>>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let mut ask = match Ask::read(&query, service.pipeline, &service.personal) {
        Ok(ask) => ask,
        Err(wrong) => return refused(StatusCode::BAD_REQUEST, &wrong),
    };
    if ask.unmasked && proof == Proof::Needless {
        let text = "personal fields are shown only to who proves to be an operator, and this listener asks for no \
                    proof: start the instance with --ops-token-file";
        return refused(StatusCode::FORBIDDEN, text);
    }
    let renderer = match Renderer::new(service.pipeline, ask.row) {
        Ok(renderer) => renderer,
        Err(error) => return refused(StatusCode::INTERNAL_SERVER_ERROR, &error),
    };
    let address = peer.as_ref().map(|peer| display(peer.address()));
    let endless = peer.map(|peer| peer.endless(OF_ONE));
    let tap = match endless {
        Some(None) => None,
        _ => service.taps.open(ask.selection.clone()),
    };
    let Some(tap) = tap else {
        let text = format!("there are {MOST} taps already; close one");
        return refused(StatusCode::TOO_MANY_REQUESTS, &text);
    };
    let told = ask.told.trim_start();
    match ask.unmasked {
        true => tracing::warn!(peer = address, ask = told, "A tap shows personal fields."),
        false => tracing::info!(peer = address, ask = told, "A tap is open."),
    }
    let show = Show {
        renderer,
        filter: ask.filter.take(),
        personal: (!ask.unmasked).then(|| Arc::clone(&service.personal)),
    };
    let lines = Lines::new(tap, ask, show, service.stop.clone());
    let lines = lines.stream(endless.flatten());
    let mut response = Body::from_stream(lines).into_response();
    let kind = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

fn refused(code: StatusCode, text: &str) -> Response {
    (code, Json(json!({ "error": text }))).into_response()
}

/// Names of the types of a pipeline: those of events, and of the JSON of webhooks and queues.
fn types(pipeline: &'static Pipeline) -> Vec<&'static str> {
    let of_sources = pipeline
        .sources
        .iter()
        .flat_map(|source| match &source.intake {
            Intake::Grpc { envelope, .. } => envelope.types.iter().map(|kind| kind.name).collect(),
            Intake::Post { message, .. } => vec![message.name],
        });
    let of_queues = pipeline
        .queues
        .iter()
        .filter_map(|queue| match queue.input {
            Input::Json(shape) => Some(shape.name),
            Input::Events(_) | Input::DeadLetters(_) => None,
        });
    let mut names: Vec<_> = of_sources.chain(of_queues).collect();
    names.sort_unstable();
    names.dedup();
    names
}
