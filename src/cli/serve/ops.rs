//! Options of the operations listener.

use std::net::SocketAddr;

use super::super::ops::TokenArgs;
use crate::ops::access::{Options, TokenError};

/// Operations listener.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct OpsArgs {
    /// Operations listen address: metrics, readiness, liveness, setting the heartbeat, gRPC reflection. An address beyond
    /// loopback needs a token.
    #[arg(
        long,
        env = "EVENT_GRPC_OPS_LISTEN",
        default_value = "127.0.0.1:8018",
        value_name = "ADDRESS"
    )]
    ops_listen: SocketAddr,
    /// Names that the Host header of requests to operations may have on a loopback address, beside localhost and addresses
    /// of loopback.
    #[arg(
        long,
        env = "EVENT_GRPC_OPS_HOST",
        value_delimiter = ',',
        value_name = "NAMES"
    )]
    ops_host: Vec<String>,
    #[command(flatten)]
    token: TokenArgs,
    /// Names in client certificates, by their common name, that may ask operations without a token. The authority of
    /// --tls-client-ca has to have signed them.
    #[arg(
        long,
        env = "EVENT_GRPC_OPS_CERTIFICATE",
        value_delimiter = ',',
        requires = "tls_client_ca",
        value_name = "NAMES"
    )]
    ops_certificate: Vec<String>,
    /// Serve operations on the ports of events as well, without a token, as earlier releases did: /metrics, /readyz and
    /// PUT /heartbeat/ over HTTP, reflection over gRPC. The next release won't have this option.
    #[arg(long, env = "EVENT_GRPC_LEGACY_OPS")]
    legacy_ops: bool,
    /// Names of fields that taps mask as personal, beside the usual ones: email, phone, ip, user agent, names, and so on.
    #[arg(
        long,
        env = "EVENT_GRPC_PERSONAL",
        value_delimiter = ',',
        value_name = "NAMES"
    )]
    personal: Vec<String>,
}

impl OpsArgs {
    /// Options of the listener.
    pub(super) fn options(&self) -> Result<Options, TokenError> {
        if self.legacy_ops {
            tracing::warn!(
                "--legacy-ops: whoever reaches the ports of events reads the metrics and sets the heartbeat. The next release \
                 serves operations on --ops-listen only."
            );
        }
        Ok(Options {
            listen: self.ops_listen,
            hosts: self.ops_host.clone(),
            token: self.token.source()?,
            certificates: self.ops_certificate.clone(),
            legacy: self.legacy_ops,
            personal: self.personal.clone(),
        })
    }
}
