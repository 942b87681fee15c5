//! HTTP client under all ClickHouse requests.

use std::time::Duration;

use clickhouse::{Client, Compression};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::Address;
use crate::tls::TlsError;
use crate::tls::https::Https;

/// Connect timeout. A host that is switched off doesn't refuse connections. Without a connection nothing was stored, so
/// this must be noticed before the timeout of the answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Idle timeout of connections. Old versions of ClickHouse close idle connections after 3 seconds; one that is closed
/// while a request is being sent looks like a failure.
const IDLE_LIMIT: Duration = Duration::from_secs(2);

/// Error while creating a client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The certificates of an encrypted connection can't be read.
    #[error("TLS for ClickHouse can't be set up: {0}")]
    Tls(#[from] TlsError),
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
    let client = match &address.tls {
        Some(tls) => {
            tls.config()?;
            Client::with_http_client(pool.build(Https::new(connector, tls.clone())))
        }
        None => Client::with_http_client(pool.build(connector)),
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
