//! JSON messages and dead letters.

use event_grpc::contract::json::{Map, members};
use event_grpc::contract::{
    Append, Block, DeadLetter, Group, Intake, Message, RoutingKey, RowError,
};
use event_grpc::dead_letter::Record;
use event_grpc::sink::clickhouse::migrate;
use prost::Message as _;
use serde_json::{Value, json};

use super::small::envelope::ENVELOPE;
use super::small::proto::event::{AddToCart, Header, event::EventOf};
use super::small::{self, PIPELINE};
use super::{CX, NOW_MS, event, rows, store};
use crate::clickhouse::support::{in_database, run_there};

fn post() -> Value {
    json!({
        "name": "deal", "handle": null, "likes": "12", "at": "2026-01-01 05:30:00", "made": 1_700_000_000,
        "changed": 1_700_000_001, "geo": {"country": "IN"}, "metrics": {"views": "3", "ratio": 0.5},
    })
}

fn object(value: &Value) -> Map {
    members(value.as_object().unwrap().clone())
}

fn headers() -> Map {
    object(&json!({"X-Device": "d1", "size": 2}))
}

fn append_post(block: &mut Block, body: &Value) -> Result<(), RowError> {
    let Append::Json(append) = block.table().append else {
        panic!("{} takes no JSON", block.table().name)
    };
    let message = Message {
        body: &object(body),
        id: "id-1",
        received_ms: 0,
        headers: &headers(),
        client: "shop",
    };
    append(block, &message, &CX)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_json_message_comes_to_its_columns() {
    in_database("kinds_post", |db| async move {
        let table = &small::tables::post::TABLE;
        // It has another database, which this test has no need of.
        run_there(&db, table.ddl).await;
        let mut block = Block::new(table);
        append_post(&mut block, &post()).unwrap();
        let mut touched = post();
        touched["items"] = json!([{"sku": "a"}, {"sku": 2, "deep": {"x": [1]}}]);
        touched["extra"] = json!({"touch": {"~channel": 7}});
        append_post(&mut block, &touched).unwrap();
        store(&db, table, block).await;
        let mut rows = rows(&db, "post", "channel DESC").await;
        assert_eq!(rows[1]["items"], touched["items"]);
        assert_eq!(rows[1]["channel"], "7");
        assert_eq!(rows[1]["touch"], json!({"~channel": 7}));
        let complete = rows[0].as_object_mut().unwrap().remove("complete").unwrap();
        assert_eq!(
            rows[0],
            json!({
                "id": "id-1", "name": "deal", "handle": null, "likes": 12, "score": null,
                "at": "2026-01-01 00:00:00", "seen": null, "made": "2023-11-14 22:13:20.000",
                "changed": "2023-11-14 22:13:21.000", "country": "IN",
                "metrics": {"views": "3", "ratio": 0.5}, "extra": {}, "views": 3, "channel": "id-1",
                "touch": {}, "items": [], "kind": "post", "client": "shop", "device": "d1", "headers": {"X-Device": "d1", "size": 2},
                "device_shown": "D1", "handle_plain": "json::views::Kind", "handle_shown": "JSON::VIEWS::KIND",
                "told": {"a": 1}, "told_less": {"a": 1}, "os": "", "bot": false,
                "insert_timestamp": "2026-02-02 02:40:00.000",
            })
        );
        assert_eq!(complete["metrics"]["views"], "3");
        assert_eq!(complete["name"], "deal");
    })
    .await;
}

#[test]
fn a_json_message_that_lacks_a_field_names_it() {
    let mut block = Block::new(&small::tables::post::TABLE);
    let mut body = post();
    body["geo"] = json!({});
    let error = append_post(&mut block, &body).unwrap_err();
    assert!(error.to_string().contains("geo.country"), "{error}");
    body = post();
    body["items"] = json!([{}, 7]);
    let error = append_post(&mut block, &body).unwrap_err();
    assert!(error.to_string().contains("items[1]"), "{error}");
    for (extra, path) in [
        (json!({"touch": {"~channel": []}}), "extra.touch.~channel"),
        (json!({"touch": 7}), "extra.touch"),
    ] {
        let mut body = post();
        body["extra"] = extra;
        let mut block = Block::new(&small::tables::post::TABLE);
        let error = append_post(&mut block, &body).unwrap_err();
        assert!(error.to_string().contains(&format!("`{path}`")), "{error}");
    }
}

#[test]
fn a_routing_key_comes_from_the_body() {
    let key = PIPELINE
        .sources
        .iter()
        .find_map(|source| match &source.intake {
            Intake::Post {
                routing_key: RoutingKey::Computed(key),
                ..
            } => Some(key),
            _ => None,
        });
    let body = post();
    let message = Message {
        body: &object(&body),
        id: "",
        received_ms: 0,
        headers: &Map::new(),
        client: "",
    };
    assert_eq!(key.unwrap()(&message).unwrap(), "DEAL");
}

fn group<'a>(header: &'a [u8], events: &'a [&'a [u8]]) -> Group<'a> {
    Group {
        kind: ENVELOPE.event_type(9).unwrap(),
        header,
        events,
        client: "",
    }
}

fn letter() -> DeadLetter<'static> {
    DeadLetter {
        id: "e1",
        record: Record {
            reason: "bad",
            class: "bad_value",
            queue: "event_q",
            exchange: "event.tx",
            routing_key: "AddToCart",
            event_type: "AddToCart",
            attempts: 3,
            first_failed_ms: NOW_MS,
            last_failed_ms: NOW_MS,
            fingerprint: "",
            message_id: "",
            sent_ms: None,
            client: "shop",
        },
        content_type: "application/json",
        kind: "",
        schema: "",
        headers: "{}",
        body: b"{",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_stored_whatever_its_event_is() {
    in_database("kinds_error", |db| async move {
        migrate::apply(&db, &PIPELINE).await.unwrap();
        let table = &small::tables::error::TABLE;
        let Append::DeadLetters(append, _) = table.append else {
            panic!("it takes dead letters")
        };
        let header = Header {
            campaign: Some("c".into()),
            ..Header::default()
        };
        let good = event(
            "a",
            "1700000000000",
            EventOf::AddToCart(AddToCart { product_id: 1 }),
        );
        let late = event("b", "soon", EventOf::AddToCart(AddToCart { product_id: 2 }));
        let (header, good, late) = (
            header.encode_to_vec(),
            good.encode_to_vec(),
            late.encode_to_vec(),
        );
        let mut block = Block::new(table);
        let letter = |id| DeadLetter { id, ..letter() };
        let cut = &good[..good.len() - 1];
        append(&mut block, &letter("1"), None, &CX).unwrap();
        append(
            &mut block,
            &letter("2"),
            Some(&group(&header, &[&good])),
            &CX,
        )
        .unwrap();
        append(
            &mut block,
            &letter("3"),
            Some(&group(&header, &[&late])),
            &CX,
        )
        .unwrap();
        append(&mut block, &letter("4"), Some(&group(&[0xff], &[cut])), &CX).unwrap();
        append(&mut block, &letter("5"), Some(&group(&header, &[])), &CX).unwrap();
        assert_eq!(block.rows(), 5);
        store(&db, table, block).await;

        let rows = rows(&db, "error", "error_id").await;
        let zero = "1970-01-01 00:00:00.000";
        let told = |at: usize| {
            let row = &rows[at];
            json!([
                row["event_name"],
                row["event_id"],
                row["event_timestamp"],
                row["campaign"],
                row["params"]
            ])
        };
        assert_eq!(rows[0]["body"], "{");
        assert_eq!(rows[0]["attempts"], 3);
        assert_eq!(rows[0]["client"], "shop");
        assert_eq!(told(0), json!(["", "", zero, null, {}]));
        let at = "2023-11-14 22:13:20.000";
        assert_eq!(
            told(1),
            json!(["AddToCart", "a", at, "c", {"productId": 1}])
        );
        assert_eq!(
            told(2),
            json!(["AddToCart", "b", zero, "c", {"productId": 2}])
        );
        assert_eq!(told(3), json!(["AddToCart", "", zero, null, {}]));
        assert_eq!(told(4), json!(["AddToCart", "", zero, "c", {}]));
    })
    .await;
}
