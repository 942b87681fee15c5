//! HTTP client under all ClickHouse requests.

use std::io;
use std::time::Duration;

use clickhouse::{Client, Compression};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::Address;

/// Connect timeout. A host that is switched off doesn't refuse connections. Without a connection nothing was stored, so
/// this must be noticed before the timeout of the answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Idle timeout of connections. Old versions of ClickHouse close idle connections after 3 seconds; one that is closed
/// while a request is being sent looks like a failure.
const IDLE_LIMIT: Duration = Duration::from_secs(2);

/// Error while creating a client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No certificates to verify an encrypted connection.
    #[error("no root certificates were found, which https:// needs (install ca-certificates): {0}")]
    Certificates(#[source] io::Error),
}

/// Client for all statements but inserts. Plain and encrypted connections have separate clients, because a machine
/// without root certificates must still be able to use the first.
pub(super) fn client(address: &Address) -> Result<Client, ConnectError> {
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_LIMIT));
    connector.set_keepalive(Some(Duration::from_secs(60)));
    connector.set_nodelay(true);
    let mut pool = HttpClient::builder(TokioExecutor::new());
    pool.pool_idle_timeout(IDLE_LIMIT);
    let client = if address.is_encrypted() {
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(ConnectError::Certificates)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        Client::with_http_client(pool.build(connector))
    } else {
        Client::with_http_client(pool.build(connector))
    };
    let mut client = client
        .with_url(address.url.as_str())
        .with_user(&address.user)
        .with_compression(Compression::None)
        .with_product_info("event-grpc", env!("CARGO_PKG_VERSION"));
    if let Some(password) = &address.password {
        client = client.with_password(password);
    }
    Ok(client)
}
