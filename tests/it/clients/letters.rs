//! Dead letters and their clients: made at intake and by workers, listed, and sent again.

use event_grpc::broker::Outgoing;
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event as theirs;
use event_grpc::ops::replay::Replayer;
use event_grpc::sink::clickhouse::dead_letters::Selection;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Doors, forge, message, of, request};
use crate::app::support::{
    Instance, config, eventually, instance, instance_on, started, started_of, text,
};
use crate::clickhouse::support::{in_database, number, run_there};
use crate::dlq::{dlq, dlq_json, letters, old};
use crate::support::topology::Vhost;

/// The number of AddToCartEvent.
const CART: u32 = 23;

/// Letters by queue and client.
const LETTERS: &str = "SELECT arrayStringConcat(arraySort(groupArray(concat(queue, ' ', class, ' ', client))), ', ') FROM DB.error_event FINAL";

/// The clients of all events, by their ids.
const SENT: &str = "SELECT arrayStringConcat(arraySort(groupArray(concat(event_id, '=', client))), ' ') FROM DB.event FINAL";

/// Sends all letters of a client again.
async fn replay(app: &Instance, store: &ClickHouse, client: &str) -> u64 {
    let replayer = Replayer {
        letters: letters(store),
        pipeline: &PIPELINE,
        broker: app.shared_broker(),
        rate: None,
        stop: CancellationToken::new(),
    };
    let selection = Selection {
        clients: vec![client.to_owned()],
        ..Selection::default()
    };
    let keys = replayer.letters.keys(&selection).await.unwrap();
    let totals = replayer.replay(&keys, |_, _| {}).await.unwrap();
    assert_eq!(totals.refused, 0);
    totals.sent
}

async fn of_workers(app: &Instance, store: &ClickHouse) {
    let constraint = "ALTER TABLE event ADD CONSTRAINT c CHECK NOT startsWith(event_id, 'poison')";
    run_there(store, constraint).await;
    // Both send the same event, among others, in one message; a third says so in the message's header.
    let several = message(&[
        ("one", &["good-1", "poison"]),
        ("two", &["poison", "good-2"]),
    ]);
    app.broker().publish(several).await.unwrap();
    let by_header = Outgoing::new("grpc_event.tx", "AddToCartEvent", request(&["poison-3"]));
    app.broker().publish(of("three", by_header)).await.unwrap();
    eventually(store, "SELECT count() FROM DB.error_event FINAL", 3).await;
    let expected =
        ["one", "two", "three"].map(|name| format!("grpc_clickhouse_event_q refused {name}"));
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(text(store, LETTERS).await, expected.join(", "));
    assert_eq!(text(store, SENT).await, "good-1=one good-2=two");
    // What is sent again and fails again is the same letter of the same client.
    assert_eq!(replay(app, store, "two").await, 1);
    let again = "SELECT count() FROM DB.error_event FINAL WHERE client = 'two' AND attempts > 1";
    eventually(store, again, 1).await;
    assert_eq!(
        number(store, "SELECT count() FROM DB.error_event FINAL").await,
        3
    );
    run_there(store, "ALTER TABLE event DROP CONSTRAINT c").await;
    for client in ["two", "three"] {
        assert_eq!(replay(app, store, client).await, 1, "{client}");
    }
    eventually(store, "SELECT count() FROM DB.event FINAL", 4).await;
    assert_eq!(
        text(store, SENT).await,
        "good-1=one good-2=two poison-3=three poison=two"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_a_worker_and_its_replay_keep_the_client() {
    instance("clients_letters", of_workers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_and_its_replay_keep_the_client_on_rabbitmq_too() {
    let vhost = Vhost::create();
    instance_on("clients_letters_rabbit", Some(vhost.url()), of_workers).await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_intake_refuses_names_its_client_and_no_other() {
    instance("clients_refused", async |app, store| {
        for client in ["shop-web", ""] {
            let doors = Doors::new(&PIPELINE, app.shared_broker(), client);
            let mut bytes = request(&[]);
            forge(&mut bytes, "boss");
            let no_type = theirs::Event { id: "bad".into(), ..Default::default() };
            prost::encoding::message::encode(5, &no_type, &mut bytes);
            let mut with_good = request(&["good"]);
            with_good.extend(bytes);
            assert_eq!(doors.grpc(with_good).await.rejected_count, 1);
            let body = json!({
                "header": { "userId": "7" },
                "events": [
                    { "id": "bad", "timestamp": "soon", "addToCartEvent": {} },
                    { "id": "good", "timestamp": "1760000000123", "addToCartEvent": {} },
                ],
            });
            doors.post("/event/dispatch", body).await;
            let webhook = json!({
                "storeUrl": "s", "eventName": "n", "eventTime": 1_000_000_000_000_000i64, "eventData": {},
            });
            let (status, told) = doors.post("/shopify/event/", webhook).await;
            assert_eq!(status, 202, "{told}");
        }
        eventually(store, "SELECT count() FROM DB.error_event FINAL", 6).await;
        // The same bytes of two senders are two letters.
        let expected = "app bad_timestamp , app bad_timestamp shop-web, app no_type , app no_type shop-web, \
                        shopify_events_q bad_value , shopify_events_q bad_value shop-web";
        assert_eq!(text(store, LETTERS).await, expected);
        let shown = "SELECT count() FROM DB.error_event WHERE position(headers, 'client') > 0";
        assert_eq!(number(store, shown).await, 0, "the record names it, once");

        // It is what `dlq` shows and selects by.
        let listed = dlq_json(store, &["list", "--client", "shop-web"]).await;
        assert_eq!(listed["letters"].as_array().unwrap().len(), 3, "{listed}");
        assert_eq!(listed["counts"][0]["client"], "shop-web", "{listed}");
        let unknown = dlq_json(store, &["list", "--client", ""]).await;
        assert_eq!(unknown["letters"].as_array().unwrap().len(), 3, "{unknown}");
        let id = listed["letters"][0]["id"].as_str().unwrap();
        assert_eq!(dlq_json(store, &["show", id]).await["client"], "shop-web");
        let table = dlq(store, &["list"]).await;
        assert!(table.out.contains("shop-web"), "{}", table.out);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_a_webhook_is_the_one_of_its_worker_whoever_sent_it() {
    instance("clients_webhook", async |app, store| {
        let doors = Doors::new(&PIPELINE, app.shared_broker(), "shop-web");
        let body = json!({
            "storeUrl": "s", "eventName": "n", "eventTime": 1_000_000_000_000_000i64, "eventData": {},
        });
        let (status, _) = doors.post("/shopify/event/", body).await;
        assert_eq!(status, 202);
        eventually(store, "SELECT count() FROM DB.error_event FINAL", 1).await;
        // Its worker refuses it again, and makes the same letter of it.
        assert_eq!(replay(app, store, "shop-web").await, 1);
        eventually(store, "SELECT count() FROM DB.error_event FINAL WHERE attempts = 2", 1).await;
        assert_eq!(number(store, "SELECT count() FROM DB.error_event FINAL").await, 1);
        assert_eq!(text(store, LETTERS).await, "shopify_events_q bad_value shop-web");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_unknown_types_keep_their_client_until_a_build_knows_them() {
    in_database("clients_unknown", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let older = old::without(CART);
        let (app, seen) = started_of(config(&store), older).await;
        let doors = Doors::new(older, seen.shared_broker(), "shop-web");
        let answer = doors.grpc(request(&["bytes"])).await;
        assert_eq!(
            (answer.accepted, answer.rejected_count),
            (0, 1),
            "{answer:?}"
        );
        let body = json!({
            "header": { "userId": "7" },
            "events": [{ "id": "json", "timestamp": "1760000000123", "addToCartEvent": {} }],
        });
        let (status, told) = doors.post("/event/dispatch", body).await;
        assert_eq!(status, 200, "{told}");
        // Past intake: a worker of the older build.
        seen.broker()
            .publish(message(&[("two", &["worker"])]))
            .await
            .unwrap();
        let kept = "SELECT count() FROM DB.error_event FINAL WHERE class = 'unknown_type'";
        eventually(&store, kept, 3).await;
        drop(seen);
        app.stop().await;

        let (app, seen) = started(config(&store)).await;
        eventually(&store, "SELECT count() FROM DB.event FINAL", 3).await;
        let sent = text(&store, SENT).await;
        assert_eq!(sent, "bytes=shop-web json=shop-web worker=two");
        drop(seen);
        app.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_queue_took_keeps_the_client_if_all_of_it_has_one() {
    instance("clients_unrouted", async |app, store| {
        let lost =
            |id: &str| Outgoing::new("beat.dx", "no_such_events", json!({ "id": id }).to_string());
        app.broker()
            .publish(of("billing", lost("a")))
            .await
            .unwrap();
        let elsewhere = |mut message: Outgoing| {
            message.exchange = "beat.dx".into();
            message.routing_key = "no_such_events".into();
            message
        };
        let one = message(&[("one", &["b"]), ("one", &["c"])]);
        app.broker().publish(elsewhere(one)).await.unwrap();
        let several = message(&[("one", &["d"]), ("two", &["e"])]);
        app.broker().publish(elsewhere(several)).await.unwrap();
        eventually(store, "SELECT count() FROM DB.error_event FINAL", 3).await;
        let expected = " unroutable ,  unroutable billing,  unroutable one";
        assert_eq!(text(store, LETTERS).await, expected);
    })
    .await;
}
