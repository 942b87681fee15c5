//! Sources of a pipeline, each with its pool, ready to be served over gRPC and HTTP.

use std::sync::Arc;

use axum::Router;

use super::dispatch::Dispatch;
use super::grpc::{self, GrpcError};
use super::http::{self, Render};
use super::pool::{self, BadSize};
use super::publisher::Publisher;
use super::verify::Verifier;
use super::webhook::{Takes, Webhook};
use crate::access::{Access, Gate};
use crate::broker::Topology;
use crate::contract::{Intake, Pipeline};
use crate::health::Health;

/// All sources of a pipeline.
#[derive(Debug)]
pub struct Sources {
    pipeline: &'static Pipeline,
    dispatches: Vec<(Arc<Dispatch>, Gate)>,
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
}

impl Sources {
    /// Sets up every source of the pipeline. `topology` is what the broker serves, `access` decides who may send, and
    /// `variable` reads the environment.
    pub fn new(
        pipeline: &'static Pipeline,
        topology: &Topology,
        publisher: &Arc<Publisher>,
        access: &Arc<Access>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SetUpError> {
        let mut dispatches = Vec::new();
        let mut router = Router::new();
        let mut off = Vec::new();
        for source in pipeline.sources {
            let sizes = pool::sizes(source, &variable)?;
            let publisher = Arc::clone(publisher);
            let gate = |listener| Gate::new(access, source, listener);
            match &source.intake {
                Intake::Grpc {
                    json_path,
                    envelope,
                    ..
                } => {
                    let dispatch = Arc::new(Dispatch::new(
                        source,
                        envelope,
                        sizes,
                        publisher,
                        pipeline.fingerprint,
                    ));
                    router = router.merge(http::json_route(
                        json_path,
                        Arc::clone(&dispatch),
                        gate("http"),
                    ));
                    dispatches.push((dispatch, gate("grpc")));
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
                    let verifier = verify.as_ref().map(|v| Verifier::new(v, &variable));
                    if let (Some(verify), Some(true)) =
                        (verify, verifier.as_ref().map(Verifier::is_off))
                    {
                        off.push(Off {
                            source: source.name,
                            variable: verify.variable,
                        });
                    }
                    let around = (pipeline, topology);
                    let webhook = Webhook::new(around, source, takes, verifier, sizes, publisher);
                    router =
                        router.merge(http::webhook_route(path, Arc::new(webhook), gate("http")));
                }
            }
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

    /// gRPC server of the sources. It must be called within a runtime.
    pub fn grpc(&self, health: &Health) -> Result<Router, GrpcError> {
        grpc::routes(self.pipeline, &self.dispatches, health)
    }

    /// HTTP server of the sources.
    pub fn http(&self, health: Health, metrics: Render) -> Router {
        http::router(health, metrics).merge(self.http.clone())
    }
}
