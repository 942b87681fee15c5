//! HTTP client of one target.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as HyperClient, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// Connect timeout. A host that is switched off doesn't refuse connections. Without a connection nothing was sent, so
/// this must be noticed before the timeout of the attempt.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Idle timeout of connections. Servers close idle ones; one that is closed while a request is being sent looks like a
/// failure.
const IDLE_LIMIT: Duration = Duration::from_secs(15);

/// No certificates to verify an encrypted connection.
#[derive(Debug, thiserror::Error)]
#[error("no root certificates were found, which https:// needs (install ca-certificates): {0}")]
pub struct CertificateError(#[source] io::Error);

/// Sends requests; keeps connections open, and follows no redirects. Plain and encrypted connections have separate
/// clients, because a machine without root certificates must still be able to use the first.
#[derive(Debug, Clone)]
pub(super) enum Client {
    Plain(HyperClient<HttpConnector, Full<Bytes>>),
    Encrypted(HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Client {
    /// Creates a client with this timeout for each attempt.
    pub(super) fn new(encrypted: bool, timeout: Duration) -> Result<Self, CertificateError> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_LIMIT.min(timeout / 2)));
        connector.set_keepalive(Some(Duration::from_secs(60)));
        connector.set_nodelay(true);
        let mut pool = HyperClient::builder(TokioExecutor::new());
        pool.pool_timer(TokioTimer::new());
        pool.pool_idle_timeout(IDLE_LIMIT);
        if !encrypted {
            return Ok(Client::Plain(pool.build(connector)));
        }
        connector.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(CertificateError)?
            .https_only()
            .enable_http1()
            .wrap_connector(connector);
        Ok(Client::Encrypted(pool.build(connector)))
    }

    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<impl Body<Data = Bytes> + Unpin + use<>>, Error> {
        match self {
            Client::Plain(client) => client.request(request).await,
            Client::Encrypted(client) => client.request(request).await,
        }
    }
}
