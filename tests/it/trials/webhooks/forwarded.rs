//! Webhooks that are forwarded to an HTTP API: with one idempotency key each, and an immediate answer if they can't be.

use std::collections::BTreeSet;

use event_grpc::app::Config;
use event_grpc::app::environment::Environment;
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use serde_json::{Value, json};

use super::{USERS, WEBENGAGE, post, webengage};
use crate::app::support::{Instance, config, eventually, started};
use crate::clickhouse::support::in_database;
use crate::forward::server::{Seen, Server};

/// Runs a test against an instance that forwards to this server.
async fn forwarding(name: &str, test: impl AsyncFnOnce(&Instance, &ClickHouse, &Server)) {
    let server = Server::start().await;
    in_database(name, async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let url = server.url("/api");
        let variables = [
            ("WEBENGAGE_EVENTS_URL", url.as_str()),
            ("WEBENGAGE_BRAND_EVENTS_URL", &url),
            ("WEBENGAGE_USERS_URL", &url),
            ("WEBENGAGE_BRAND_USERS_URL", &url),
            ("WEBENGAGE_KEY", "key"),
            ("WEBENGAGE_BRAND_KEY", "key"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let environment: Environment = variables.map(owned).into_iter().collect();
        let config = Config {
            environment,
            ..config(&store)
        };
        let (app, seen) = started(config).await;
        test(&seen, &store, &server).await;
        drop(seen);
        app.stop().await;
    })
    .await;
}

fn keys(seen: &[Seen]) -> BTreeSet<String> {
    seen.iter()
        .map(|seen| seen.headers["idempotency-key"].clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_set_from_a_to_b_and_back_is_set_three_times() {
    forwarding("trial_webhooks_users", async |app, _, server| {
        let user =
            |email: &str| json!({"userId": "u", "email": email, "attributes": {}}).to_string();
        let mut seen = Vec::new();
        for (before, email) in ["a@x.example", "b@x.example", "a@x.example"]
            .iter()
            .enumerate()
        {
            let (status, told) = post(app, USERS, &[], &user(email)).await;
            assert_eq!(status, 200, "{told}");
            // One after the other, as their sender means them.
            seen = server.has_seen(before + 1).await;
        }
        assert_eq!(keys(&seen).len(), 3);
        let emails: Vec<&Value> = seen.iter().map(|seen| &seen.body["email"]).collect();
        assert_eq!(
            emails
                .iter()
                .filter(|email| **email == "a@x.example")
                .count(),
            2
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_sent_again_has_the_same_key() {
    forwarding("trial_webhooks_keys", async |app, store, server| {
        let event = webengage(json!("1760000000000")).to_string();
        for _ in 0..2 {
            let (status, told) = post(app, WEBENGAGE, &[], &event).await;
            assert_eq!(status, 200, "{told}");
        }
        assert_eq!(keys(&server.has_seen(2).await).len(), 1);
        eventually(store, "SELECT count() FROM DB.webengage_event FINAL", 1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_queue_takes_and_another_one_does_not_is_told() {
    forwarding("trial_webhooks_partly", async |app, store, server| {
        // There is an API for users and one for brands; a table for whoever it is.
        let mut event = webengage(json!("1760000000000"));
        event["appType"] = json!("ROBOT");
        let (status, told) = post(app, WEBENGAGE, &[], &event.to_string()).await;
        assert_eq!((status, &told["partly"]), (202, &json!(true)), "{told}");
        assert!(told["reason"].as_str().unwrap().contains("ROBOT"), "{told}");
        eventually(store, "SELECT count() FROM DB.webengage_event", 1).await;
        let letter = format!(
            "SELECT count() FROM DB.error_event WHERE error_id = '{}' AND queue = 'webengage_event_q'",
            told["letter"].as_str().unwrap()
        );
        eventually(store, &letter, 1).await;
        eventually(store, "SELECT count() FROM DB.error_event", 1).await;
        assert!(server.seen().is_empty());
    })
    .await;
}
