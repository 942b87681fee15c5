//! Rows and their clients.

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event as theirs;
use event_grpc::sink::clickhouse::ClickHouse;
use http::Method;
use prost::Message as _;
use serde_json::json;

use super::{Doors, forge, message, of, request};
use crate::app::support::{Instance, eventually, instance, instance_on, text};
use crate::app::{cart, header};
use crate::support::topology::Vhost;

/// The clients of all events, by their ids.
const SENT: &str = "SELECT arrayStringConcat(arraySort(groupArray(concat(event_id, '=', client))), ' ') FROM DB.event FINAL";

fn doors(app: &Instance, client: &str) -> Doors {
    Doors::new(&PIPELINE, app.shared_broker(), client)
}

async fn by_every_way(app: &Instance, store: &ClickHouse) {
    let (shop, nobody) = (doors(app, "shop-web"), doors(app, ""));
    assert_eq!(shop.grpc(request(&["grpc"])).await.accepted, 1);
    assert_eq!(nobody.grpc(request(&["nobody"])).await.accepted, 1);
    let body = |id: &str| {
        json!({
            "header": { "userId": "7" },
            "events": [{ "id": id, "timestamp": "1760000000123", "addToCartEvent": {} }],
        })
    };
    let (status, told) = shop.post("/event/dispatch", body("json")).await;
    assert_eq!((status, &told["accepted"]), (200, &json!(1)), "{told}");
    nobody.post("/event/dispatch", body("nobody-json")).await;
    // Of several clients in one message, of another service, and of one whose name is none.
    let several = message(&[
        ("one", &["of-one"]),
        ("", &["of-none"]),
        ("two", &["of-two"]),
    ]);
    let of_service = Outgoing::new("grpc_event.tx", "AddToCartEvent", request(&["service"]));
    let odd = Outgoing::new("grpc_event.tx", "AddToCartEvent", request(&["odd"]));
    let rest = message(&[("one", &["kept-one"]), ("", &["given"])]);
    let as_json = Outgoing::new(
        "grpc_event.tx",
        "AddToCartEvent",
        body("service-json").to_string(),
    );
    let as_json = as_json.with(Properties {
        content_type: Some("application/json".into()),
        ..Properties::default()
    });
    for message in [
        several,
        of("billing", of_service),
        of("No Name", odd),
        of("billing", rest),
        of("billing", as_json),
    ] {
        app.broker().publish(message).await.unwrap();
    }
    eventually(store, "SELECT count() FROM DB.event FINAL", 12).await;
    assert_eq!(
        text(store, SENT).await,
        "given=billing grpc=shop-web json=shop-web kept-one=one nobody-json= nobody= odd= of-none= of-one=one \
         of-two=two service-json=billing service=billing"
    );
}

async fn of_json_messages(app: &Instance, store: &ClickHouse) {
    let (shop, nobody) = (doors(app, "shop-web"), doors(app, ""));
    for (doors, name) in [(&shop, "by-shop"), (&nobody, "by-nobody")] {
        let (status, told) = doors.post("/vidooly/event/", json!({ "name": name })).await;
        assert_eq!(status, 200, "{told}");
    }
    let publish = |id: &str| {
        let body = json!({
            "eventId": id, "timestamp": 1_760_000_000, "url": "u", "headers": {}, "clientIp": "", "userAgent": "",
            "deepLink": "",
        });
        Outgoing::new("grpc_event.dx", "CLICK", body.to_string())
    };
    app.broker()
        .publish(of("billing", publish("click")))
        .await
        .unwrap();
    app.broker().publish(publish("unknown")).await.unwrap();
    eventually(store, "SELECT count() FROM DB.vidooly_event FINAL", 2).await;
    let sent = "SELECT arrayStringConcat(arraySort(groupArray(concat(event_name, '=', client))), ' ') FROM DB.vidooly_event";
    assert_eq!(
        text(store, sent).await,
        "BY-NOBODY= BY-SHOP=shop-web".to_lowercase()
    );
    eventually(store, "SELECT count() FROM DB.click_event FINAL", 2).await;
    let sent = "SELECT arrayStringConcat(arraySort(groupArray(concat(event_id, '=', client))), ' ') FROM DB.click_event";
    assert_eq!(text(store, sent).await, "click=billing unknown=");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_names_the_client_that_sent_it_whatever_way_it_came() {
    instance("clients_rows", async |app, store| {
        by_every_way(app, store).await;
        of_json_messages(app, store).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_names_its_client_on_rabbitmq_too() {
    let vhost = Vhost::create();
    instance_on("clients_rabbit", Some(vhost.url()), async |app, store| {
        by_every_way(app, store).await;
        of_json_messages(app, store).await;
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_of_its_source_if_that_is_proved_and_of_nobody_otherwise() {
    instance("clients_webhooks", async |app, store| {
        let secret = |name: &str| (name == "VIDOOLY_WEBHOOK_SECRET").then(|| "s".repeat(40));
        let verified = Doors::with(&PIPELINE, app.shared_broker(), "", secret, false);
        let by_key = Doors::with(&PIPELINE, app.shared_broker(), "shop-web", secret, false);
        let path = format!("/vidooly/event/{}", "s".repeat(40));
        for (doors, path, name, status) in [
            (&verified, path.as_str(), "proved", 200),
            (&by_key, &path, "by-key", 200),
            (&verified, "/vidooly/event/wrong", "wrong", 401),
            (&doors(app, ""), "/vidooly/event/", "open", 200),
        ] {
            let (told, body) = doors.post(path, json!({ "name": name })).await;
            assert_eq!(told, status, "{name}: {body}");
        }
        eventually(store, "SELECT count() FROM DB.vidooly_event FINAL", 3).await;
        let sent = "SELECT arrayStringConcat(arraySort(groupArray(concat(event_name, '=', client))), ' ') FROM DB.vidooly_event";
        assert_eq!(text(store, sent).await, "by-key=shop-web open= proved=vidooly");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_sender_says_of_itself_names_no_client() {
    instance("clients_forged", async |app, store| {
        for (client, id) in [("", "unknown"), ("shop-web", "known")] {
            let doors = doors(app, client);
            // Everywhere in the request that protobuf has room for one.
            let mut bytes = Vec::new();
            forge(&mut bytes, "boss");
            let mut head = header().unwrap_or_default().encode_to_vec();
            forge(&mut head, "boss");
            prost::encoding::bytes::encode(4, &head, &mut bytes);
            let mut event = cart(id, "1760000000123").encode_to_vec();
            forge(&mut event, "boss");
            prost::encoding::bytes::encode(5, &event, &mut bytes);
            forge(&mut bytes, "boss");
            let answer = doors.grpc(bytes).await;
            assert_eq!(answer.accepted, 1, "{answer:?}");
            let event = json!({
                "id": format!("{id}-json"), "timestamp": "1760000000123", "addToCartEvent": {},
                "client": "boss", "536870910": "boss",
            });
            let body = json!({
                "client": "boss", "536870910": "boss", "x-client": "boss", "$client": "boss",
                "header": { "userId": "7", "client": "boss", "536870910": "boss" }, "events": [event],
            });
            let (status, told) = doors.post("/event/dispatch", body).await;
            assert_eq!(status, 200, "{told}");
        }
        eventually(store, "SELECT count() FROM DB.event FINAL", 4).await;
        let expected = "known-json=shop-web known=shop-web unknown-json= unknown=";
        assert_eq!(text(store, SENT).await, expected);
        // It is there as what it is: fields that nobody knows.
        let unknown = "SELECT count() FROM DB.event FINAL WHERE position(unknown_fields, '536870910') > 0";
        eventually(store, unknown, 4).await;
    })
    .await;
}

#[test]
fn a_consumer_that_knows_no_clients_reads_the_same_events() {
    let named = message(&[("one", &["a", "b"]), ("two", &["c"])]);
    let bare = message(&[("", &["a", "b"]), ("", &["c"])]);
    assert_ne!(named.body, bare.body);
    let read = |message: &Outgoing| theirs::EventBatch::decode(message.body.clone()).unwrap();
    assert_eq!(read(&named), read(&bare));
    assert_eq!(read(&named).encode_to_vec(), bare.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_sent_again_under_another_key_or_before_there_were_keys_is_one_row() {
    instance("clients_rotation", async |app, store| {
        // Two keys of one client are two proofs of one name.
        for _ in 0..2 {
            assert_eq!(
                doors(app, "shop-web")
                    .grpc(request(&["rotated"]))
                    .await
                    .accepted,
                1
            );
        }
        // A message of before the upgrade, and the request again after it.
        app.broker()
            .publish(message(&[("", &["upgraded"])]))
            .await
            .unwrap();
        eventually(
            store,
            "SELECT count() FROM DB.event WHERE event_id = 'upgraded'",
            1,
        )
        .await;
        assert_eq!(
            doors(app, "shop-web")
                .grpc(request(&["upgraded"]))
                .await
                .accepted,
            1
        );
        eventually(store, "SELECT count() FROM DB.event FINAL", 2).await;
        // Of several rows of one key the last one stays.
        assert_eq!(
            text(store, SENT).await,
            "rotated=shop-web upgraded=shop-web"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_counted_by_client() {
    instance("clients_counted", async |app, _| {
        let doors = doors(app, "counted-client");
        let mut bytes = request(&["good"]);
        let no_type = theirs::Event { id: "bad".into(), ..Default::default() };
        prost::encoding::message::encode(5, &no_type, &mut bytes);
        let answer = doors.grpc(bytes).await;
        assert_eq!((answer.accepted, answer.rejected_count), (1, 1), "{answer:?}");
        doors.post("/vidooly/event/", json!({ "name": "a" })).await;
        doors.post("/vidooly/event/", "[]").await;
        let answer = crate::http::request(Method::GET, &app.ops_url("/metrics"), &[], "").await;
        for (outcome, count) in [("accepted", 2), ("rejected", 2)] {
            let line = format!(
                "event_grpc_client_events_total{{client=\"counted-client\",outcome=\"{outcome}\"}} {count}"
            );
            assert!(answer.text.contains(&line), "{line}\n{}", answer.text);
        }
    })
    .await;
}
