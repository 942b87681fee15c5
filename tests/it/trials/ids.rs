//! Events without an id that come twice are there once: in whatever order the entries of their maps come, as protobuf or
//! as JSON, by whatever door, at an instance of one version of ids or the other.

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::contract::{Envelope, Ids, Pipeline};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::envelope::ENVELOPE;
use event_grpc::generated::proto::event::Events;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use http::Method;
use prost::Message as _;

use crate::app::support::{Instance, config, started_of, text};
use crate::app::{cart, header};
use crate::clickhouse::support::{in_database, number};
use crate::dlq::old;
use crate::http::request;
use crate::scan::soup::delimited;

const TIME: &str = "1760000000000";
const ORDERS: [[&str; 3]; 3] = [["a", "b", "c"], ["c", "a", "b"], ["b", "c", "a"]];
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// The pipeline of a build whose YAML says this of ids.
fn build(ids: Ids) -> &'static Pipeline {
    let envelope = Envelope { ids, ..ENVELOPE };
    old::with(envelope, PIPELINE.fingerprint, PIPELINE.descriptors)
}

const CONTENT: Ids = Ids::Content { from_ms: None };

/// Runs a test against an instance of such a build.
async fn instance_of(name: &str, ids: Ids, test: impl AsyncFnOnce(&Instance, &ClickHouse)) {
    in_database(name, async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (app, seen) = started_of(config(&store), build(ids)).await;
        test(&seen, &store).await;
        drop(seen);
        app.stop().await;
    })
    .await;
}

/// A request of one event with a map, its entries in this order.
fn widget(order: [&str; 3]) -> Vec<u8> {
    let number = |fields: &[event_grpc::contract::Field], name: &str| {
        fields.iter().find(|f| f.name == name).unwrap().number
    };
    let kind = ENVELOPE
        .types
        .iter()
        .find(|kind| kind.name == "WidgetViewEvent");
    let kind = kind.unwrap();
    let mut payload = Vec::new();
    for key in order {
        let mut entry = Vec::new();
        delimited(&mut entry, 1, key.as_bytes());
        delimited(&mut entry, 2, format!("of {key}").as_bytes());
        delimited(
            &mut payload,
            number(kind.shape.fields, "recoInfoKV"),
            &entry,
        );
    }
    let mut event = Vec::new();
    delimited(&mut event, ENVELOPE.timestamp, TIME.as_bytes());
    delimited(&mut event, kind.number, &payload);
    let mut request = Events {
        header: header(),
        events: Vec::new(),
    }
    .encode_to_vec();
    delimited(&mut request, ENVELOPE.events, &event);
    request
}

/// JSON with another order of members.
fn widget_json(order: [&str; 3]) -> String {
    let entries = order
        .map(|key| format!(r#""{key}": "of {key}""#))
        .join(", ");
    format!(
        r#"{{"events": [{{"widgetViewEvent": {{"recoInfoKV": {{{entries}}}}}, "timestamp": "{TIME}"}}],
            "header": {{"userId": "7", "sessionId": "s-1", "os": "android", "channel": ""}}}}"#
    )
}

/// Publishes as another service does, and waits until it is stored.
async fn publish(
    seen: &Instance,
    key: &'static str,
    body: Vec<u8>,
    content_type: &'static str,
    id: Option<&str>,
) {
    let properties = Properties {
        content_type: Some(content_type.into()),
        kind: Some("event.Events".into()),
        message_id: id.map(str::to_owned),
        ..Properties::default()
    };
    let message = Outgoing::new("grpc_event.tx", key, body).with(properties);
    seen.broker().publish(message).await.unwrap();
}

async fn post(seen: &Instance, body: String) {
    let headers = [("content-type", JSON)];
    let answer = request(Method::POST, &seen.url("/event/dispatch"), &headers, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_there_once_however_and_by_whatever_door_it_comes() {
    instance_of("ids_doors", CONTENT, async |seen, store| {
        for order in ORDERS.iter().cycle().take(6) {
            let answer = seen.dispatch_bytes(widget(*order)).await.unwrap();
            assert_eq!(answer.accepted, 1, "{answer:?}");
            post(seen, widget_json(*order)).await;
            publish(seen, "WidgetViewEvent", widget(*order), PROTOBUF, None).await;
            publish(
                seen,
                "WidgetViewEvent",
                widget_json(*order).into_bytes(),
                JSON,
                Some("of its sender"),
            )
            .await;
        }
        let ids = text(
            store,
            "SELECT toString(groupUniqArray(event_id)) FROM DB.event",
        )
        .await;
        assert_eq!(
            number(store, "SELECT count() FROM DB.event FINAL").await,
            1,
            "{ids}"
        );
        assert_eq!(
            number(
                store,
                "SELECT countIf(toString(event_params) LIKE '%of c%') FROM DB.event FINAL"
            )
            .await,
            1
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_differ_or_have_no_time_stay_apart() {
    instance_of("ids_apart", CONTENT, async |seen, store| {
        let request = |events| {
            Events {
                header: header(),
                events,
            }
            .encode_to_vec()
        };
        let mut other = cart("", TIME);
        other.current_url = "elsewhere".to_owned();
        // Four events of a message of another service: two that are alike but for a field, two that nothing tells apart.
        let body = request(vec![cart("", TIME), other, cart("", ""), cart("", "")]);
        for _ in 0..2 {
            publish(seen, "AddToCartEvent", body.clone(), PROTOBUF, Some("m-1")).await;
        }
        let rows = "SELECT count() FROM DB.event FINAL";
        assert_eq!(
            number(store, rows).await,
            4,
            "a message that comes again makes the same ids"
        );
        publish(seen, "AddToCartEvent", body.clone(), PROTOBUF, Some("m-2")).await;
        assert_eq!(
            number(store, rows).await,
            6,
            "without a time, another message is another event"
        );
        assert_eq!(
            number(
                store,
                "SELECT countIf(length(event_id) = 36) FROM DB.event FINAL"
            )
            .await,
            6
        );
        // Over gRPC each of those without a time is new; those with one are there already.
        seen.dispatch_bytes(body).await.unwrap();
        assert_eq!(number(store, rows).await, 8);
        // An id that is there but empty is none, wherever it stands.
        let mut late = cart("", "1760000000001").encode_to_vec();
        late.extend([0x22, 0x01, b'x', 0x22, 0x00]);
        let mut body = request(Vec::new());
        delimited(&mut body, ENVELOPE.events, &late);
        publish(seen, "AddToCartEvent", body.clone(), PROTOBUF, None).await;
        seen.dispatch_bytes(body).await.unwrap();
        assert_eq!(number(store, rows).await, 9);
    })
    .await;
}

/// An event that is sent again while one build replaces another is stored once: always under one version, and across
/// both if it is encoded as nearly everything is, or if `from` says which one is meant.
#[tokio::test(flavor = "multi_thread")]
async fn both_versions_and_a_time_between_them_make_one_row() {
    in_database("ids_versions", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let from = |from_ms| Ids::Content { from_ms: Some(from_ms) };
        let later = from(1_760_000_000_001);
        for ids in [Ids::Bytes, later, CONTENT] {
            let (app, seen) = started_of(config(&store), build(ids)).await;
            let events = vec![cart("", TIME)];
            seen.dispatch(Events { header: header(), events }).await.unwrap();
            if ids != CONTENT {
                seen.dispatch_bytes(widget(["b", "c", "a"])).await.unwrap();
            }
            drop(seen);
            app.stop().await;
        }
        let counts = "SELECT toString(groupArray((event_name, c))) FROM (SELECT event_name, count() AS c FROM DB.event FINAL GROUP BY event_name ORDER BY event_name)";
        assert_eq!(text(&store, counts).await, "[('AddToCartEvent',1),('WidgetViewEvent',1)]");
    })
    .await;
}

/// An id is its sender's to give: what docs/ids.md says becomes one row does, in the typed tables too, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn one_id_is_one_event_of_its_type_and_time() {
    use event_grpc::generated::proto::event::event::EventOf;
    use event_grpc::generated::proto::event::{CompletePurchaseEvent, Header};
    instance_of("ids_given", CONTENT, async |seen, store| {
        for (user_id, checkout, timestamp) in
            [(1, "a", TIME), (2, "b", TIME), (2, "b", "1760000000001")]
        {
            let payload = CompletePurchaseEvent {
                checkout_id: checkout.into(),
                ..Default::default()
            };
            let event = crate::app::support::event(
                "same",
                timestamp,
                EventOf::CompletePurchaseEvent(payload),
            );
            let request = Events {
                header: Some(Header {
                    user_id,
                    ..Default::default()
                }),
                events: vec![event, cart("same", timestamp)],
            };
            seen.dispatch(request).await.unwrap();
        }
        for (table, rows) in [("event", 4), ("purchase", 2)] {
            assert_eq!(
                number(store, &format!("SELECT count() FROM DB.{table}")).await,
                rows / 2 * 3
            );
            assert_eq!(
                number(store, &format!("SELECT count() FROM DB.{table} FINAL")).await,
                rows,
                "{table}"
            );
            let users = format!("SELECT toString(groupUniqArray(user_id)) FROM DB.{table} FINAL");
            assert_eq!(
                text(store, &users).await,
                "[2]",
                "{table}: the last one counts"
            );
        }
    })
    .await;
}
