//! Asks an instance for its metrics, with what proves who asks.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

use super::super::ops::AskArgs;
use crate::ops::ledger::{Counts, counts};
use crate::tls::https::Https;

/// Timeout of an instance's answer.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Maximum size of the text of metrics, in bytes.
const LONGEST: usize = 64 << 20;

/// Client of operations listeners.
pub(in crate::cli) struct Asks {
    plain: Client<HttpConnector, Empty<Bytes>>,
    encrypted: Client<Https, Empty<Bytes>>,
    authorization: Option<HeaderValue>,
}

impl Asks {
    /// Reads the token, if one is given.
    pub(in crate::cli) fn new(args: &AskArgs) -> anyhow::Result<Self> {
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

    /// Counters of an instance.
    pub(super) async fn metrics(&self, url: &str) -> anyhow::Result<Counts> {
        let (_, body) = self.answer(url, "metrics", &[StatusCode::OK]).await?;
        counts(&String::from_utf8_lossy(&body))
            .context("its answer is not the metrics of event-grpc")
    }

    /// Readiness of an instance, ready or not.
    pub(in crate::cli) async fn readiness(&self, url: &str) -> anyhow::Result<Value> {
        let good = [StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE];
        let (_, body) = self.answer(url, "readyz", &good).await?;
        serde_json::from_slice(&body).context("its answer is not the readiness of event-grpc")
    }

    async fn answer(
        &self,
        url: &str,
        path: &str,
        good: &[StatusCode],
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let answer = timeout(TIME_LIMIT, self.ask(url, path, good)).await;
        answer.context("it takes too long to answer")?
    }

    async fn ask(
        &self,
        url: &str,
        path: &str,
        good: &[StatusCode],
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let url = format!("{}/{path}", url.trim_end_matches('/'));
        let mut request = Request::get(url).body(Empty::new())?;
        if let Some(authorization) = &self.authorization {
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, authorization.clone());
        }
        let answer = match request.uri().scheme_str() {
            Some("https") => self.encrypted.request(request).await?,
            _ => self.plain.request(request).await?,
        };
        let status = answer.status();
        if !good.contains(&status) {
            let hint = match status {
                StatusCode::UNAUTHORIZED => "is its token the first one of --ops-token-file?",
                StatusCode::FORBIDDEN => {
                    "does its --ops-host have this name, or its --ops-certificate this certificate?"
                }
                _ => "is it the address of its --ops-listen?",
            };
            anyhow::bail!("it answers {status}; {hint}");
        }
        let body = Limited::new(answer.into_body(), LONGEST).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
        Ok((status, body))
    }
}
