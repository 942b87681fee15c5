//! Asks an instance's operations listener, with what proves who asks.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

use super::ops::AskArgs;
use crate::tls::https::Https;

/// Timeout of an instance's answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Maximum size of an answer that is read as a whole, in bytes.
const LONGEST: usize = 64 << 20;

/// Client of operations listeners.
pub(super) struct Asks {
    plain: Client<HttpConnector, Empty<Bytes>>,
    encrypted: Client<Https, Empty<Bytes>>,
    authorization: Option<HeaderValue>,
}

impl Asks {
    /// Reads the token, if one is given.
    pub(super) fn new(args: &AskArgs) -> anyhow::Result<Self> {
        let authorization = match args.token()? {
            Some(token) => {
                let mut value = HeaderValue::try_from(format!("Bearer {token}"))?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        let https = Https::new(HttpConnector::new(), args.tls());
        Ok(Asks {
            plain: Client::builder(TokioExecutor::new()).build_http(),
            encrypted: Client::builder(TokioExecutor::new()).build(https),
            authorization,
        })
    }

    /// The text at a path of an instance, and its status.
    pub(super) async fn text(&self, url: &str, path: &str) -> anyhow::Result<(StatusCode, String)> {
        let answer = timeout(TIME_LIMIT, async {
            let answer = self.send(url, path).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), LONGEST).collect().await;
            let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
            anyhow::Ok((status, String::from_utf8_lossy(&body).into_owned()))
        });
        answer.await.context("it takes too long to answer")?
    }

    /// The metrics of an instance.
    pub(super) async fn metrics(&self, url: &str) -> anyhow::Result<String> {
        let (status, text) = self.text(url, "/metrics").await?;
        match status {
            StatusCode::OK => Ok(text),
            status => anyhow::bail!("it answers {status}; {}", hint(status)),
        }
    }

    /// The readiness report of an instance, ready or not.
    pub(super) async fn readiness(&self, url: &str) -> anyhow::Result<Value> {
        let (status, text) = self.text(url, "/readyz").await?;
        match status {
            StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE => {
                serde_json::from_str(&text).context("its answer is not the readiness of event-grpc")
            }
            status => anyhow::bail!("it answers {status}; {}", hint(status)),
        }
    }

    /// An answer that is read as it comes. Its head has to come in time.
    pub(super) async fn open(&self, url: &str, path: &str) -> anyhow::Result<Response<Incoming>> {
        let answer = timeout(TIME_LIMIT, self.send(url, path)).await;
        answer.context("it takes too long to answer")?
    }

    async fn send(&self, url: &str, path: &str) -> anyhow::Result<Response<Incoming>> {
        let url = format!("{}{path}", url.trim_end_matches('/'));
        let mut request = Request::get(url).body(Empty::new())?;
        if let Some(authorization) = &self.authorization {
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        Ok(match request.uri().scheme_str() {
            Some("https") => self.encrypted.request(request).await?,
            _ => self.plain.request(request).await?,
        })
    }
}

/// What may be wrong where an instance refuses to answer.
pub(super) fn hint(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "is its token the first one of --ops-token-file?",
        StatusCode::FORBIDDEN => {
            "does its --ops-host have this name, or its --ops-certificate this certificate?"
        }
        StatusCode::BAD_REQUEST => "if it speaks TLS, its address begins with https://",
        _ => "is it the address of its --ops-listen?",
    }
}
