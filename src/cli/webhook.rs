//! Simulated webhook senders, for the demo.

use std::net::SocketAddr;

use anyhow::Context as _;
use bytes::Bytes;
use futures_util::future::try_join_all;
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::app::environment::Environment;
use crate::generated::PIPELINE;
use crate::time::now;
use crate::traffic::proof::{prove, variables};

/// Simulated sender.
pub(super) struct Hook {
    /// Name for people.
    pub(super) name: &'static str,
    /// Table of its messages.
    pub(super) table: &'static str,
    path: &'static str,
    /// Makes a message from a number and the time.
    message: fn(u32, u64) -> Message,
}

/// Request to post.
struct Message {
    body: Value,
    header: Option<(&'static str, String)>,
}

/// All senders.
pub(super) const HOOKS: [Hook; 5] = [
    Hook {
        name: "Shopify",
        table: "shopify_event",
        path: "/shopify/event/",
        message: shopify,
    },
    Hook {
        name: "Branch",
        table: "branch_event",
        path: "/branch/event/",
        message: branch,
    },
    Hook {
        name: "Graphy",
        table: "graphy_event",
        path: "/graphy/event/",
        message: graphy,
    },
    Hook {
        name: "Vidooly",
        table: "vidooly_event",
        path: "/vidooly/event/",
        message: vidooly,
    },
    Hook {
        name: "WebEngage",
        table: "webengage_event",
        path: "/webengage/event/",
        message: webengage,
    },
];

/// Client of one server.
pub(super) struct Client {
    http: HyperClient<HttpConnector, Full<Bytes>>,
    server: SocketAddr,
    secrets: Environment,
}

/// Secrets of all senders, made for this run.
pub(super) fn secrets() -> Environment {
    let secret = || format!("{:032x}", rand::random::<u128>());
    variables(&PIPELINE)
        .map(|name| (name.to_owned(), secret()))
        .collect()
}

impl Client {
    pub(super) fn new(server: SocketAddr, secrets: Environment) -> Self {
        Client {
            http: HyperClient::builder(TokioExecutor::new()).build_http(),
            server,
            secrets,
        }
    }

    /// Sends a message of each sender, and waits for the answers.
    pub(super) async fn post_all(&self, number: u32) -> anyhow::Result<()> {
        let millis = now().as_millis() as u64;
        try_join_all(HOOKS.iter().map(|hook| self.post(hook, number, millis))).await?;
        Ok(())
    }

    async fn post(&self, hook: &Hook, number: u32, millis: u64) -> anyhow::Result<()> {
        let message = (hook.message)(number, millis);
        let body = message.body.to_string();
        let proved = prove(&PIPELINE, hook.path, body.as_bytes(), |name| {
            self.secrets.get(name)
        });
        let mut request = Request::post(format!("http://{}{}", self.server, proved.path))
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in message.header.into_iter().chain(proved.headers) {
            request = request.header(name, value);
        }
        let answer = self
            .http
            .request(request.body(Full::from(body))?)
            .await
            .with_context(|| format!("{} got no answer", hook.name))?;
        let status = answer.status();
        let text = answer.into_body().collect().await?.to_bytes();
        anyhow::ensure!(
            status.is_success(),
            "{} was refused: {status} {}",
            hook.name,
            String::from_utf8_lossy(&text)
        );
        Ok(())
    }
}

fn plain(body: Value) -> Message {
    Message { body, header: None }
}

/// Picks one of some words, by number.
fn pick(number: u32, words: &[&'static str]) -> &'static str {
    let at = number as usize % words.len().max(1);
    words.get(at).copied().unwrap_or_default()
}

/// Shopify: an order changed.
fn shopify(number: u32, millis: u64) -> Message {
    let body = json!({
        "storeUrl": "demo.shop.example",
        "eventName": pick(number / 4, &["orders/paid", "orders/create", "orders/create"]),
        "eventTime": millis,
        "eventData": { "id": 7_000_000 + number, "total_price": "1499.00", "line_items": [{ "sku": "kurta-m", "quantity": 1 }] },
    });
    let id = ("x-shopify-webhook-id", format!("{millis}-{number}"));
    Message {
        body,
        header: Some(id),
    }
}

/// Branch: a link opened the app.
fn branch(number: u32, millis: u64) -> Message {
    let campaign = pick(number / 4, &["diwali_sale", "welcome_back", "new_arrivals"]);
    plain(json!({
        "id": format!("{millis}-{number}"),
        "name": pick(number / 4, &["OPEN", "INSTALL", "OPEN", "PURCHASE"]),
        "timestamp": millis,
        "deep_linked": true,
        "event_data": { "revenue": 499.5, "currency": "INR" },
        "user_data": { "platform": "ANDROID_APP", "os": "Android", "geo_country_en": "India", "geo_city_en": "Pune" },
        "last_attributed_touch_data": { "~campaign": campaign, "~channel": "instagram", "~feature": "paid", "+url": "https://demo.app.example/d" },
        "content_items": [{ "$sku": "kurta-m", "$quantity": 1 }],
    }))
}

/// Graphy: a learner's progress.
fn graphy(number: u32, _: u64) -> Message {
    Message {
        body: json!({ "course": { "id": "stitching-1" }, "learner": { "id": number }, "paid": number.is_multiple_of(8) }),
        header: Some((
            "spayee-event",
            pick(number / 4, &["courseEnrolled", "lessonCompleted"]).to_owned(),
        )),
    }
}

/// Vidooly: a video was analysed.
fn vidooly(number: u32, _: u64) -> Message {
    plain(json!({
        "name": pick(number / 4, &["video_analysed", "channel.ranked"]),
        "video": { "id": format!("v-{number}"), "views": 1000 + number },
    }))
}

/// WebEngage: a user event.
fn webengage(number: u32, millis: u64) -> Message {
    plain(json!({
        "appType": pick(number / 4, &["USER", "BRAND"]),
        "userId": number.to_string(),
        "eventName": pick(number / 4, &["Added to cart", "Signed up"]),
        "eventTime": millis.to_string(),
        "eventData": { "productId": 42, "price": 499.0 },
    }))
}
