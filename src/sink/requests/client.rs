//! HTTP client of one target.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::Body;
use http_body_util::Full;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as HyperClient, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower::Service as _;

use crate::tls::client::Tls;
use crate::tls::https::Https;
use crate::tls::{Names, Options, TlsError};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Variable that names a file of authorities, which are trusted beside this machine's.
pub const REQUESTS_CA: &str = "EVENT_GRPC_REQUESTS_CA";

/// What the options of TLS are called.
pub(super) const NAMES: Names = Names {
    ca: REQUESTS_CA,
    certificate: "which requests don't have",
    server_name: "name it by one of its names in the target's URL",
};

/// Connect timeout. A host that is switched off doesn't refuse connections. Without a connection nothing was sent, so
/// this must be noticed before the timeout of the attempt.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Idle timeout of connections. Servers close idle ones; one that is closed while a request is being sent looks like a
/// failure.
const IDLE_LIMIT: Duration = Duration::from_secs(15);

/// The certificates of encrypted connections can't be read.
#[derive(Debug, thiserror::Error)]
#[error("TLS for requests can't be set up: {0}")]
pub struct CertificateError(#[from] TlsError);

/// Sends requests; keeps connections open, and follows no redirects. Plain and encrypted connections have separate
/// clients, because a machine without root certificates must still be able to use the first.
#[derive(Clone)]
pub(super) enum Client {
    Plain(HyperClient<HttpConnector, Full<Bytes>>, HttpConnector),
    Encrypted(HyperClient<Https, Full<Bytes>>, Https),
}

impl Client {
    /// Creates a client with this timeout for each attempt.
    pub(super) fn new(
        encrypted: bool,
        timeout: Duration,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, CertificateError> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_LIMIT.min(timeout / 2)));
        connector.set_keepalive(Some(Duration::from_secs(60)));
        connector.set_nodelay(true);
        let mut pool = HyperClient::builder(TokioExecutor::new());
        pool.pool_timer(TokioTimer::new());
        pool.pool_idle_timeout(IDLE_LIMIT);
        if !encrypted {
            return Ok(Client::Plain(pool.build(connector.clone()), connector));
        }
        let tls = Tls::new(Options {
            ca: variable(REQUESTS_CA).map(PathBuf::from),
            machine_too: true,
            ..Options::new(&NAMES)
        });
        tls.config()?;
        let connector = Https::new(connector, tls);
        Ok(Client::Encrypted(pool.build(connector.clone()), connector))
    }

    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<impl Body<Data = Bytes> + Unpin + use<>>, Error> {
        match self {
            Client::Plain(client, _) => client.request(request).await,
            Client::Encrypted(client, _) => client.request(request).await,
        }
    }

    /// Connects, and shakes hands where that is encrypted; nothing is sent.
    pub(super) async fn connect(&self, uri: Uri) -> Result<(), BoxError> {
        match self {
            Client::Plain(_, connector) => drop(connector.clone().call(uri).await?),
            Client::Encrypted(_, connector) => drop(connector.clone().call(uri).await?),
        }
        Ok(())
    }
}
