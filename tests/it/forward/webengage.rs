//! Requests to WebEngage, for the messages that services post for it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use event_grpc::broker::{Broker, Embedded, Outgoing, Properties, Topology};
use event_grpc::contract::{Destination, Queue};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::Stores;
use event_grpc::sink::requests::Requests;
use event_grpc::worker::{self, HoldLimits, Pace, Setup, States};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::server::Server;

/// Publishes messages to the queues of WebEngage; gives the path, the key and the body of what arrives.
async fn arrive(routing_key: &'static str, messages: &[Value]) -> Vec<(String, String, Value)> {
    let server = Server::start().await;
    let url = server.url("");
    let variable = move |name: &str| {
        Some(match name {
            "WEBENGAGE_EVENTS_URL" => format!("{url}/user/events"),
            "WEBENGAGE_BRAND_EVENTS_URL" => format!("{url}/brand/events"),
            "WEBENGAGE_USERS_URL" => format!("{url}/user/users"),
            "WEBENGAGE_BRAND_USERS_URL" => format!("{url}/brand/users"),
            "WEBENGAGE_KEY" => "user-key".to_owned(),
            "WEBENGAGE_BRAND_KEY" => "brand-key".to_owned(),
            _ => return None,
        })
    };
    let forwarded = |queue: &Queue| matches!(queue.into, Destination::Request(_));
    let broker = Arc::new(Embedded::new(&Topology::of(&PIPELINE, forwarded), 64 << 20));
    let setup = Setup {
        pipeline: &PIPELINE,
        broker: Arc::clone(&broker) as Arc<dyn Broker>,
        stores: Stores::default(),
        requests: Requests::new(PIPELINE.requests, variable).unwrap(),
        pace: Pace::Full,
        hold_limits: HoldLimits::default(),
        states: States::default(),
        stop: CancellationToken::new(),
        give_up: CancellationToken::new(),
    };
    let queues: Vec<&Queue> = PIPELINE.queues.iter().collect();
    let _workers = worker::start(&setup, &queues).unwrap();
    for (n, message) in messages.iter().enumerate() {
        let properties = Properties {
            message_id: Some(format!("id-{n}")),
            ..Properties::default()
        };
        let body = Bytes::from(message.to_string());
        let outgoing = Outgoing::new("webengage_event.dx", routing_key, body).with(properties);
        broker.publish(outgoing).await.unwrap();
    }
    let mut seen = server.has_seen(messages.len()).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(server.seen().len(), messages.len());
    seen.sort_by_key(|seen| seen.headers["idempotency-key"].clone());
    seen.into_iter()
        .map(|seen| {
            let path = seen.line.split(' ').nth(1).unwrap().to_owned();
            (path, seen.headers["authorization"].clone(), seen.body)
        })
        .collect()
}

fn to_user(path: &str, body: Value) -> (String, String, Value) {
    (format!("/user/{path}"), "Bearer user-key".into(), body)
}

fn to_brand(path: &str, body: Value) -> (String, String, Value) {
    (format!("/brand/{path}"), "Bearer brand-key".into(), body)
}

#[tokio::test]
async fn events_arrive_as_webengage_reads_them() {
    let sent = [
        json!({
            "appType": "USER", "userId": "u-42", "eventName": "Product Viewed", "eventTime": "1760000000123",
            "eventData": {"sku": "LIP-7", "price": 499.5, "discount": null, "tags": ["red", null],
                          "shade": {"name": "Ruby", "code": null}},
        }),
        json!({
            "appType": "BRAND", "userId": "b-7", "anonymousId": "anon-7", "eventName": "Campaign Created",
            "eventTime": "1760000000000", "eventData": {"budget": 9007199254740993i64, "live": false},
        }),
        // An older app: no type, nobody known, the time as a number, a member that nobody declared.
        json!({
            "anonymousId": "6f1c", "eventName": "App Opened", "eventTime": 1759999999000i64, "eventData": {},
            "sdk": "3.1",
        }),
        json!({
            "appType": "", "userId": null, "anonymousId": "a", "eventName": "खरीद \"पूरी\"", "eventTime": "0",
            "eventData": {"नाम": "अ", "empty": "", "zero": 0, "nothing": null},
        }),
        json!({
            "appType": null, "userId": "u-1", "eventName": "", "eventTime": "-1",
            "eventData": {"a": {"b": {"c": [1, 2.5, {"d": null}]}}},
        }),
    ];
    let wanted = [
        to_user(
            "events",
            json!({
                "userId": "u-42", "eventName": "Product Viewed", "eventTime": "2025-10-09T08:53:20.123Z",
                "eventData": {"sku": "LIP-7", "price": 499.5, "tags": ["red", null],
                              "shade": {"name": "Ruby", "code": null}},
            }),
        ),
        to_brand(
            "events",
            json!({
                "userId": "b-7", "anonymousId": "anon-7", "eventName": "Campaign Created",
                "eventTime": "2025-10-09T08:53:20Z", "eventData": {"budget": 9007199254740993i64, "live": false},
            }),
        ),
        to_user(
            "events",
            json!({
                "anonymousId": "6f1c", "eventName": "App Opened", "eventTime": "2025-10-09T08:53:19Z",
                "eventData": {}, "sdk": "3.1",
            }),
        ),
        to_user(
            "events",
            json!({
                "userId": null, "anonymousId": "a", "eventName": "खरीद \"पूरी\"",
                "eventTime": "1970-01-01T00:00:00Z", "eventData": {"नाम": "अ", "empty": "", "zero": 0},
            }),
        ),
        to_user(
            "events",
            json!({
                "userId": "u-1", "eventName": "", "eventTime": "1969-12-31T23:59:59.999Z",
                "eventData": {"a": {"b": {"c": [1, 2.5, {"d": null}]}}},
            }),
        ),
    ];
    assert_eq!(arrive("EVENT", &sent).await, wanted);
}

#[tokio::test]
async fn users_arrive_as_webengage_reads_them() {
    let sent = [
        json!({
            "appType": "USER", "userId": "u-42", "phone": "+919876543210", "email": "a@b.example",
            "firstName": "Asha", "lastName": "Rao", "whatsappOptIn": true, "emailOptIn": false,
            "attributes": {"city": "Pune", "orders": 3, "referrer": null},
        }),
        json!({"appType": "BRAND", "userId": "b-7", "attributes": {}}),
        json!({"userId": 42, "phone": 9876543210i64, "attributes": {"score": 0.5}}),
        json!({"userId": "u-1", "email": null, "emailOptIn": null, "attributes": {"a": {"b": null}}}),
        json!({"userId": "u-2", "gender": "female", "emailOptIn": "true", "attributes": {"tags": []}}),
    ];
    let wanted = [
        to_user(
            "users",
            json!({
                "userId": "u-42", "phone": "+919876543210", "email": "a@b.example", "firstName": "Asha",
                "lastName": "Rao", "whatsappOptIn": true, "emailOptIn": false,
                "attributes": {"city": "Pune", "orders": 3},
            }),
        ),
        to_brand("users", json!({"userId": "b-7", "attributes": {}})),
        to_user(
            "users",
            json!({"userId": 42, "phone": 9876543210i64, "attributes": {"score": 0.5}}),
        ),
        to_user(
            "users",
            json!({"userId": "u-1", "email": null, "emailOptIn": null, "attributes": {"a": {"b": null}}}),
        ),
        to_user(
            "users",
            json!({"userId": "u-2", "gender": "female", "emailOptIn": "true", "attributes": {"tags": []}}),
        ),
    ];
    assert_eq!(arrive("USER_EVENT", &sent).await, wanted);
}
