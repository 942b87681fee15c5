//! gRPC health service, for load balancers.

use axum::Router;
use axum::middleware::from_fn;
use tonic::service::Routes;
use tonic_health::ServingStatus;

use super::endless;
use crate::contract::{Intake, Pipeline};
use crate::health::{Beat, Health};

/// Router of the health service, which reports `health` for the server and for each service of the pipeline. It must be
/// called within a runtime.
pub fn health(pipeline: &Pipeline, health: &Health) -> Router {
    let mut services = vec![String::new()];
    services.extend(pipeline.sources.iter().filter_map(|s| match s.intake {
        Intake::Grpc { service, .. } => Some(service.to_owned()),
        Intake::Post { .. } => None,
    }));
    let (mut reporter, service) = tonic_health::server::health_reporter();
    let mut beating = health.watch();
    tokio::spawn(async move {
        loop {
            let beat = beating.borrow_and_update().beat();
            let status = match beat {
                Beat::Beating => ServingStatus::Serving,
                Beat::Starting | Beat::Resting | Beat::Ending => ServingStatus::NotServing,
            };
            for service in &services {
                reporter.set_service_status(service, status).await;
            }
            if beat == Beat::Ending {
                // Ends the Watch calls, which would keep the server from stopping.
                for service in &services {
                    reporter.clear_service_status(service).await;
                }
                return;
            }
            if beating.changed().await.is_err() {
                return;
            }
        }
    });
    let router = Routes::new(service).into_axum_router().reset_fallback();
    router.layer(from_fn(endless::bounded))
}
