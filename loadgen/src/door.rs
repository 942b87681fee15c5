//! The doors that a load goes through: gRPC, or JSON over HTTP.

use bytes::Bytes;
use http::{Method, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use tonic::Status;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::transport::Channel;
use tower::{Service as _, ServiceExt as _};

use crate::load::send::{ANSWER, call};
use event_grpc::contract::Intake;
use event_grpc::generated::PIPELINE;

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
    Grpc(Grpc<Channel>),
    Json(Channel),
}

impl Door {
    /// Sends requests of this form on a connection.
    pub(crate) fn new(form: Form, channel: Channel) -> Self {
        match form {
            Form::Protobuf => Door::Grpc(Grpc::new(channel)),
            Form::Json => Door::Json(channel),
        }
    }

    /// Sends a request, and says how many of its events were rejected.
    pub(crate) async fn send(&mut self, request: Bytes) -> Result<u64, Status> {
        match self {
            Door::Grpc(client) => {
                let answer = call(client, request).await?;
                Ok(answer.rejected.len() as u64)
            }
            Door::Json(channel) => tokio::time::timeout(ANSWER, post(channel, request))
                .await
                .map_err(|_| Status::deadline_exceeded("no answer in time"))?,
        }
    }
}

async fn post(channel: &mut Channel, body: Bytes) -> Result<u64, Status> {
    let gone = |error: &dyn std::fmt::Display| Status::unavailable(error.to_string());
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(path())
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::new(Full::new(body)))
        .map_err(|error| Status::internal(error.to_string()))?;
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
