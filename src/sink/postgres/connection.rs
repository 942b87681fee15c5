//! Connection pool of PostgreSQL, with a limit on how long anything may take.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    ConfigConnectImpl, Connect, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
    Runtime, TimeoutType,
};
use rustls::ClientConfig;
use rustls::RootCertStore;
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::hosts::Hosts;
use super::{Address, sqlstate};
use crate::sink::{Fault, StoreError};

/// Pool size: one connection for each table's batcher, one for probes, and some spare ones.
const CONNECTIONS: usize = 16;

/// Time limit for a usable connection: name lookup, handshake and login together.
const CREATE_LIMIT: Duration = Duration::from_secs(10);
/// Time limit of waiting for a connection of the pool.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// Error while setting up the connections.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// TLS can't be set up.
    #[error("TLS for PostgreSQL can't be set up")]
    Tls(#[from] rustls::Error),
    /// No certificates to verify the server's.
    #[error(
        "this machine has no root certificates to verify PostgreSQL's; install ca-certificates, or use `sslmode=disable` in the URL to go without TLS"
    )]
    NoCertificates,
    /// The pool can't be created.
    #[error("the connections to PostgreSQL can't be set up")]
    Pool(#[from] deadpool_postgres::BuildError),
}

/// Creates the pool. No connection is opened yet.
pub(super) fn pool(address: &Address) -> Result<Pool, ConnectError> {
    let config = address.config().clone();
    let reuse = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let connect: Box<dyn Connect> = if address.may_be_encrypted() {
        let tls = MakeRustlsConnect::new(tls()?);
        Box::new(ConfigConnectImpl { tls })
    } else {
        Box::new(ConfigConnectImpl { tls: NoTls })
    };
    let hosts = Hosts::new(&config, connect, address.time_limit_of_one());
    let manager = Manager::from_connect(config, hosts, reuse);
    Ok(Pool::builder(manager)
        .max_size(CONNECTIONS)
        .create_timeout(Some(CREATE_LIMIT.max(address.time_limit())))
        .wait_timeout(Some(WAIT_LIMIT))
        .runtime(Runtime::Tokio1)
        .build()?)
}

/// TLS configuration: the server's certificate is verified by this machine's root certificates.
fn tls() -> Result<ClientConfig, ConnectError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(ConnectError::NoCertificates);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Takes a connection from the pool. An error here means that nothing was stored.
pub(super) async fn get(pool: &Pool) -> Result<Object, StoreError> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => sqlstate::unreachable(&error),
        PoolError::Timeout(TimeoutType::Wait) => sqlstate::failed(
            Fault::Transient,
            String::from("all connections to PostgreSQL are in use"),
        ),
        PoolError::Timeout(_) => sqlstate::failed(
            Fault::Destination,
            String::from("PostgreSQL didn't take a connection in time"),
        ),
        other => sqlstate::failed(Fault::Destination, other.to_string()),
    })
}

/// Drops a connection after an error of its server, and all idle ones: they lead to the same server, and a new one
/// finds another host if there is one.
pub(super) fn leave(pool: &Pool, connection: Object) {
    drop(Object::take(connection));
    drop(pool.retain(|_, _| false));
}
