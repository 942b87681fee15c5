//! Collector: takes spans over OTLP, as protobuf over HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, StatusCode};
use prost::Message as _;
use uuid::Uuid;

use super::options::{Options, TracesError};
use super::otlp::{self, Attributes, ExportTraceServiceResponse, attribute};
use super::span::Recorded;
use crate::build::BUILD;
use crate::host;
use crate::http_client::Endpoint;
use crate::tls::{Names, Options as TlsOptions};

/// Time within which a collector has to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// What the options of TLS are called.
const NAMES: Names = Names {
    ca: "--trace-ca (EVENT_GRPC_TRACE_CA)",
    certificate: "which traces don't have",
    server_name: "name it by one of its names in --trace-endpoint",
};

/// Collector that spans are sent to.
#[derive(Debug)]
pub(super) struct Collector {
    endpoint: Endpoint,
    resource: Attributes,
}

/// Spans were not taken.
#[derive(Debug)]
pub(super) struct NotTaken {
    /// True if they may be taken later.
    pub(super) may_pass: bool,
    pub(super) reason: String,
}

impl Collector {
    pub(super) fn new(options: &Options) -> Result<Self, TracesError> {
        let mut headers = options.headers.clone();
        let agent = concat!("event-grpc/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        let protobuf = HeaderValue::from_static("application/x-protobuf");
        headers.insert(CONTENT_TYPE, protobuf);
        let tls = TlsOptions {
            ca: options.ca.clone(),
            ..TlsOptions::new(&NAMES)
        };
        let endpoint = Endpoint::new(options.endpoint.clone(), headers, tls, LIMIT)?;
        Ok(Collector {
            endpoint,
            resource: resource(options),
        })
    }

    /// Body of an export.
    pub(super) fn request(&self, spans: Vec<Recorded>) -> Bytes {
        otlp::request(&self.resource, BUILD.version, spans).into()
    }

    /// Sends an export once; answers with the number of its spans that the collector refused.
    pub(super) async fn send(&self, request: Bytes) -> Result<u64, NotTaken> {
        let passing = |reason| NotTaken {
            may_pass: true,
            reason,
        };
        let answer = self.endpoint.post(request).await.map_err(passing)?;
        if answer.status.is_success() {
            let answer = ExportTraceServiceResponse::decode(answer.body).unwrap_or_default();
            let refused = answer.partial_success.unwrap_or_default();
            return Ok(u64::try_from(refused.rejected_spans).unwrap_or_default());
        }
        Err(NotTaken {
            may_pass: matches!(
                answer.status,
                StatusCode::TOO_MANY_REQUESTS
                    | StatusCode::BAD_GATEWAY
                    | StatusCode::SERVICE_UNAVAILABLE
                    | StatusCode::GATEWAY_TIMEOUT
            ),
            reason: format!("the collector answered {}", answer.status),
        })
    }
}

/// Attributes of this instance: those of the operator, and what they leave out.
fn resource(options: &Options) -> Attributes {
    let mut all = vec![
        ("service.name".to_owned(), options.service.clone()),
        ("service.version".to_owned(), BUILD.version.to_owned()),
        ("host.name".to_owned(), host::name()),
        ("service.instance.id".to_owned(), Uuid::now_v7().to_string()),
        ("vcs.ref.head.revision".to_owned(), BUILD.commit.to_owned()),
    ];
    for (name, value) in &options.attributes {
        all.retain(|(known, _)| known != name);
        all.push((name.clone(), value.clone()));
    }
    let all = all.into_iter();
    all.map(|(name, value)| attribute(name, value.into()))
        .collect()
}
