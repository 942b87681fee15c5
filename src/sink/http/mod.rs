//! HTTP APIs as destinations: one request for each message.
//!
//! A request is enabled when every variable that its targets name is set in the server's environment. Secrets of a
//! target (headers, the account and the query of its URL) stay in here: they reach no log and no error.

mod answer;
mod pace;
mod target;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use answer::RequestError;
pub use target::{REQUESTS_CA, Target, TargetError};

use crate::contract::Request;
use crate::http_client::CertificateError;

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
}

impl Requests {
    /// Looks up the variables of all requests. A variable that is set but empty counts as not set.
    pub fn new(
        requests: &[&'static Request],
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
            if missing.is_empty() {
                let targets = request.targets.iter();
                let targets: Result<Arc<[Target]>, RequestsError> = targets
                    .map(|target| Target::new(request, target, &variable))
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
