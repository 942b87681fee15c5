//! Events of a type that an older build doesn't know: a newer one stores them, once and by itself.

use std::time::Duration;

use event_grpc::broker::{
    Address, Broker, Link, Outgoing, Properties, Rabbit, RabbitOptions, Topology,
};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::ops::replay::Replayer;
use event_grpc::ops::replay::unknown::pass;
use event_grpc::sink::clickhouse::migrate;
use http::Method;
use prost::Message as _;
use tokio_util::sync::CancellationToken;

use super::{letters, old};
use crate::app::support::{config, eventually, started, started_of, text};
use crate::app::{cart, header};
use crate::clickhouse::support::{in_database, number};
use crate::http::request;
use crate::support::topology::Vhost;

/// The number of AddToCartEvent.
const CART: u32 = 23;

/// Rest of a dead letter that failed again.
const REST: Duration = Duration::from_secs(60);

const DECIDED: &str =
    "SELECT count() FROM DB.dead_letter_decisions FINAL WHERE action = 'replayed'";

#[tokio::test(flavor = "multi_thread")]
async fn what_intake_did_not_know_is_stored_by_the_next_build() {
    in_database("dlq_unknown", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (app, seen) = started_of(config(&store), old::without(CART)).await;
        let events = vec![cart("early", "1760000000000"), cart("", "1760000000001")];
        let mut bytes = Events { header: header(), events }.encode_to_vec();
        // Of the same type, but malformed, which only the next build can tell.
        bytes.extend([0x2a, 0x04, 0xba, 0x01, 0x01, 0xff]);
        let answer = seen.dispatch_bytes(bytes).await.unwrap();
        assert_eq!((answer.accepted, answer.rejected_count), (0, 3), "{answer:?}");
        // One letter for all of them.
        let kept = "SELECT count() FROM DB.error_event FINAL WHERE class = 'unknown_type' AND event_type = '23' AND queue = 'app'";
        eventually(&store, kept, 1).await;
        drop(seen);
        app.stop().await;
        for _ in 0..2 {
            let (app, seen) = started(config(&store)).await;
            eventually(&store, "SELECT count() FROM DB.event FINAL WHERE event_params.productId = 42 AND user_id = 7", 2).await;
            eventually(&store, DECIDED, 1).await;
            let broken = "SELECT count() FROM DB.error_event FINAL WHERE class = 'malformed' AND queue = 'grpc_clickhouse_event_q'";
            eventually(&store, broken, 1).await;
            drop(seen);
            app.stop().await;
        }
        assert_eq!(number(&store, "SELECT count() FROM DB.event").await, 2);
        assert_eq!(number(&store, "SELECT count() FROM DB.event WHERE event_id = 'early'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_did_not_know_is_stored_by_one_of_the_next_instances() {
    let vhost = Vhost::create();
    let url = vhost.url();
    in_database("dlq_unknown_rabbit", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let config = || event_grpc::app::Config { amqp_url: Some(url.clone()), ..config(&store) };
        let (old, seen) = started_of(config(), old::without(CART)).await;
        let broker = connected(&url).await;
        let events = (0..50).map(|n| cart(&format!("e-{n}"), "1760000000000")).collect();
        let body = Events { header: header(), events }.encode_to_vec();
        broker.publish(Outgoing::new("grpc_event.tx", "AddToCartEvent", body)).await.unwrap();
        let kept = "SELECT count() FROM DB.error_event FINAL WHERE class = 'unknown_type' AND queue = 'grpc_clickhouse_event_q'";
        eventually(&store, kept, 50).await;
        drop(seen);
        old.stop().await;

        // While another has the lock, nothing is sent.
        let lock = broker.lock("event_grpc.replay_lock").await.unwrap();
        let other = connected(&url).await;
        assert!(other.lock("event_grpc.replay_lock").await.is_none());
        let replayer = Replayer {
            letters: letters(&store),
            pipeline: &PIPELINE,
            broker: other.clone(),
            rate: None,
            stop: CancellationToken::new(),
        };
        assert_eq!(pass(&replayer, REST).await.unwrap(), None);
        lock.release().await;

        let ((one, _), (two, _)) = tokio::join!(started(config()), started(config()));
        eventually(&store, "SELECT count() FROM DB.event FINAL", 50).await;
        eventually(&store, DECIDED, 50).await;
        assert_eq!(number(&store, "SELECT count() FROM DB.event").await, 50, "one instance at a time");
        assert_eq!(pass(&replayer, REST).await.unwrap(), None, "nothing is left to do");
        let lock = other.lock("event_grpc.replay_lock").await;
        lock.unwrap().release().await;
        one.stop().await;
        two.stop().await;
        for broker in [broker, other] {
            broker.close(Duration::from_secs(5)).await;
        }
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_as_json_is_kept_as_json_and_stored_by_the_next_build() {
    in_database("dlq_unknown_json", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (old, seen) = started_of(config(&store), old::without(CART)).await;
        let body = r#"{"header": {"userId": "7"}, "events": [
            {"id": "cart", "timestamp": "1760000000000", "addToCartEvent": {"productId": "42", "cartId": "ü"}},
            {"id": "known", "timestamp": "1760000000000", "launchEvent": {"appLaunchCount": "1"}, "news": {}},
            {"id": "none", "timestamp": "1760000000000", "text": "x"},
            {"id": "late", "timestamp": "1760000000000", "somethingNew": {"a": [1, {"b": null}]}}
        ]}"#;
        let properties = Properties {
            content_type: Some("application/json".into()),
            message_id: Some("m-1".into()),
            ..Properties::default()
        };
        let message = Outgoing::new("grpc_event.tx", "AddToCartEvent", body).with(properties);
        seen.broker().publish(message).await.unwrap();
        eventually(&store, "SELECT count() FROM DB.error_event FINAL", 3).await;
        assert_eq!(number(&store, "SELECT count() FROM DB.event WHERE event_id = 'known'").await, 1);
        let kept = "SELECT arrayStringConcat(arraySort(groupArray(concat(class, ' ', event_type, ' ', content_type))), ', ') \
                    FROM DB.error_event FINAL";
        assert_eq!(
            text(&store, kept).await,
            "no_type  application/json, unknown_type addToCartEvent application/json, \
             unknown_type somethingNew application/json"
        );
        let body = "SELECT body FROM DB.error_event FINAL WHERE event_type = 'somethingNew'";
        let body: serde_json::Value = serde_json::from_str(&text(&store, body).await).unwrap();
        let event = serde_json::json!({
            "id": "late", "timestamp": "1760000000000", "somethingNew": {"a": [1, {"b": null}]}
        });
        assert_eq!(body, serde_json::json!({"header": {"userId": "7"}, "events": [event]}));
        drop(seen);
        old.stop().await;

        let (app, seen) = started(config(&store)).await;
        let cart = "SELECT count() FROM DB.event FINAL WHERE event_id = 'cart' AND user_id = 7 AND event_params.productId = 42";
        eventually(&store, cart, 1).await;
        eventually(&store, DECIDED, 1).await;
        drop(seen);
        app.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_intake_did_not_know_of_json_is_stored_by_the_next_build() {
    in_database("dlq_unknown_http", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (old, seen) = started_of(config(&store), old::without(CART)).await;
        let body = r#"{"header": {"userId": 7}, "events": [
            {"id": "cart", "timestamp": 1760000000000, "addToCartEvent": {"productId": "42", "cartId": "\ud83d"}},
            {"timestamp": "1760000000001", "addToCartEvent": {"productId": 42}},
            {"id": "known", "timestamp": "1760000000000", "launchEvent": {"appLaunchCount": "1"}}
        ]}"#;
        for _ in 0..2 {
            let answer = request(Method::POST, &seen.url("/event/dispatch"), &[], body).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let answer: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
            assert_eq!((&answer["accepted"], &answer["rejectedCount"]), (&1.into(), &2.into()));
        }
        let kept = "SELECT count() FROM DB.error_event FINAL WHERE class = 'unknown_type' AND event_type = 'addToCartEvent' AND queue = 'app'";
        eventually(&store, kept, 1).await;
        drop(seen);
        old.stop().await;
        let (app, seen) = started(config(&store)).await;
        let carts = "SELECT count() FROM DB.event FINAL WHERE event_params.productId = 42 AND user_id = 7 AND event_id != ''";
        eventually(&store, carts, 2).await;
        eventually(&store, DECIDED, 1).await;
        drop(seen);
        app.stop().await;
    })
    .await;
}

async fn connected(url: &str) -> std::sync::Arc<Rabbit> {
    let topology = Topology::of(&PIPELINE, |_| true);
    let broker = Rabbit::connect(
        Address::parse(url).unwrap(),
        topology,
        RabbitOptions::default(),
    );
    broker
        .status()
        .wait_for(|s| s.link == Link::Up)
        .await
        .unwrap();
    std::sync::Arc::new(broker)
}
