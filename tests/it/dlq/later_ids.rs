//! Events without an id of a type that is not known yet: a later build makes their ids, so that one which is replayed and
//! sent again by its client, too, is one row.

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::contract::{Envelope, Ids};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::envelope::ENVELOPE;
use event_grpc::sink::clickhouse::migrate;
use http::Method;

use super::old;
use crate::app::support::{Instance, config, eventually, started, started_of, text};
use crate::clickhouse::support::{in_database, number};
use crate::http::request;
use crate::scan::soup::delimited;

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";
const CONTENT: Ids = Ids::Content { from_ms: None };

/// The number of WidgetViewEvent, and of its field recoInfoKV.
const WIDGET: (u32, u32) = (13, 23);

/// A request of one event with a map, as protobuf.
fn protobuf(timestamp: &str, order: [&str; 2]) -> Vec<u8> {
    let mut payload = Vec::new();
    for key in order {
        let mut entry = Vec::new();
        delimited(&mut entry, 1, key.as_bytes());
        delimited(&mut entry, 2, key.as_bytes());
        delimited(&mut payload, WIDGET.1, &entry);
    }
    let mut event = Vec::new();
    delimited(&mut event, ENVELOPE.timestamp, timestamp.as_bytes());
    delimited(&mut event, WIDGET.0, &payload);
    let mut request = Vec::new();
    delimited(&mut request, ENVELOPE.header, b"");
    delimited(&mut request, ENVELOPE.events, &event);
    request
}

/// The same as JSON, with an id that is none.
fn json(timestamp: &str, [a, b]: [&str; 2], id: &str) -> String {
    format!(
        r#"{{"header": {{}}, "events": [{{{id} "timestamp": "{timestamp}", "widgetViewEvent": {{"recoInfoKV": {{"{a}": "{a}", "{b}": "{b}"}}}}}}]}}"#
    )
}

/// Sends an event by each door, each with a time of its own.
async fn send(seen: &Instance, order: [&str; 2], id: &str) {
    seen.dispatch_bytes(protobuf("1760000000001", order))
        .await
        .unwrap();
    let posted = json("1760000000002", order, id);
    let answer = request(Method::POST, &seen.url("/event/dispatch"), &[], posted).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    for (body, content_type) in [
        (protobuf("1760000000003", order), PROTOBUF),
        (json("1760000000004", order, id).into_bytes(), JSON),
    ] {
        let properties = Properties {
            content_type: Some(content_type.into()),
            kind: Some("event.Events".into()),
            ..Properties::default()
        };
        let message = Outgoing::new("grpc_event.tx", "WidgetViewEvent", body).with(properties);
        seen.broker().publish(message).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_replayed_and_sent_again_is_one_row() {
    in_database("dlq_later_ids", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (app, seen) = started_of(config(&store), old::without_as(WIDGET.0, CONTENT)).await;
        send(&seen, ["b", "a"], "").await;
        let kept = "SELECT count() FROM DB.error_event FINAL WHERE class = 'unknown_type'";
        eventually(&store, kept, 4).await;
        drop(seen);
        app.stop().await;
        let envelope = Envelope {
            ids: CONTENT,
            ..ENVELOPE
        };
        let pipeline = old::with(envelope, PIPELINE.fingerprint, PIPELINE.descriptors);
        let (app, seen) = started_of(config(&store), pipeline).await;
        eventually(&store, "SELECT uniqExact(event_timestamp) FROM DB.event", 4).await;
        send(&seen, ["a", "b"], r#""id": "","#).await;
        eventually(&store, "SELECT countIf(event_id != '') FROM DB.event", 8).await;
        let ids = text(
            &store,
            "SELECT toString(groupArray((event_timestamp, event_id))) FROM DB.event",
        )
        .await;
        assert_eq!(
            number(&store, "SELECT count() FROM DB.event FINAL").await,
            4,
            "{ids}"
        );
        drop(seen);
        app.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_empty_or_null_is_none_and_a_letter_has_one_all_the_same() {
    in_database("dlq_empty_ids", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (app, seen) = started_of(config(&store), old::without_as(WIDGET.0, Ids::Bytes)).await;
        for (at, id) in [
            "",
            r#""id": "","#,
            r#""id": null,"#,
            r#""\u0069d": "","#,
            r#""id": null, "id": "own","#,
        ]
        .iter()
        .enumerate()
        {
            let body = json(&format!("176000000000{at}"), ["a", "b"], id);
            let answer = request(Method::POST, &seen.url("/event/dispatch"), &[], body).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        drop(seen);
        app.stop().await;
        let (app, seen) = started(config(&store)).await;
        eventually(
            &store,
            "SELECT countIf(length(event_id) = 36) FROM DB.event FINAL",
            4,
        )
        .await;
        eventually(
            &store,
            "SELECT countIf(event_id = 'own') FROM DB.event FINAL",
            1,
        )
        .await;
        assert_eq!(number(&store, "SELECT count() FROM DB.event").await, 5);
        drop(seen);
        app.stop().await;
    })
    .await;
}
