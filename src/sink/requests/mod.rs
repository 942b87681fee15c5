//! HTTP APIs and topics of other services as destinations: one request or record for each message.
//!
//! A request is enabled when every variable that its targets name is set in the server's environment, and Kafka is named if
//! one of them is a topic. Secrets of a target (headers, the account and the query of its URL) stay in here: they reach no log and no error.

mod answer;
mod api;
mod pace;
mod target;
mod topic;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use answer::RequestError;
pub use api::{REQUESTS_CA, TargetError, shown_path};
pub use target::Target;

use crate::contract::{Request, To};
use crate::http_client::CertificateError;
use crate::kafka::KafkaAddress;

/// Variable that names the brokers of Kafka.
const KAFKA_BROKERS: &str = "EVENT_GRPC_KAFKA_BROKERS";

/// Enabled requests of a pipeline, and the variables that the others lack.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    on: BTreeMap<&'static str, Arc<[Target]>>,
    off: BTreeMap<&'static str, Vec<&'static str>>,
}

/// Error in the configuration of a request.
#[derive(Debug, thiserror::Error)]
pub enum RequestsError {
    /// Invalid URL or header of a target.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// No client could be created.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// A target is a topic, and no Kafka is named.
    #[error("{0} is a topic, and no Kafka is named")]
    NoKafka(&'static str),
    /// The options of Kafka can't be used.
    #[error("the options of Kafka can't be used: {0}")]
    Kafka(#[from] rdkafka::error::KafkaError),
}

impl Requests {
    /// Looks up the variables of all requests, without Kafka. A variable that is set but empty counts as not set.
    pub fn new(
        requests: &[&'static Request],
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, RequestsError> {
        Self::with_kafka(requests, None, variable)
    }

    /// The same, with the cluster of topics.
    pub fn with_kafka(
        requests: &[&'static Request],
        kafka: Option<&KafkaAddress>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, RequestsError> {
        let variable = |name: &str| {
            let value = variable(name)?.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let mut found = Requests::default();
        for request in requests {
            let mut missing = Vec::new();
            for name in request.targets.iter().flat_map(|t| t.variables()) {
                if variable(name).is_none() && !missing.contains(&name) {
                    missing.push(name);
                }
            }
            let mut targets = request.targets.iter();
            if kafka.is_none() && targets.any(|target| matches!(target.to, To::Topic { .. })) {
                missing.push(KAFKA_BROKERS);
            }
            if missing.is_empty() {
                let targets = request.targets.iter();
                let targets: Result<Arc<[Target]>, RequestsError> = targets
                    .map(|target| Target::new(request, target, kafka, &variable))
                    .collect();
                found.on.insert(request.name, targets?);
            } else {
                found.off.insert(request.name, missing);
            }
        }
        Ok(found)
    }

    /// Targets of a request, in its order; none if it is disabled.
    pub fn targets(&self, request: &Request) -> Option<Arc<[Target]>> {
        self.on.get(request.name).cloned()
    }

    /// Variables that a request lacks; none if it is enabled.
    pub fn missing(&self, request: &Request) -> Option<&[&'static str]> {
        self.off.get(request.name).map(Vec::as_slice)
    }
}
