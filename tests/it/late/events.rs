//! Events of a retired type.

use std::time::Duration;

use event_grpc::app::Config;
use event_grpc::broker::{Outgoing, Properties};
use event_grpc::contract::{Pipeline, Retired};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::generated::proto::event::event::EventOf;
use event_grpc::generated::proto::event::{Event, LaunchEvent};
use event_grpc::ops::replay::{ReplayOutcome, Replayer};
use event_grpc::sink::clickhouse::dead_letters::Selection;
use event_grpc::sink::clickhouse::migrate;
use http::Method;
use prost::Message as _;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{CART, counted, without_carts};
use crate::app::support::{config, event, eventually, started_of, text};
use crate::app::{cart, header};
use crate::clickhouse::support::{in_database, number};
use crate::dlq::{letters, old};
use crate::http::request;
use crate::support::topology::Vhost;

const METRIC: &str = "event_grpc_retired_events_total{type=\"AddToCartEvent\"}";

const ROWS: &str = "SELECT count() FROM DB.event FINAL";

const LETTERS: &str = "SELECT count() FROM DB.error_event FINAL";

fn launch(id: &str) -> Event {
    let launch = LaunchEvent::default();
    event(id, "1760000000123", EventOf::LaunchEvent(launch))
}

fn request_of(events: Vec<Event>) -> Events {
    Events {
        header: header(),
        events,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_by_grpc_and_json_is_accepted_and_not_stored() {
    in_database("late_events", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (app, seen) = started_of(config(&store), without_carts()).await;
        let before = counted(&seen, METRIC).await;
        let time = "1760000000123";
        let mixed = vec![cart("c-1", time), launch("kept"), cart("", time)];
        let answer = seen.dispatch(request_of(mixed)).await.unwrap();
        assert_eq!((answer.accepted, answer.rejected_count), (3, 0), "{answer:?}");
        assert_eq!(answer.warnings, ["2 events of the retired type `AddToCartEvent` are not stored"]);
        // Nothing else in the request is no mistake of its sender.
        let answer = seen.dispatch(request_of(vec![cart("c-2", time)])).await.unwrap();
        assert_eq!((answer.status.as_str(), answer.accepted), ("SUCCESS", 1));

        let body = r#"{"header": {"userId": "7"}, "events": [
            {"id": "c-3", "timestamp": "1760000000000", "addToCartEvent": {"productId": "42"}},
            {"id": "json", "timestamp": "1760000000000", "launchEvent": {"appLaunchCount": "1"}, "news": 1},
            {"id": "bad", "timestamp": "soon", "launchEvent": {}},
            {"id": "other", "timestamp": "1760000000000", "neverDeclared": {}}]}"#;
        let json = [("content-type", "application/json")];
        let told = request(Method::POST, &seen.url("/event/dispatch"), &json, body).await;
        let told: Value = serde_json::from_str(&told.text).unwrap();
        assert_eq!(told["accepted"], 2, "{told}");
        assert_eq!(told["rejectedCount"], 2, "{told}");
        let warnings = told["warnings"].to_string();
        assert!(warnings.contains("an event of the retired type `AddToCartEvent` is not stored"), "{told}");
        assert!(warnings.contains("`news`"), "{told}");

        eventually(&store, ROWS, 2).await;
        let ids = text(&store, "SELECT arrayStringConcat(arraySort(groupArray(event_id)), ' ') FROM DB.event FINAL").await;
        assert_eq!(ids, "json kept");
        assert_eq!(text(&store, "SELECT unknown_fields FROM DB.event FINAL WHERE event_id = 'json'").await, r#"{"/event/news":1}"#);
        // What is wrong or unknown in another way becomes what it did before.
        eventually(&store, LETTERS, 2).await;
        assert_eq!(number(&store, "SELECT count() FROM DB.error_event FINAL WHERE class = 'unknown_type' AND event_type = 'neverDeclared'").await, 1);
        assert!(counted(&seen, METRIC).await >= before + 4);
        drop(seen);
        app.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_a_queue_is_done_with_and_not_stored() {
    let vhost = Vhost::create();
    let url = vhost.url();
    in_database("late_in_flight", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let config = || Config {
            amqp_url: Some(url.clone()),
            ..config(&store)
        };
        let (app, seen) = started_of(config(), without_carts()).await;
        let before = counted(&seen, METRIC).await;
        let send = async |key: &str, content_type: &'static str, body: Vec<u8>| {
            let properties = Properties {
                content_type: Some(content_type.into()),
                ..Properties::default()
            };
            let message = Outgoing::new("grpc_event.tx", key.to_owned(), body).with(properties);
            seen.broker().publish(message).await.unwrap();
        };
        let time = "1760000000123";
        let protobuf = "application/x-protobuf";
        // As a former instance publishes it, in a message of nothing else, among others, and in JSON.
        send(
            "AddToCartEvent",
            protobuf,
            request_of(vec![cart("a", time), cart("b", time)]).encode_to_vec(),
        )
        .await;
        send(
            "AddToCartEvent",
            protobuf,
            request_of(vec![cart("c", time), launch("kept"), Event::default()]).encode_to_vec(),
        )
        .await;
        let json = r#"{"header": {}, "events": [
            {"id": "d", "timestamp": "1760000000000", "addToCartEvent": {}},
            {"id": "json", "timestamp": "1760000000000", "launchEvent": {}}]}"#;
        send("LaunchEvent", "application/json", json.into()).await;
        eventually(&store, ROWS, 2).await;
        eventually(
            &store,
            "SELECT count() FROM DB.error_event FINAL WHERE class = 'no_type'",
            1,
        )
        .await;
        let ids = text(
            &store,
            "SELECT arrayStringConcat(arraySort(groupArray(event_id)), ' ') FROM DB.event FINAL",
        )
        .await;
        assert_eq!(ids, "json kept");
        assert_eq!(number(&store, LETTERS).await, 1, "none of the retired type");
        assert!(counted(&seen, METRIC).await >= before + 4);
        drop(seen);
        app.stop().await;

        // Everything was acknowledged: nothing comes again.
        let (app, seen) = started_of(config(), &PIPELINE).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(number(&store, ROWS).await, 2);
        drop(seen);
        app.stop().await;
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_quarantined_before_stays_until_it_is_replayed() {
    in_database("late_replay", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        // Retired with `late: quarantine`: nothing is discarded.
        let quarantines: &'static Pipeline = old::without(CART);
        assert!(quarantines.retired.events.is_empty());
        let (app, seen) = started_of(config(&store), quarantines).await;
        let time = "1760000000123";
        let answer = seen.dispatch(request_of(vec![cart("a", time), launch("kept")])).await.unwrap();
        assert_eq!((answer.accepted, answer.rejected_count), (1, 1), "{answer:?}");
        let body = request_of(vec![cart("b", time)]).encode_to_vec();
        seen.broker().publish(Outgoing::new("grpc_event.tx", "AddToCartEvent", body)).await.unwrap();
        let json = r#"{"header": {}, "events": [{"id": "c", "timestamp": "1760000000000", "addToCartEvent": {}}]}"#;
        let content = [("content-type", "application/json")];
        request(Method::POST, &seen.url("/event/dispatch"), &content, json).await;
        eventually(&store, "SELECT count() FROM DB.error_event FINAL WHERE class = 'unknown_type'", 3).await;
        drop(seen);
        app.stop().await;

        let retired = without_carts();
        let (app, seen) = started_of(config(&store), retired).await;
        let replayer = |pipeline| Replayer {
            letters: letters(&store),
            pipeline,
            broker: seen.shared_broker(),
            rate: None,
            stop: CancellationToken::new(),
        };
        let keys = letters(&store).keys(&Selection::default()).await.unwrap();
        assert_eq!(keys.len(), 3, "a server discards nothing by itself");
        // Quarantined ones stay while nothing is discarded.
        let totals = replayer(quarantines).replay(&keys, |_, _| {}).await.unwrap();
        assert_eq!((totals.sent, totals.discarded, totals.refused), (0, 0, 3));
        let mut types = Vec::new();
        let told = |_: &_, outcome: &_| match outcome {
            ReplayOutcome::Discarded(event) => types.push(event.name),
            other => panic!("{other:?}"),
        };
        let totals = replayer(retired).replay(&keys, told).await.unwrap();
        assert_eq!((totals.sent, totals.discarded, totals.refused), (0, 3, 0));
        assert_eq!(types, ["AddToCartEvent"; 3]);
        let decided = "SELECT count() FROM DB.dead_letter_decisions FINAL WHERE action = 'discarded'";
        assert_eq!(number(&store, decided).await, 3);
        assert_eq!(number(&store, ROWS).await, 1);
        drop(seen);
        app.stop().await;
    })
    .await;
}

#[test]
fn lookups_find_numbers_and_both_names() {
    let retired: Retired = without_carts().retired;
    assert_eq!(retired.event(CART).unwrap().name, "AddToCartEvent");
    assert_eq!(retired.event_of("addToCartEvent").unwrap().number, CART);
    assert!(retired.event(CART + 1).is_none());
    assert!(retired.event_of("AddToCartEvent").is_none());
    assert!(PIPELINE.retired.events.is_empty());
}
