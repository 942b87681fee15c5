//! Options for the certificates of ClickHouse servers.

use std::path::PathBuf;

use crate::app::environment::Environment;
use crate::app::variables;
use crate::sink::clickhouse::Files;

/// Certificates of the main ClickHouse server.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ClickHouseTlsArgs {
    /// PEM file of the authorities that verify ClickHouse at https://, in place of this machine's. Of a further server:
    /// EVENT_GRPC_CLICKHOUSE_CA_SERVER.
    #[arg(long, env = "EVENT_GRPC_CLICKHOUSE_CA", value_name = "FILE")]
    clickhouse_ca: Option<PathBuf>,
    /// PEM file of a client certificate for ClickHouse, and those between it and its authority. Of a further server:
    /// EVENT_GRPC_CLICKHOUSE_CERT_SERVER.
    #[arg(long, env = "EVENT_GRPC_CLICKHOUSE_CERT", value_name = "FILE")]
    clickhouse_cert: Option<PathBuf>,
    /// PEM file of its private key. Of a further server: EVENT_GRPC_CLICKHOUSE_KEY_SERVER.
    #[arg(long, env = "EVENT_GRPC_CLICKHOUSE_KEY", value_name = "FILE")]
    clickhouse_key: Option<PathBuf>,
}

impl ClickHouseTlsArgs {
    /// The files that are given.
    pub(super) fn files(&self) -> Files {
        Files {
            ca: self.clickhouse_ca.clone(),
            certificate: self.clickhouse_cert.clone(),
            key: self.clickhouse_key.clone(),
        }
    }
}

/// The files of a further server.
pub(super) fn of_server(server: &str, environment: &Environment) -> Files {
    let file = |what: &str| {
        let given = environment.get(&variables::of_server(what, server));
        given.map(PathBuf::from)
    };
    Files {
        ca: file("CA"),
        certificate: file("CERT"),
        key: file("KEY"),
    }
}
