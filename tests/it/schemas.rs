//! Schemas of messages: each names what it was made under, wherever it goes, and a build says what it doesn't know.

use event_grpc::broker::{HeaderValue, Outgoing, Properties};
use event_grpc::contract::Schema;
use event_grpc::contract::headers::SCHEMA;
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::ops::replay::Replayer;
use event_grpc::sink::clickhouse::ClickHouse;
use event_grpc::sink::clickhouse::dead_letters::Selection;
use http::Method;
use lapin::options::{
    BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use prost::Message as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::app::support::{Instance, eventually, instance, instance_on, text};
use crate::app::{cart, header};
use crate::clickhouse::support::{number, run_there};
use crate::dlq::{dlq, dlq_json, letters};
use crate::http::request;
use crate::support::topology::Vhost;

/// A schema that this build doesn't know.
const LATER: &str = "00c0ffee00c0ffee";

/// Letters by queue and schema.
const LETTERS: &str = "SELECT arrayStringConcat(arraySort(groupArray(concat(queue, ' ', class, ' ', schema))), ', ') FROM DB.error_event FINAL";

const COUNT: &str = "SELECT count() FROM DB.error_event FINAL";

fn event(id: &str) -> Events {
    Events {
        header: header(),
        events: vec![cart(id, "1760000000123")],
    }
}

/// A message of app events that was made under a schema.
fn made(schema: &str, id: &str) -> Outgoing {
    let properties = Properties {
        content_type: Some("application/x-protobuf".into()),
        schema: Schema::parse(schema),
        ..Properties::default()
    };
    let body = event(id).encode_to_vec();
    Outgoing::new("grpc_event.tx", "AddToCartEvent", body).with(properties)
}

/// Sends all letters again.
async fn replay(app: &Instance, store: &ClickHouse) -> u64 {
    let replayer = Replayer {
        letters: letters(store),
        pipeline: &PIPELINE,
        broker: app.shared_broker(),
        rate: None,
        stop: CancellationToken::new(),
    };
    let keys = replayer.letters.keys(&Selection::default()).await.unwrap();
    let totals = replayer.replay(&keys, |_, _| {}).await.unwrap();
    totals.sent
}

async fn letters_and_replays(app: &Instance, store: &ClickHouse) {
    let constraint = "ALTER TABLE event ADD CONSTRAINT c CHECK NOT startsWith(event_id, 'poison')";
    run_there(store, constraint).await;
    let own = PIPELINE.fingerprint;
    // By intake, by a newer build, and by another service.
    assert_eq!(app.dispatch(event("poison-own")).await.unwrap().accepted, 1);
    for (schema, id) in [
        (LATER, "poison-later"),
        (LATER, "good"),
        ("", "poison-other"),
    ] {
        app.broker().publish(made(schema, id)).await.unwrap();
    }
    eventually(store, COUNT, 3).await;
    let of = |schema: &str| format!("grpc_clickhouse_event_q refused {schema}");
    let mut expected = [of(own), of(LATER), of("")];
    expected.sort();
    assert_eq!(text(store, LETTERS).await, expected.join(", "));
    let given_up = format!("SELECT countIf(fingerprint = '{own}') FROM DB.error_event FINAL");
    assert_eq!(
        number(store, &given_up).await,
        3,
        "by this build, all of them"
    );

    // What is sent again and fails again is made under what it was made under.
    assert_eq!(replay(app, store).await, 3);
    let again = "SELECT count() FROM DB.error_event FINAL WHERE attempts > 1";
    eventually(store, again, 3).await;
    assert_eq!(text(store, LETTERS).await, expected.join(", "));
    shown(store).await;
    counted(app).await;
    run_there(store, "ALTER TABLE event DROP CONSTRAINT c").await;
    assert_eq!(replay(app, store).await, 3);
    eventually(store, "SELECT count() FROM DB.event FINAL", 4).await;
}

/// What an operator sees of the letters.
async fn shown(store: &ClickHouse) {
    let listed = dlq_json(store, &["list"]).await;
    let of = |schema: &str| {
        let letters = listed["letters"].as_array().unwrap();
        let found = letters.iter().find(|letter| letter["schema"] == schema);
        found.unwrap_or_else(|| panic!("no letter of {schema:?}: {listed}"))
    };
    assert_eq!(of(LATER)["made_by"], "newer");
    assert_eq!(of(PIPELINE.fingerprint)["made_by"], "same");
    assert_eq!(of("")["made_by"], "none");
    assert_eq!(of(LATER)["fingerprint"], PIPELINE.fingerprint);
    let table = dlq(store, &["list"]).await;
    assert!(
        table.out.contains("made by") && table.out.contains("newer"),
        "{}",
        table.out
    );
    let id = of(LATER)["id"].as_str().unwrap();
    let letter = dlq_json(store, &["show", id]).await;
    assert_eq!(letter["schema"], LATER, "{letter}");
    let told = letter["made_by"].as_str().unwrap();
    assert!(
        told.starts_with("newer: ") && told.contains("with the newer build"),
        "{told}"
    );
}

/// What is counted of the messages.
async fn counted(app: &Instance) {
    let page = request(Method::GET, &app.ops_url("/metrics"), &[], "")
        .await
        .text;
    for schema in ["same", "newer", "none"] {
        let series = format!(
            "event_grpc_consumed_schemas_total{{queue=\"grpc_clickhouse_event_q\",schema=\"{schema}\"}} "
        );
        let value = page.lines().find_map(|line| line.strip_prefix(&series));
        let value: f64 = value
            .unwrap_or_else(|| panic!("no {series}"))
            .parse()
            .unwrap();
        assert!(value > 0.0, "{series}{value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_and_its_replay_keep_the_schema_of_the_message() {
    instance("schemas_letters", letters_and_replays).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_and_its_replay_keep_the_schema_of_the_message_on_rabbitmq_too() {
    let vhost = Vhost::create();
    instance_on(
        "schemas_letters_rabbit",
        Some(vhost.url()),
        letters_and_replays,
    )
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_intake_refuses_and_what_no_queue_takes_name_their_schema() {
    instance("schemas_refused", async |app, store| {
        let mut bad = event("bad");
        bad.events[0].timestamp = "soon".into();
        bad.events.push(cart("good", "1760000000123"));
        assert_eq!(app.dispatch(bad).await.unwrap().rejected_count, 1);
        let body = json!({
            "storeUrl": "s", "eventName": "n", "eventTime": 1_000_000_000_000_000i64, "eventData": {},
        });
        let headers = [("content-type", "application/json")];
        let answer =
            request(Method::POST, &app.url("/shopify/event/"), &headers, body.to_string()).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        let lost = Outgoing::new("beat.dx", "no_such_events", "{}").with(Properties {
            schema: Schema::parse(LATER),
            ..Properties::default()
        });
        app.broker().publish(lost).await.unwrap();
        eventually(store, COUNT, 3).await;
        let own = PIPELINE.fingerprint;
        let expected = format!(
            " unroutable {LATER}, app bad_timestamp {own}, shopify_events_q bad_value {own}"
        );
        assert_eq!(text(store, LETTERS).await, expected);
        let told = "SELECT count() FROM DB.error_event WHERE position(headers, 'schema') > 0";
        assert_eq!(number(store, told).await, 0, "it is no header of the sender");
    })
    .await;
}

/// A channel of another client in a virtual host.
async fn channel(vhost: &Vhost) -> lapin::Channel {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(&vhost.url(), properties)
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    let confirms = ConfirmSelectOptions::default();
    channel.confirm_select(confirms).await.unwrap();
    channel
}

#[tokio::test(flavor = "multi_thread")]
async fn other_clients_see_the_header_and_only_a_schema_is_believed_of_them() {
    let vhost = Vhost::create();
    instance_on("schemas_wire", Some(vhost.url()), async |app, store| {
        let channel = channel(&vhost).await;
        // A queue beside the declared ones.
        let (queue, options) = ("beside_q", QueueDeclareOptions::default());
        let none = FieldTable::default();
        channel.queue_declare(queue.into(), options, none.clone()).await.unwrap();
        let bound = channel.queue_bind(queue.into(), "grpc_event.tx".into(), "*".into(), Default::default(), none);
        bound.await.unwrap();
        assert_eq!(app.dispatch(event("wire")).await.unwrap().accepted, 1);
        let got = channel.basic_get(queue.into(), BasicGetOptions { no_ack: true });
        let got = got.await.unwrap().expect("a message");
        let headers = got.properties.headers().clone().unwrap();
        let schema = headers.inner().get(SCHEMA);
        assert_eq!(schema, Some(&AMQPValue::LongString(PIPELINE.fingerprint.into())));

        let constraint = "ALTER TABLE event ADD CONSTRAINT c CHECK NOT startsWith(event_id, 'poison')";
        run_there(store, constraint).await;
        let long = "c".repeat(10_000);
        for (at, wrong) in [LATER, "NOT-A-SCHEMA", "", &long].into_iter().enumerate() {
            let mut headers = FieldTable::default();
            headers.insert(SCHEMA.into(), AMQPValue::LongString(wrong.into()));
            let properties = lapin::BasicProperties::default().with_headers(headers);
            let body = event(&format!("poison-{at}")).encode_to_vec();
            let sent = channel.basic_publish(
                "grpc_event.tx".into(),
                "AddToCartEvent".into(),
                BasicPublishOptions::default(),
                &body,
                properties,
            );
            sent.await.unwrap().await.unwrap();
        }
        eventually(store, COUNT, 4).await;
        let found = "SELECT concat(toString(countIf(schema = '00c0ffee00c0ffee')), ' ', toString(countIf(schema = ''))) FROM DB.error_event FINAL";
        assert_eq!(text(store, found).await, "1 3");
    })
    .await;
    vhost.delete();
}

#[test]
fn a_header_of_that_name_is_no_header_of_the_sender() {
    assert!(event_grpc::contract::headers::is_internal(SCHEMA));
    let properties = Properties {
        schema: Schema::parse(LATER),
        headers: vec![("a".into(), HeaderValue::Integer(1))],
        ..Properties::default()
    };
    let without = Properties {
        schema: None,
        ..properties.clone()
    };
    assert_eq!(properties.encoded_len() - without.encoded_len(), 30);
}
