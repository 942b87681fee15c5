//! Rows of a build that didn't know some fields become what this build makes of the same events.

use std::collections::{BTreeMap, HashMap};

use event_grpc::contract::json::{Map, members};
use event_grpc::contract::{Append, Block, Context, Group, Pipeline, Table};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::event::EventOf;
use event_grpc::generated::proto::event::{CompletePurchaseEvent, Event as AppEvent};
use event_grpc::ops::unknown::{Plan, Stores, reprocess};
use event_grpc::sink::clickhouse::{ClickHouse, Databases, migrate};
use prost::Message as _;
use serde_json::{Value, json};

use super::{delimited, varint};
use crate::app::support::event as app_event;
use crate::app::{cart, header};
use crate::clickhouse::support::{in_database, number, run_there};
use crate::kinds::small;
use crate::transform::envelope;

pub(super) const NOW_MS: i64 = 1_770_000_000_000;

/// Stores events of one type as a table's transform makes rows of them.
pub(super) async fn put(
    store: &ClickHouse,
    table: &'static Table,
    number: u32,
    header: &[u8],
    events: &[Vec<u8>],
) {
    let Append::Events(append) = table.append else {
        panic!("{} takes no events", table.name)
    };
    let kind = match std::ptr::eq(table, &small::tables::event::TABLE) {
        true => small::envelope::ENVELOPE.event_type(number),
        false => envelope().event_type(number),
    };
    let slices: Vec<&[u8]> = events.iter().map(Vec::as_slice).collect();
    let group = Group {
        kind: kind.unwrap(),
        header,
        events: &slices,
        client: "",
    };
    let mut block = Block::new(table);
    append(&mut block, &group, &Context { now_ms: NOW_MS }).unwrap();
    let token = uuid::Uuid::now_v7().to_string();
    store
        .store_block(table, block.rows(), block.encode(), &token)
        .await
        .unwrap();
}

/// Gives rows what an older build would have had of them.
pub(super) async fn lacking(store: &ClickHouse, table: &str, id: &str, unknown: &Value) {
    let unknown = event_grpc::sink::clickhouse::quote::text(&unknown.to_string());
    run_there(
        store,
        &format!(
            "INSERT INTO {table} SELECT * REPLACE ({unknown} AS unknown_fields, \
             addMilliseconds(insert_timestamp, 1) AS insert_timestamp) FROM {table} FINAL WHERE event_id = '{id}'"
        ),
    )
    .await;
}

pub(super) async fn run(
    store: &ClickHouse,
    pipeline: &'static Pipeline,
    apply: bool,
) -> BTreeMap<&'static str, Plan> {
    let databases = Databases::new(store.clone(), &BTreeMap::new(), pipeline).unwrap();
    let stores = Stores {
        clickhouse: Some(&databases),
        postgres: None,
    };
    let here = |table: &Table| {
        databases
            .of(table)
            .is_some_and(|s| s.address().database() == store.address().database())
    };
    let plans = reprocess(stores, pipeline, &here, None, apply)
        .await
        .unwrap();
    plans.into_iter().map(|plan| (plan.table, plan)).collect()
}

/// The rows of a table as JSON, by id, without when they were made.
pub(super) async fn rows(store: &ClickHouse, table: &str) -> HashMap<String, Value> {
    let database = store.address().database();
    let sql = format!(
        "SELECT formatRowNoNewline('JSONEachRow', *) FROM (SELECT * EXCEPT insert_timestamp FROM `{database}`.`{table}` FINAL)"
    );
    let lines: Vec<String> = store.rows(&sql).await.unwrap();
    let rows = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| (row["event_id"].as_str().unwrap().to_owned(), row))
        .collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_become_what_this_build_makes_of_the_events() {
    in_database("refill", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (table, bytes) = (crate::transform::table("event"), header().unwrap().encode_to_vec());
        let whole = |id: &str| {
            let mut event = cart(id, "1760000000123");
            if let Some(EventOf::AddToCartEvent(cart)) = &mut event.event_of {
                cart.product_id = i64::MAX - 1;
            }
            event
        };
        let without = |id: &str| {
            let mut event = whole(id);
            if let Some(EventOf::AddToCartEvent(cart)) = &mut event.event_of {
                (cart.product_id, cart.cart_id) = (0, String::new());
            }
            event.current_url = String::new();
            event.encode_to_vec()
        };
        let ids = ["wire", "json", "none", "later", "header"];
        let events: Vec<Vec<u8>> = ids.iter().map(|id| without(id)).collect();
        put(&store, table, 23, &bytes, &events[..4]).await;
        let mut lacks_os = header().unwrap();
        lacks_os.os.clear();
        put(&store, table, 23, &lacks_os.encode_to_vec(), &events[4..]).await;
        let cart_id = |number| base64(&delimited(number, b"c-1"));
        // By the numbers of AddToCartEvent.
        let numbers = envelope().event_type(23).unwrap().shape;
        let of = |name: &str| numbers.fields.iter().find(|f| f.name == name).unwrap().number;
        let (product, cart) = (of("productId"), of("cartId"));
        let known = json!({
            format!("/event/addToCartEvent/#{product}"): base64(&varint(product, (i64::MAX - 1) as u64)),
            format!("/event/addToCartEvent/#{cart}"): cart_id(cart),
            "/event/addToCartEvent/colour": "red",
        });
        lacking(&store, "event", "wire", &known).await;
        let members = json!({
            "/event/addToCartEvent/productId": (i64::MAX - 1).to_string(),
            "/event/addToCartEvent/cartId": "c-1",
        });
        lacking(&store, "event", "json", &members).await;
        lacking(&store, "event", "later", &json!({"/event/addToCartEvent/#999": "uD4B", "…cut": 2})).await;
        lacking(&store, "event", "header", &json!({"/header/os": "ios", "/header/tenant": 7})).await;
        let before = rows(&store, "event").await;

        let plans = run(&store, &PIPELINE, false).await;
        assert_eq!((plans["event"].rows, plans["purchase"].rows), (3, 0), "{plans:?}");
        assert!(plans["event"].left.is_empty(), "{plans:?}");
        let sample = format!("{:?}", plans["event"].samples);
        assert!(sample.contains("event_params") && sample.contains("c-1"), "{sample}");
        assert_eq!(rows(&store, "event").await, before, "a dry run changes nothing");

        for rows_now in [3, 0] {
            let plans = run(&store, &PIPELINE, true).await;
            assert_eq!(plans["event"].rows, rows_now, "{plans:?}");
            let now = rows(&store, "event").await;
            put(&store, table, 23, &bytes, &[whole("whole").encode_to_vec()]).await;
            let whole = rows(&store, "event").await["whole"].clone();
            assert_eq!(now["wire"]["event_params"], whole["event_params"]);
            assert_eq!(now["json"]["event_params"], whole["event_params"]);
            assert_eq!(now["wire"]["unknown_fields"], r#"{"/event/addToCartEvent/colour":"red"}"#);
            assert_eq!(now["json"]["unknown_fields"], "");
            assert_eq!(now["header"]["os"], "ios");
            assert_eq!(now["header"]["unknown_fields"], r#"{"/header/tenant":7}"#);
            for same in ["none", "later"] {
                assert_eq!(now[same], before[same]);
            }
            for id in ["wire", "json", "header"] {
                for column in ["event_timestamp", "sent_timestamp", "user_id", "session_id", "event_name"] {
                    assert_eq!(now[id][column], before[id][column], "{id} {column}");
                }
            }
            run_there(&store, "DELETE FROM event WHERE event_id = 'whole'").await;
        }
        // The types inside of the JSON column are those that this build writes.
        let types = "SELECT uniqExact(dynamicType(event_params.productId)) FROM DB.event FINAL WHERE event_id IN ('wire', 'json') \
                     AND dynamicType(event_params.productId) = 'Int64'";
        assert_eq!(number(&store, types).await, 1);
        assert_eq!(number(&store, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name LIKE 'event_grpc_reprocess%'").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_columns_are_filled_and_keys_are_left() {
    in_database("refill_typed", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let table = crate::transform::table("purchase");
        let mut lacks_user = header().unwrap();
        lacks_user.user_id = 0;
        let bytes = lacks_user.encode_to_vec();
        let bought = |id: &str| {
            let payload = CompletePurchaseEvent {
                checkout_id: "k".into(),
                ..Default::default()
            };
            app_event(id, "1760000000123", EventOf::CompletePurchaseEvent(payload))
        };
        let events: Vec<Vec<u8>> = ["a", "b", "c"]
            .map(|id| AppEvent::encode_to_vec(&bought(id)))
            .into();
        put(&store, table, 26, &bytes, &events).await;
        let members = json!({
            "/event/completePurchaseEvent/coupon": "TEN",
            "/event/completePurchaseEvent/productIds": ["4", 5],
            "/event/completePurchaseEvent/chargeableAmount": 9.5,
            "/event/completePurchaseEvent/paymentMethod": "upi",
            "/header/userId": "99",
        });
        lacking(&store, "purchase", "a", &members).await;
        lacking(
            &store,
            "purchase",
            "b",
            &json!({"/event/timestamp": "1760000000999"}),
        )
        .await;
        lacking(
            &store,
            "purchase",
            "c",
            &json!({"/event/completePurchaseEvent/coupon": {"not": "text"}}),
        )
        .await;
        let before = rows(&store, "purchase").await;
        let plans = run(&store, &PIPELINE, true).await;
        let plan = &plans["purchase"];
        assert_eq!(
            (plan.rows, plan.left.values().sum::<u64>()),
            (1, 2),
            "{plan:?}"
        );
        let left = format!("{:?}", plan.left);
        assert!(
            left.contains("sorting key") && left.contains("coupon"),
            "{left}"
        );
        let now = rows(&store, "purchase").await;
        let mut expected = before["a"].clone();
        for (column, value) in [
            ("coupon", json!("TEN")),
            ("product_ids", json!([4, 5])),
            ("chargeable_amount", json!(9.5)),
            ("payment_method", json!("upi")),
            ("user_id", json!(99)),
            ("unknown_fields", json!("")),
        ] {
            expected[column] = value;
        }
        assert_eq!(now["a"], expected);
        assert_eq!((&now["b"], &now["c"]), (&before["b"], &before["c"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_inside_of_lists_and_maps_goes_to_its_place() {
    use small::proto::event::{AddToCart, Event, Everything, event::EventOf};
    in_database("refill_nested", async |store| {
        for table in [
            &small::tables::event::TABLE,
            &small::tables::everything::TABLE,
        ] {
            run_there(&store, table.ddl).await;
        }
        let everything = |first: i64, second: i64, of_map: i64, inner: i64| {
            let cart = |product_id| AddToCart { product_id };
            let payload = Everything {
                flag: true,
                double: 5.0,
                single: 0.1,
                raw: vec![0, 255, 1],
                maybe: Some(0),
                numbers: vec![1, 2],
                at: Some(prost_types::Timestamp {
                    seconds: 1_770_000_000,
                    nanos: 123_456_789,
                }),
                items: vec![cart(first), cart(second)],
                products: HashMap::from([("a.b/c".to_owned(), cart(of_map))]),
                labels: HashMap::from([("x.y".to_owned(), 3)]),
                inner: Some(cart(inner)),
                ..Default::default()
            };
            Event {
                id: "e".into(),
                timestamp: "1700000000000".into(),
                event_of: Some(EventOf::Everything(payload)),
            }
        };
        let table = &small::tables::event::TABLE;
        put(
            &store,
            table,
            10,
            &[],
            &[everything(7, 8, 9, 10).encode_to_vec()],
        )
        .await;
        let whole = store_row(&store).await;
        run_there(&store, "TRUNCATE TABLE event").await;
        put(
            &store,
            table,
            10,
            &[],
            &[everything(7, 0, 0, 0).encode_to_vec()],
        )
        .await;
        let unknown = json!({
            "/event/everything/inner/#4": base64(&varint(4, 10)),
            "/event/everything/items/1/productId": 8,
            "/event/everything/products/a.b~1c/#4": base64(&varint(4, 9)),
        });
        lacking(&store, "event", "e", &unknown).await;
        let plans = run(&store, &small::PIPELINE, true).await;
        assert_eq!(plans["event"].rows, 1, "{plans:?}");
        assert_eq!(store_row(&store).await, whole);
    })
    .await;
}

async fn store_row(store: &ClickHouse) -> Value {
    rows(store, "event").await["e"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_another_service_gets_its_columns() {
    in_database("refill_body", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let table = crate::transform::table("click_event");
        let Append::Json(append) = table.append else {
            panic!("{} takes no JSON", table.name)
        };
        let body = json!({
            "eventId": "e", "headers": {"Referer": ["r"]}, "clientIp": "10.0.0.1", "userAgent": "okhttp/4.12",
            "url": "https://a.example/?x=1", "deepLink": "", "timestamp": 1_760_000_000,
        });
        let mut block = Block::new(table);
        let message = event_grpc::contract::Message {
            body: &members(body.as_object().unwrap().clone()),
            id: "",
            received_ms: 0,
            headers: &Map::new(),
            client: "",
        };
        append(&mut block, &message, &Context { now_ms: NOW_MS }).unwrap();
        store.store_block(table, 1, block.encode(), "t").await.unwrap();
        lacking(&store, "click_event", "e", &json!({"/body/deepLink": "app://x", "/body/news": 1})).await;
        let before = rows(&store, "click_event").await;
        assert_eq!(run(&store, &PIPELINE, false).await["click_event"].rows, 1);
        assert_eq!(run(&store, &PIPELINE, true).await["click_event"].rows, 1);
        let mut expected = before["e"].clone();
        expected["deep_link"] = json!("app://x");
        expected["unknown_fields"] = json!(r#"{"/body/news":1}"#);
        assert_eq!(rows(&store, "click_event").await["e"], expected);
    })
    .await;
}
