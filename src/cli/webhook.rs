//! A webhook's sender, for the demo.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

/// Sends webhooks to one server.
pub(super) struct Client {
    http: HyperClient<HttpConnector, Full<Bytes>>,
    server: SocketAddr,
}

impl Client {
    pub(super) fn new(server: SocketAddr) -> Self {
        Client {
            http: HyperClient::builder(TokioExecutor::new()).build_http(),
            server,
        }
    }

    /// Sends what a shop sends when an order changes.
    pub(super) async fn shopify(&self, number: u32) -> anyhow::Result<()> {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let body = json!({
            "storeUrl": "demo.shop.example",
            "eventName": if number.is_multiple_of(3) { "orders/paid" } else { "orders/create" },
            "eventTime": since.as_millis() as u64,
            "eventData": { "id": 7_000_000 + number, "total_price": "1499.00", "line_items": [{ "sku": "kurta-m", "quantity": 1 }] },
        });
        let request = Request::post(format!("http://{}/shopify/event/", self.server))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body.to_string()))?;
        let answer = self
            .http
            .request(request)
            .await
            .context("the webhook got no answer")?;
        let status = answer.status();
        let text = answer.into_body().collect().await?.to_bytes();
        anyhow::ensure!(
            status.is_success(),
            "the webhook was refused: {status} {}",
            String::from_utf8_lossy(&text)
        );
        Ok(())
    }
}
