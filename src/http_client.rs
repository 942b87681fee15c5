//! HTTP client: sends requests to one server, with or without TLS.

use std::error::Error as StdError;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as HyperClient, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;
use tower::Service as _;

use crate::tls::client::Tls;
use crate::tls::https::Https;
use crate::tls::{Options, TlsError};

/// Connect timeout. A host that is switched off doesn't refuse connections. Without a connection nothing was sent, so
/// this must be noticed before the timeout of the attempt.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Idle timeout of connections. Servers close idle ones; one that is closed while a request is being sent looks like a
/// failure.
const IDLE_LIMIT: Duration = Duration::from_secs(15);

/// Size of an answer after which no more of it is read.
const ANSWER: usize = 64 << 10;

/// The certificates of encrypted connections can't be read.
#[derive(Debug, thiserror::Error)]
#[error("TLS for requests can't be set up: {0}")]
pub struct CertificateError(#[from] TlsError);

/// Sends requests; keeps connections open, and follows no redirects. Plain and encrypted connections have separate
/// clients, because a machine without root certificates must still be able to use the first.
#[derive(Debug, Clone)]
pub enum Client {
    /// Without TLS.
    Plain(HyperClient<HttpConnector, Full<Bytes>>, HttpConnector),
    /// With TLS.
    Encrypted(HyperClient<Https, Full<Bytes>>, Https),
}

impl Client {
    /// Creates a client with this timeout for each attempt. It is encrypted if options of TLS are given.
    ///
    /// # Errors
    ///
    /// If the files that the options name can't be used.
    pub fn new(tls: Option<Options>, timeout: Duration) -> Result<Self, CertificateError> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_LIMIT.min(timeout / 2)));
        connector.set_keepalive(Some(Duration::from_secs(60)));
        connector.set_nodelay(true);
        let mut pool = HyperClient::builder(TokioExecutor::new());
        pool.pool_timer(TokioTimer::new());
        pool.pool_idle_timeout(IDLE_LIMIT);
        let Some(tls) = tls.map(Tls::new) else {
            return Ok(Client::Plain(pool.build(connector.clone()), connector));
        };
        tls.config()?;
        let connector = Https::new(connector, tls);
        Ok(Client::Encrypted(pool.build(connector.clone()), connector))
    }

    /// Sends a request, and answers with the head of the response.
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<impl Body<Data = Bytes> + Unpin + use<>>, Error> {
        match self {
            Client::Plain(client, _) => client.request(request).await,
            Client::Encrypted(client, _) => client.request(request).await,
        }
    }

    /// Connects, and shakes hands where that is encrypted; nothing is sent.
    ///
    /// # Errors
    ///
    /// The reason why there is no connection.
    pub async fn connect(&self, uri: Uri) -> Result<(), String> {
        match self {
            Client::Plain(_, connector) => {
                let connected = connector.clone().call(uri).await;
                connected.map(drop).map_err(|error| chain(&error))
            }
            Client::Encrypted(_, connector) => {
                let connected = connector.clone().call(uri).await;
                connected.map(drop).map_err(|error| chain(&*error))
            }
        }
    }
}

/// Where reports are posted: an address with the headers of each request.
#[derive(Debug, Clone)]
pub struct Endpoint {
    client: Client,
    uri: Uri,
    headers: HeaderMap,
    limit: Duration,
}

/// Answer to a report.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, or the beginning of it if it was too long or broke off.
    pub body: Bytes,
}

impl Endpoint {
    /// An endpoint that has to answer within a limit.
    ///
    /// # Errors
    ///
    /// If its certificates can't be read.
    pub fn new(
        uri: Uri,
        headers: HeaderMap,
        tls: Options,
        limit: Duration,
    ) -> Result<Self, CertificateError> {
        let encrypted = uri.scheme_str() == Some("https");
        Ok(Endpoint {
            client: Client::new(encrypted.then_some(tls), limit)?,
            uri,
            headers,
            limit,
        })
    }

    /// Posts a body once.
    ///
    /// # Errors
    ///
    /// If there is no answer: the reason, which holds neither headers nor the body.
    pub async fn post(&self, body: Bytes) -> Result<Answer, String> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        let asked = async {
            let response = self.client.send(request).await.map_err(|e| chain(&e))?;
            let (head, mut body) = response.into_parts();
            // The status has decided.
            let mut read = Vec::new();
            while let Some(Ok(frame)) = body.frame().await
                && read.len() < ANSWER
            {
                read.extend_from_slice(&frame.into_data().unwrap_or_default());
            }
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body: read.into(),
            })
        };
        match timeout(self.limit, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {:?}", self.limit)),
        }
    }
}

/// Error with its causes, which hold neither addresses nor headers.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text.chars().take(300).collect()
}
