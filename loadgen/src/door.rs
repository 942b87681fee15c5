//! The doors that a load goes through: gRPC, or JSON over HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tower::{Service as _, ServiceExt as _};

use crate::connect::Proof;
use event_grpc::contract::Intake;
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Response;
use event_grpc::ingest::raw::RawCodec;

/// Pause before a refused request is sent again.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);
/// The longest that one answer may take.
pub(crate) const ANSWER: Duration = Duration::from_secs(30);

/// Encoding and protocol of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Protobuf over gRPC.
    Protobuf,
    /// Proto3 JSON over HTTP, to the server's HTTP port.
    Json,
}

/// A connection that requests are sent on.
#[derive(Debug)]
pub(crate) enum Door {
    Grpc(Grpc<Channel>, Proof),
    Json(Channel, Proof),
}

impl Door {
    /// Sends requests of this form on a connection, with this proof.
    pub(crate) fn new(form: Form, channel: Channel, proof: Proof) -> Self {
        match form {
            Form::Protobuf => Door::Grpc(Grpc::new(channel), proof),
            Form::Json => Door::Json(channel, proof),
        }
    }

    /// Sends a request, and says how many of its events were rejected.
    pub(crate) async fn send(&mut self, request: Bytes) -> Result<u64, Status> {
        match self {
            Door::Grpc(client, proof) => {
                let answer = call(client, request, proof.as_ref()).await?;
                Ok(answer.rejected.len() as u64)
            }
            Door::Json(channel, proof) => {
                let posted = post(channel, request, proof.as_ref());
                tokio::time::timeout(ANSWER, posted)
                    .await
                    .map_err(|_| Status::deadline_exceeded("no answer in time"))?
            }
        }
    }
}

/// Sends one request.
pub(crate) async fn call(
    client: &mut Grpc<Channel>,
    request: Bytes,
    proof: Option<&MetadataValue<Ascii>>,
) -> Result<Response, Status> {
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    let mut request = Request::new(request);
    if let Some(proof) = proof {
        request
            .metadata_mut()
            .insert("authorization", proof.clone());
    }
    let call = client.unary(request, method(), RawCodec);
    let answer = tokio::time::timeout(ANSWER, call)
        .await
        .map_err(|_| Status::deadline_exceeded("no answer in time"))??;
    Response::decode(answer.into_inner()).map_err(|error| Status::internal(error.to_string()))
}

/// The method that takes app events.
fn method() -> PathAndQuery {
    let method = PIPELINE
        .sources
        .iter()
        .find_map(|source| match source.intake {
            Intake::Grpc {
                service, method, ..
            } => Some(format!("/{service}/{method}")),
            Intake::Post { .. } => None,
        });
    let path = method.and_then(|path| PathAndQuery::try_from(path).ok());
    path.unwrap_or_else(|| PathAndQuery::from_static("/"))
}

/// True if the same request may be taken another time.
pub(crate) fn may_pass(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable
        | Code::ResourceExhausted
        | Code::DeadlineExceeded
        | Code::Unknown
        | Code::Cancelled => true,
        // The client's own, for a connection that broke in the middle of an answer: an instance was killed.
        Code::Internal => status.message().contains("h2 protocol error"),
        _ => false,
    }
}

async fn post(
    channel: &mut Channel,
    body: Bytes,
    proof: Option<&MetadataValue<Ascii>>,
) -> Result<u64, Status> {
    let gone = |error: &dyn std::fmt::Display| Status::unavailable(error.to_string());
    let mut request = http::Request::builder()
        .method(Method::POST)
        .uri(path())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::new(Full::new(body)))
        .map_err(|error| Status::internal(error.to_string()))?;
    if let Some(proof) = proof
        && let Ok(proof) = HeaderValue::from_bytes(proof.as_bytes())
    {
        request.headers_mut().insert(header::AUTHORIZATION, proof);
    }
    let ready = channel.ready().await.map_err(|error| gone(&error))?;
    let answer = ready.call(request).await.map_err(|error| gone(&error))?;
    let status = answer.status();
    let text = answer
        .into_body()
        .collect()
        .await
        .map_err(|error| gone(&error))?;
    let text = text.to_bytes();
    if status == StatusCode::OK {
        let answer: serde_json::Value =
            serde_json::from_slice(&text).map_err(|error| Status::internal(error.to_string()))?;
        let rejected = answer["rejected"].as_array();
        return Ok(rejected.map_or(0, |rejected| rejected.len() as u64));
    }
    let told = format!("HTTP {status}: {}", String::from_utf8_lossy(&text));
    Err(match status {
        StatusCode::TOO_MANY_REQUESTS => Status::resource_exhausted(told),
        StatusCode::SERVICE_UNAVAILABLE => Status::unavailable(told),
        _ => Status::invalid_argument(told),
    })
}

/// The path that takes app events.
fn path() -> &'static str {
    let mut sources = PIPELINE.sources.iter();
    let path = sources.find_map(|source| match source.intake {
        Intake::Grpc { json_path, .. } => Some(json_path),
        Intake::Post { .. } => None,
    });
    path.unwrap_or("/")
}
