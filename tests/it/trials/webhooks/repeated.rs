//! Repeated webhooks are stored once, and different ones that look alike are not merged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_grpc::broker::{
    Broker, ConsumeError, Deliveries, Embedded, Outgoing, PublishError, Status,
};
use event_grpc::ingest::Limits;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{BRANCH, GRAPHY, SHOPIFY, WEBENGAGE, post, shopify, webengage};
use crate::app::support::{eventually, instance};
use crate::ingest::server::{POOL, Server};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_webhook_is_one_row_and_two_that_look_alike_are_two() {
    instance("trial_webhooks_repeated", async |app, store| {
        let body = shopify(&json!({"id": 1})).to_string();
        let send = async |id: Option<&str>, body: &str| -> Value {
            let header = id.map(|id| ("X-Shopify-Webhook-Id", id));
            let (status, told) = post(app, SHOPIFY, header.as_slice(), body).await;
            assert_eq!(status, 200, "{told}");
            told["id"].clone()
        };
        let first = send(Some("w-1"), &body).await;
        for _ in 0..2 {
            assert_eq!(send(Some("w-1"), &body).await, first);
        }
        let rows = "SELECT count() FROM DB.shopify_event FINAL";
        eventually(store, rows, 1).await;
        // Another webhook that says the same; and one that replaces nobody's, though it has somebody's id.
        assert_ne!(send(Some("w-2"), &body).await, first);
        assert_ne!(
            send(Some("w-1"), &shopify(&json!({"id": 2})).to_string()).await,
            first
        );
        eventually(store, rows, 3).await;
        // Without an id each is itself.
        assert_ne!(send(None, &body).await, send(None, &body).await);
        eventually(store, rows, 5).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_with_the_senders_time_tell_messages_apart() {
    instance("trial_webhooks_fields", async |app, store| {
        let id = async |path: &str, body: Value| {
            let (status, told) = post(app, path, &[], &body.to_string()).await;
            assert_eq!(status, 200, "{told}");
            told["id"].as_str().unwrap().to_owned()
        };
        let seen = |at: i64| webengage(json!(at.to_string()));
        let first = id(WEBENGAGE, seen(1_760_000_000_000)).await;
        assert_eq!(id(WEBENGAGE, seen(1_760_000_000_000)).await, first);
        assert_ne!(id(WEBENGAGE, seen(1_760_000_000_001)).await, first);
        eventually(store, "SELECT count() FROM DB.webengage_event FINAL", 2).await;
        let branch = json!({"id": "b", "name": "OPEN", "timestamp": 1_760_000_000_000i64});
        let first = id(BRANCH, branch.clone()).await;
        assert_eq!(id(BRANCH, branch).await, first);
        // A source that declares nothing stores both.
        assert_ne!(id(GRAPHY, json!({})).await, id(GRAPHY, json!({})).await);
        eventually(store, "SELECT count() FROM DB.graphy_event FINAL", 2).await;
    })
    .await;
}

/// The broker in memory, but its first answer is lost.
struct Forgetful {
    broker: Arc<Embedded>,
    has_answered: AtomicBool,
}

impl Broker for Forgetful {
    fn publish(&self, message: Outgoing) -> BoxFuture<'_, Result<(), PublishError>> {
        async {
            let published = self.broker.publish(message).await;
            if self.has_answered.swap(true, Ordering::SeqCst) {
                return published;
            }
            Err(PublishError::Unknown {
                reason: "the answer is lost".to_owned(),
            })
        }
        .boxed()
    }

    fn consume(&self, queue: &str) -> Result<Deliveries, ConsumeError> {
        self.broker.consume(queue)
    }

    fn status(&self) -> watch::Receiver<Status> {
        self.broker.status()
    }

    fn close(&self, patience: Duration) -> BoxFuture<'_, ()> {
        self.broker.close(patience)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn repeating_is_said_to_be_safe_only_where_it_is() {
    let json = "application/json";
    for (path, safe) in [("/fields/", true), ("/hook/", false)] {
        let server = Server::start_with(Limits::embedded(), POOL, |broker| {
            let has_answered = AtomicBool::new(false);
            Arc::new(Forgetful {
                broker,
                has_answered,
            })
        })
        .await;
        let send = || server.http("POST", path, json, br#"{"name": "a"}"#);
        let (code, _, told) = send().await;
        assert_eq!(code, 503, "{told}");
        assert_eq!(told.contains("which is safe"), safe, "{told}");
        assert_eq!(told.contains("may be stored twice"), !safe, "{told}");
        let (code, _, told) = send().await;
        assert_eq!(code, 200, "{told}");
        let seen = server.seen.lock().unwrap();
        let ids: Vec<_> = seen
            .iter()
            .map(|s| &s.delivery.properties.message_id)
            .collect();
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[0] == ids[1], safe, "{ids:?}");
    }
}
