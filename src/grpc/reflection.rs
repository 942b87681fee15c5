//! gRPC reflection, in the versions v1 and v1alpha.

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::routing::any;
use tonic::Status;
use tonic::service::Routes;
use tonic_reflection::server::{Builder, Error};

use super::{NOT_SERVED, endless};

/// Error while setting up reflection.
#[derive(Debug, thiserror::Error)]
#[error("the pipeline's descriptors can't be served by reflection: {0}")]
pub struct ReflectionError(#[from] Error);

/// Router of reflection, for a compiled `FileDescriptorSet` and the health service.
pub fn reflection(descriptors: &'static [u8]) -> Result<Router, ReflectionError> {
    let builder = || {
        Builder::configure()
            .register_encoded_file_descriptor_set(descriptors)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let router = Routes::new(builder().build_v1()?)
        .add_service(builder().build_v1alpha()?)
        .into_axum_router()
        .reset_fallback();
    Ok(router.layer(from_fn(endless::bounded)))
}

/// Router that answers reflection on a port that doesn't have it.
pub fn no_reflection() -> Router {
    let answer = || async { Status::unimplemented(NOT_SERVED).into_http::<Body>() };
    Router::new()
        .route("/grpc.reflection.v1.ServerReflection/{*rest}", any(answer))
        .route(
            "/grpc.reflection.v1alpha.ServerReflection/{*rest}",
            any(answer),
        )
}
