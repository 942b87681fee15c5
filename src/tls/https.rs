//! Connector for `https://`, which verifies as its options say.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tower::Service;

use super::client::Tls;

/// Handshake timeout. Without a handshake nothing was sent, so it must fail before a request's own timeout does.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

type BoxError = Box<dyn StdError + Send + Sync>;

/// Connects and shakes hands. The files of its options are looked at for each connection.
#[derive(Clone)]
pub struct Https {
    http: HttpConnector,
    tls: Tls,
}

impl Https {
    /// Puts TLS on the connections of a connector.
    pub fn new(mut http: HttpConnector, tls: Tls) -> Self {
        http.enforce_http(false);
        Https { http, tls }
    }
}

impl fmt::Debug for Https {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Https").finish_non_exhaustive()
    }
}

impl Service<Uri> for Https {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.http.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (mut http, tls) = (self.http.clone(), self.tls.clone());
        Box::pin(async move {
            let config = tls.config()?;
            let host = uri.host().unwrap_or_default().to_owned();
            let name = tls.server_name(&host)?;
            let stream = TokioIo::new(http.call(uri).await?);
            let handshake = TlsConnector::from(config).connect(name, stream);
            match timeout(HANDSHAKE_LIMIT, handshake).await {
                Ok(Ok(stream)) => Ok(stream.into()),
                Ok(Err(error)) => Err(tls.failed(&host, &error).into()),
                Err(late) => Err(tls.failed(&host, &late).into()),
            }
        })
    }
}
