//! The gRPC server: the sources' methods over undecoded bytes, health and reflection.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::Request;
use axum::response::IntoResponse;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use prost::Message as _;
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::server::{Grpc, UnaryService};
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::Health as HealthService;

use super::dispatch::{Answered, Body, Dispatch, LONGEST};
use super::held;
use super::raw::RawCodec;
use super::response::Refusal;
use super::status::status;
use crate::contract::{Intake, Pipeline};
use crate::ops::health::{Beat, Health};
use crate::weight::Permit;

/// How many calls one connection may have at once.
const CALLS: usize = 1024;

/// Why the gRPC server can't run.
#[derive(Debug, thiserror::Error)]
pub enum GrpcError {
    /// The descriptors of the pipeline are not what reflection can serve.
    #[error("the descriptors can't be served: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The server ended with an error.
    #[error("the gRPC server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves until `stop` ends, and then until the last call is answered.
///
/// A connection on which nothing was ever sent can keep it from ending: the caller sets a deadline.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    stop: impl Future<Output = ()>,
) -> Result<(), GrpcError> {
    // Spread, so that the clients of an instance that was started with others don't all come back at once.
    let age = Duration::from_secs(rand::random_range(1620..1980));
    tonic::transport::Server::builder()
        // Without HTTP/1 an idle connection blocks the shutdown for ever: github.com/hyperium/hyper/issues/4170
        .accept_http1(true)
        .max_concurrent_streams(CALLS as u32)
        .concurrency_limit_per_connection(CALLS)
        .load_shed(true)
        .timeout(LONGEST * 2)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(20)))
        .max_connection_age(age)
        .max_connection_age_grace(LONGEST)
        .add_routes(routes)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), stop)
        .await?;
    Ok(())
}

/// Everything that the gRPC server answers: each source's method, health and reflection.
pub fn routes(
    pipeline: &'static Pipeline,
    sources: &[Arc<Dispatch>],
    health: &Health,
) -> Result<Routes, GrpcError> {
    let mut routes = Routes::default();
    let mut services = vec![String::new()];
    for dispatch in sources {
        let Intake::Grpc {
            service, method, ..
        } = dispatch.source().intake
        else {
            continue;
        };
        services.push(service.to_owned());
        let path = format!("/{service}/{method}");
        let call = Call(Arc::clone(dispatch));
        let handler = move |request: Request| call.clone().answer(request);
        let router = routes.axum_router_mut();
        *router = std::mem::take(router).route(&path, axum::routing::post(handler));
    }
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pipeline.descriptors)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(routes
        .add_service(health_service(health, services))
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .prepare())
}

/// The health service, which says what `health` says of each of the services.
fn health_service(
    health: &Health,
    services: Vec<String>,
) -> tonic_health::pb::health_server::HealthServer<impl HealthService> {
    let (mut reporter, service) = tonic_health::server::health_reporter();
    let mut beating = health.watch();
    tokio::spawn(async move {
        loop {
            let beat = *beating.borrow_and_update();
            let status = match beat {
                Beat::Beating => ServingStatus::Serving,
                Beat::Starting | Beat::Resting | Beat::Ending => ServingStatus::NotServing,
            };
            for service in &services {
                reporter.set_service_status(service, status).await;
            }
            if beat == Beat::Ending {
                // This ends the calls of those who watch: they would keep the server from ending.
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
    service
}

/// A source's method.
#[derive(Clone)]
struct Call(Arc<Dispatch>);

impl Call {
    async fn answer(self, request: Request) -> impl IntoResponse {
        let limit = self.0.max_request();
        let request = request.map(|body| self.0.reading().count(body));
        let held = Arc::default();
        let method = Method {
            dispatch: self.0,
            held: Arc::clone(&held),
        };
        let response = Grpc::new(RawCodec)
            .accept_compressed(CompressionEncoding::Gzip)
            .max_decoding_message_size(limit)
            .unary(method, request)
            .await;
        if is_too_large(response.headers()) {
            return status(&Refusal::TooLarge { limit }).into_http::<axum::body::Body>();
        }
        let held = held.lock().unwrap_or_else(PoisonError::into_inner).take();
        response.map(|body| held::body(body, held))
    }
}

/// Whether tonic refused a message before it was read. It says so in words and codes of its own, one for messages
/// and one for compressed ones; where we say the same, details tell more.
fn is_too_large(headers: &HeaderMap) -> bool {
    let code = headers.get(Status::GRPC_STATUS);
    match code.map(|code| Code::from_bytes(code.as_bytes())) {
        Some(Code::OutOfRange | Code::ResourceExhausted) => {
            !headers.contains_key("grpc-status-details-bin")
        }
        _ => false,
    }
}

/// A source's method for one call.
struct Method {
    dispatch: Arc<Dispatch>,
    /// The share that the answer has of what answers may take.
    held: Arc<Mutex<Option<Permit>>>,
}

impl UnaryService<Bytes> for Method {
    type Response = Bytes;
    type Future = BoxFuture<'static, Result<tonic::Response<Bytes>, Status>>;

    fn call(&mut self, request: tonic::Request<Bytes>) -> Self::Future {
        let dispatch = Arc::clone(&self.dispatch);
        let share = Arc::clone(&self.held);
        Box::pin(async move {
            let patience = patience(request.metadata().as_ref());
            let body = Body::Wire(request.into_inner());
            let Answered { result, held } = dispatch.take(body, patience).await;
            *share.lock().unwrap_or_else(PoisonError::into_inner) = held;
            match result {
                Ok(response) => Ok(tonic::Response::new(response.encode_to_vec().into())),
                Err(refusal) => Err(status(&refusal)),
            }
        })
    }
}

/// How long the client waits, less what it takes to tell it that it was in vain.
fn patience(headers: &HeaderMap) -> Duration {
    let client = headers
        .get("grpc-timeout")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| {
            let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
            let amount: u32 = digits.parse().ok().filter(|_| digits.len() <= 8)?;
            let unit = match unit {
                "H" => Duration::from_secs(3600),
                "M" => Duration::from_secs(60),
                "S" => Duration::from_secs(1),
                "m" => Duration::from_millis(1),
                "u" => Duration::from_micros(1),
                "n" => Duration::from_nanos(1),
                _ => return None,
            };
            unit.checked_mul(amount)
        });
    match client {
        Some(timeout) => timeout.saturating_sub((timeout / 10).min(Duration::from_millis(100))),
        None => LONGEST,
    }
}
