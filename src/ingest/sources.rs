//! Sources of a pipeline, each with its pool, ready to be served over gRPC and HTTP.

use std::sync::Arc;

use axum::Router;

use super::cors::{BadOrigin, Cors};
use super::dispatch::Dispatch;
use super::grpc;
use super::http;
use super::nowhere;
use super::pool::{self, BadSize};
use super::publisher::Publisher;
use super::verify::{BadSecret, Verifier};
use super::webhook::{Takes, Webhook};
use crate::access::{Access, Gate};
use crate::broker::Topology;
use crate::contract::{Intake, Pipeline};
use crate::health::Health;
use crate::switches::Switches;

/// All sources of a pipeline.
#[derive(Debug)]
pub struct Sources {
    pipeline: &'static Pipeline,
    dispatches: Vec<grpc::Served>,
    http: Router,
    off: Vec<Off>,
}

/// Disabled source: the secret that verifies its requests isn't set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Off {
    /// The source's name.
    pub source: &'static str,
    /// Environment variable that should hold the secret.
    pub variable: &'static str,
}

/// Error while setting up the sources.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// An environment variable holds no valid size.
    #[error(transparent)]
    Size(#[from] BadSize),
    /// An environment variable holds no usable secret.
    #[error(transparent)]
    Secret(#[from] BadSecret),
    /// An origin whose pages may send is wrong.
    #[error(transparent)]
    Origin(#[from] BadOrigin),
}

impl Sources {
    /// Sets up every source of the pipeline. `topology` is what the broker serves, `access` decides who may send,
    /// `switches` refuse some of it, `variable` reads the environment, and `open` says which sources take requests without their proof.
    pub fn new(
        pipeline: &'static Pipeline,
        topology: &Topology,
        publisher: &Arc<Publisher>,
        access: &Arc<Access>,
        switches: &Arc<Switches>,
        variable: impl Fn(&str) -> Option<String>,
        open: impl Fn(&str) -> bool,
    ) -> Result<Self, SetUpError> {
        let mut dispatches = Vec::new();
        let mut router = Router::new();
        let mut off = Vec::new();
        for source in pipeline.sources {
            let sizes = pool::sizes(source, &variable)?;
            let cors = Cors::of(source, &variable)?;
            let publisher = Arc::clone(publisher);
            let gate = |listener| Gate::new(access, source, listener);
            match &source.intake {
                Intake::Grpc {
                    json_path,
                    envelope,
                    ..
                } => {
                    let around = (pipeline, topology);
                    let dispatch = Dispatch::new(around, source, envelope, sizes, publisher);
                    let dispatch = Arc::new(dispatch.with_switches(Arc::clone(switches)));
                    let events = Arc::clone(&dispatch);
                    router = router.merge(http::events_route(
                        json_path,
                        events,
                        cors.as_ref(),
                        gate("http"),
                    ));
                    dispatches.push((dispatch, cors, gate("grpc")));
                }
                Intake::Post {
                    path,
                    message,
                    routing_key,
                    headers,
                    verify,
                    id,
                    on_bad,
                } => {
                    let takes = Takes {
                        message,
                        routing_key,
                        headers: *headers,
                        id: *id,
                        on_bad: *on_bad,
                    };
                    let is_open = open(source.name);
                    let verifier = verify.as_ref();
                    let verifier = verifier.map(|v| Verifier::new(v, is_open, &variable));
                    let verifier = verifier.transpose()?;
                    if let (Some(verify), Some(true)) =
                        (verify, verifier.as_ref().map(Verifier::is_off))
                    {
                        off.push(Off {
                            source: source.name,
                            variable: verify.variable,
                        });
                    }
                    let around = (pipeline, topology);
                    let webhook = Webhook::new(around, source, takes, verifier, sizes, publisher)
                        .with_switches(Arc::clone(switches));
                    router = router.merge(http::webhook_route(
                        path,
                        Arc::new(webhook),
                        cors.as_ref(),
                        gate("http"),
                    ));
                }
            }
        }
        for path in pipeline.retired.paths {
            router = router.merge(nowhere::retired_route(path));
        }
        Ok(Sources {
            pipeline,
            dispatches,
            http: router,
            off,
        })
    }

    /// Sources that are disabled because their requests can't be verified.
    pub fn off(&self) -> &[Off] {
        &self.off
    }

    /// gRPC server of the sources, with health and what is `beside` them. It must be called within a runtime.
    pub fn grpc(&self, health: &Health, beside: Router) -> Router {
        grpc::routes(self.pipeline, &self.dispatches, health, beside)
    }

    /// HTTP server of the sources, with the heartbeat.
    pub fn http(&self, health: Health) -> Router {
        http::heartbeat_route(health)
            .merge(self.http.clone())
            .fallback(nowhere::nowhere)
    }
}
