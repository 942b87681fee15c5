//! Webhooks that are sent twice, and what their senders are told of what can't be stored.

mod forwarded;
mod promise;
mod repeated;

use event_grpc::contract::{Intake, OnBad, Pipeline, RoutingKey, Source};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use http::Method;
use serde_json::{Value, json};

use crate::app::support::{Instance, config, eventually, instance, instance_on, started_of, text};
use crate::clickhouse::support::{in_database, number};
use crate::http::request;
use crate::support::topology::Vhost;

const SHOPIFY: &str = "/shopify/event/";
const BRANCH: &str = "/branch/event/";
const GRAPHY: &str = "/graphy/event/";
const VIDOOLY: &str = "/vidooly/event/";
const WEBENGAGE: &str = "/webengage/event/";
const USERS: &str = "/webengage/event/users";

/// Posts a body, and gives the status and what is answered.
async fn post(app: &Instance, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, Value) {
    let answer = request(Method::POST, &app.url(path), headers, body.to_owned()).await;
    let told = serde_json::from_str(&answer.text).unwrap_or(Value::Null);
    (answer.status, told)
}

fn shopify(event_data: &Value) -> Value {
    json!({
        "storeUrl": "shop.example", "eventName": "orders/paid", "eventTime": 1_760_000_000_000i64,
        "eventData": event_data,
    })
}

fn without(mut body: Value, member: &str) -> String {
    body.as_object_mut().unwrap().remove(member);
    body.to_string()
}

fn with(mut body: Value, member: &str, value: Value) -> String {
    body[member] = value;
    body.to_string()
}

fn webengage(event_time: Value) -> Value {
    json!({"userId": "u", "eventName": "Seen", "eventTime": event_time, "eventData": {}})
}

fn nested(levels: usize) -> String {
    format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels))
}

/// Messages that can't be stored: path, body, and a part of the reason.
fn bad() -> Vec<(&'static str, String, &'static str)> {
    let good = || shopify(&json!({"id": 1}));
    let members: serde_json::Map<String, Value> =
        (0..1001).map(|i| (format!("m{i}"), json!(i))).collect();
    let branch = |time: Value| json!({"id": "b", "name": "OPEN", "timestamp": time});
    vec![
        (SHOPIFY, without(good(), "eventData"), "is missing"),
        (SHOPIFY, without(good(), "eventTime"), "is missing"),
        (
            SHOPIFY,
            with(good(), "eventData", Value::Null),
            "is missing",
        ),
        (
            SHOPIFY,
            with(good(), "eventTime", Value::Null),
            "is missing",
        ),
        (
            SHOPIFY,
            with(good(), "eventData", json!("text")),
            "should be an object",
        ),
        (
            SHOPIFY,
            with(good(), "eventTime", json!(1_000_000_000_000_000i64)),
            "between the years",
        ),
        (
            SHOPIFY,
            with(good(), "eventTime", json!("2026-01-01T00:00:00Z")),
            "a whole number",
        ),
        (
            SHOPIFY,
            shopify(&json!(members)).to_string(),
            "distinct paths",
        ),
        (BRANCH, without(branch(json!(1)), "name"), "is missing"),
        (
            BRANCH,
            branch(json!(1_000_000_000_000_000i64)).to_string(),
            "between the years",
        ),
        (GRAPHY, nested(65), "deeper than 64"),
        (GRAPHY, nested(127), "deeper than 64"),
        (VIDOOLY, json!({"name": null}).to_string(), "is missing"),
        (
            WEBENGAGE,
            webengage(json!("2026-01-01T00:00:00Z")).to_string(),
            "not a whole number",
        ),
        (
            WEBENGAGE,
            webengage(json!("1000000000000000")).to_string(),
            "between the years",
        ),
    ]
}

const TABLES: [&str; 5] = [
    "shopify_event",
    "branch_event",
    "graphy_event",
    "vidooly_event",
    "webengage_event",
];

/// Posts everything bad, and looks for the letter that is promised.
async fn is_kept(app: &Instance, store: &ClickHouse) {
    let bad = bad();
    for (path, body, reason) in &bad {
        let (status, told) = post(app, path, &[], body).await;
        assert_eq!(
            (status, &told["stored"]),
            (202, &json!(false)),
            "{path} {told}"
        );
        assert!(
            told["reason"].as_str().unwrap().contains(reason),
            "{path} {told}"
        );
        let (id, letter) = (
            told["id"].as_str().unwrap(),
            told["letter"].as_str().unwrap(),
        );
        let kept = format!(
            "SELECT count() FROM DB.error_event FINAL WHERE error_id = '{letter}' AND message_id = '{id}' \
             AND class IN ('bad_field', 'bad_value') AND length(body) = {}",
            body.len()
        );
        eventually(store, &kept, 1).await;
    }
    // A message for a table and an API has a dead letter of each.
    let letters =
        "SELECT uniqExact(error_id) FROM DB.error_event WHERE queue != 'webengage_event_q'";
    assert_eq!(number(store, letters).await, bad.len() as u64);
    for table in TABLES {
        let rows = format!("SELECT count() FROM DB.{table}");
        assert_eq!(number(store, &rows).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cant_be_stored_is_kept_and_told() {
    instance("trial_webhooks_kept", is_kept).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cant_be_stored_is_kept_on_rabbitmq_too() {
    let vhost = Vhost::create();
    instance_on("trial_webhooks_rabbit", Some(vhost.url()), is_kept).await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_intake_is_the_one_that_the_worker_makes() {
    instance("trial_webhooks_letter", async |app, store| {
        let body = with(shopify(&json!({})), "eventTime", json!(1_000_000_000_000_000i64));
        let (_, told) = post(app, SHOPIFY, &[("x-shopify-webhook-id", "w")], &body).await;
        // The same message, past intake: its worker's dead letter is the same one.
        let properties = event_grpc::broker::Properties {
            content_type: Some("application/json".into()),
            message_id: told["id"].as_str().map(str::to_owned),
            kind: Some("webhook.ShopifyEvent".into()),
            timestamp: Some(1_760_000_000),
            ..Default::default()
        };
        let message = event_grpc::broker::Outgoing::new("shopify_event.dx", "shopify_events", body);
        app.broker().publish(message.with(properties)).await.unwrap();
        eventually(store, "SELECT count() FROM DB.error_event", 2).await;
        let differ = "SELECT uniqExact(error_id, class, reason, queue, exchange, routing_key, attempts, fingerprint, \
                      content_type, kind, message_id, headers, body) FROM DB.error_event";
        assert_eq!(number(store, differ).await, 1);
        let letter = text(store, "SELECT any(error_id) FROM DB.error_event").await;
        assert_eq!(told["letter"], letter.as_str());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_object_is_refused() {
    instance("trial_webhooks_unreadable", async |app, store| {
        for body in ["", "7", "[]", "{", "{} {}", "nonsense"] {
            assert_eq!(post(app, SHOPIFY, &[], body).await.0, 400, "{body}");
        }
        // It is there for whoever looks, too.
        let kept = "SELECT uniqExact(body) FROM DB.error_event WHERE queue = 'shopify_events_q'";
        eventually(store, kept, 6).await;
    })
    .await;
}

/// The pipeline, where Shopify's bad messages are refused.
fn refusing() -> &'static Pipeline {
    let sources = PIPELINE.sources.iter().filter(|s| s.name == "shopify");
    let refusing = sources.map(|source| {
        let Intake::Post {
            path,
            message,
            headers,
            verify,
            id,
            ..
        } = source.intake
        else {
            panic!("Shopify posts");
        };
        let intake = Intake::Post {
            path,
            message,
            routing_key: RoutingKey::Constant("shopify_events"),
            headers,
            verify,
            id,
            on_bad: OnBad::Refuse,
        };
        Source { intake, ..*source }
    });
    // Without a source of app events gRPC answers nothing, which nobody asks here.
    let others = PIPELINE
        .sources
        .iter()
        .filter_map(|source| match source.intake {
            Intake::Grpc {
                service,
                method,
                json_path,
                envelope,
            } => Some(Source {
                intake: Intake::Grpc {
                    service,
                    method,
                    json_path,
                    envelope,
                },
                ..*source
            }),
            Intake::Post { .. } => None,
        });
    Box::leak(Box::new(Pipeline {
        sources: refusing.chain(others).collect::<Vec<_>>().leak(),
        ..PIPELINE
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cant_be_stored_is_refused_where_the_source_says_so() {
    let pipeline = refusing();
    in_database("trial_webhooks_refused", async |store: ClickHouse| {
        migrate::apply(&store, pipeline).await.unwrap();
        let (app, seen) = started_of(config(&store), pipeline).await;
        let (status, told) = post(
            &seen,
            SHOPIFY,
            &[],
            &without(shopify(&json!({})), "eventData"),
        )
        .await;
        assert_eq!(
            (status, &told["field"]),
            (400, &json!("eventData")),
            "{told}"
        );
        let late = with(
            shopify(&json!({})),
            "eventTime",
            json!(1_000_000_000_000_000i64),
        );
        let (status, told) = post(&seen, SHOPIFY, &[], &late).await;
        assert_eq!(
            (status, &told["field"]),
            (400, &json!("event_timestamp")),
            "{told}"
        );
        assert!(
            told["error"]
                .as_str()
                .unwrap()
                .contains("between the years"),
            "{told}"
        );
        eventually(&store, "SELECT uniqExact(error_id) FROM DB.error_event", 2).await;
        let (status, told) = post(&seen, SHOPIFY, &[], &shopify(&json!({})).to_string()).await;
        assert_eq!(status, 200, "{told}");
        eventually(&store, "SELECT count() FROM DB.shopify_event", 1).await;
        drop(seen);
        app.stop().await;
    })
    .await;
}
