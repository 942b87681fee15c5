//! All kinds of fields, through the transforms of the generator's golden files into a real table.
//!
//! The project's own pipeline has no map, enum or optional field; this one has all that proto3 has.

mod others;

#[rustfmt::skip]
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "the whole of a generated tree, of which a test needs a part"
)]
#[path = "../../codegen/tests/golden/small/generated/mod.rs"]
pub(crate) mod small;

#[rustfmt::skip]
#[allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "the whole of a generated tree, of which a test needs a part"
)]
#[path = "../../codegen/tests/golden/divided/generated/mod.rs"]
pub(crate) mod divided;

use std::collections::{BTreeMap, HashMap};

use event_grpc::contract::{Append, Block, Context, Group, RowError, Table};
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{Struct, Timestamp};
use serde_json::{Value, json};

use crate::clickhouse::support::in_database;
use small::PIPELINE;
use small::envelope::ENVELOPE;
use small::proto::event::everything::{Choice, Color};
use small::proto::event::{AddToCart, Event, Everything, Geo, Header, event::EventOf};

const NOW_MS: i64 = 1_770_000_000_000;
const CX: Context = Context { now_ms: NOW_MS };

#[derive(clickhouse::Row, serde::Deserialize)]
struct Line {
    line: String,
}

/// The rows of a table as JSON.
async fn rows(store: &ClickHouse, table: &str, order: &str) -> Vec<Value> {
    let database = store.address().database();
    let sql = format!(
        "SELECT formatRowNoNewline('JSONEachRow', *) AS line FROM (SELECT * FROM `{database}`.`{table}` \
         ORDER BY {order}) SETTINGS output_format_json_quote_64bit_integers = 0"
    );
    let lines: Vec<Line> = store.rows(&sql).await.unwrap();
    lines
        .iter()
        .map(|line| serde_json::from_str(&line.line).unwrap())
        .collect()
}

async fn store(store: &ClickHouse, table: &'static Table, block: Block) {
    let rows = block.rows();
    let token = table.name.to_owned();
    store
        .store_block(table, rows, block.encode(), &token)
        .await
        .unwrap();
}

fn append_events(
    block: &mut Block,
    number: u32,
    header: &Header,
    events: &[Event],
) -> Result<(), RowError> {
    let Append::Events(append) = block.table().append else {
        panic!("{} takes no events", block.table().name)
    };
    let bytes: Vec<Vec<u8>> = events.iter().map(Event::encode_to_vec).collect();
    let slices: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    let group = Group {
        kind: ENVELOPE.event_type(number).unwrap(),
        header: &header.encode_to_vec(),
        events: &slices,
        client: "shop",
    };
    append(block, &group, &CX)
}

fn event(id: &str, timestamp: &str, variant: EventOf) -> Event {
    Event {
        id: id.into(),
        timestamp: timestamp.into(),
        event_of: Some(variant),
    }
}

fn everything() -> Everything {
    let number = |number: f64| prost_types::Value {
        kind: Some(Kind::NumberValue(number)),
    };
    Everything {
        flag: true,
        small: -2,
        big: -3,
        natural: 4,
        large: u64::MAX,
        zigzag: i64::MIN,
        single: 1.5,
        double: -2.25,
        raw: b"raw".to_vec(),
        maybe: Some(0),
        color: Color::Red.into(),
        maybe_color: Some(7),
        numbers: vec![1, -1, 300],
        names: vec![String::new(), "b".into()],
        labels: HashMap::from([("k".into(), 5)]),
        at: Some(Timestamp {
            seconds: 1_770_000_000,
            nanos: 123_456_789,
        }),
        free: Some(Struct {
            fields: BTreeMap::from([("n".into(), number(2.5))]),
        }),
        inner: Some(AddToCart { product_id: 11 }),
        items: vec![AddToCart { product_id: 12 }, AddToCart::default()],
        products: HashMap::from([("p".into(), AddToCart { product_id: 13 })]),
        colors: vec![Color::Unspecified.into(), Color::Red.into()],
        times: vec![Timestamp {
            seconds: 1,
            nanos: 0,
        }],
        answers: HashMap::from([(-1, true)]),
        choice: Some(Choice::ChoiceText("chosen".into())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_field_comes_to_its_column() {
    in_database("kinds", |db| async move {
        migrate::apply(&db, &PIPELINE).await.unwrap();
        let table = &small::tables::everything::TABLE;
        let mut block = Block::new(table);
        let header = Header::default();
        let full = event("a", "", EventOf::Everything(everything()));
        let empty = event("b", "", EventOf::Everything(Everything::default()));
        append_events(&mut block, 10, &header, &[full, empty]).unwrap();
        let cart = event("c", "", EventOf::AddToCart(AddToCart { product_id: 21 }));
        append_events(&mut block, 9, &header, &[cart]).unwrap();
        assert_eq!(block.rows(), 3);
        store(&db, table, block).await;

        let rows = rows(&db, "everything", "event_id").await;
        assert_eq!(
            rows[0],
            json!({
                "event_id": "a", "event_name": "Everything", "flag": true, "small": -2, "big": -3,
                "natural": 4, "large": u64::MAX, "zigzag": i64::MIN, "single": 1.5, "double": -2.25,
                "raw": "raw", "maybe": 0, "color": "COLOR_RED", "maybe_color": "7",
                "numbers": [1, -1, 300], "names": ["", "b"], "labels": {"k": 5},
                "at": "2026-02-02 02:40:00.123456", "free": {"n": 2.5}, "inner": {"productId": 11},
                "items": [{"productId": 12}, {}], "choice_text": "chosen",
                "products": {"p": {"productId": 13}}, "colors": ["COLOR_UNSPECIFIED", "COLOR_RED"],
                "times": ["1970-01-01 00:00:01.000000"], "answers": {"-1": true}, "product_id": 11, "unknown_fields": "",
                "client": "shop",
            })
        );
        let default = json!({
            "event_id": "b", "event_name": "Everything", "flag": false, "small": 0, "big": 0,
            "natural": 0, "large": 0, "zigzag": 0, "single": 0, "double": 0, "raw": "", "maybe": null,
            "color": "COLOR_UNSPECIFIED", "maybe_color": null, "numbers": [], "names": [], "labels": {},
            "at": null, "free": {}, "inner": {}, "items": [], "choice_text": null, "products": {},
            "colors": [], "times": [], "answers": {}, "product_id": 0, "unknown_fields": "",
            "client": "shop",
        });
        assert_eq!(rows[1], default);
        // A type that lacks a field leaves the column's default, which for an enum is no name.
        let mut lacking = default;
        lacking["event_id"] = "c".into();
        lacking["event_name"] = "AddToCart".into();
        lacking["color"] = "".into();
        lacking["product_id"] = 21.into();
        assert_eq!(rows[2], lacking);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_group_shares_is_in_each_of_its_rows() {
    in_database("kinds_event", |db| async move {
        migrate::apply(&db, &PIPELINE).await.unwrap();
        let table = &small::tables::event::TABLE;
        let mut block = Block::new(table);
        let header = Header {
            session_id: "s".into(),
            channel: String::new(),
            geo: Some(Geo {
                country: "IN".into(),
                latitude: Some(0.0),
            }),
            campaign: Some("SALE".into()),
        };
        let cart = |id: &str, timestamp: &str| {
            event(
                id,
                timestamp,
                EventOf::AddToCart(AddToCart { product_id: 1 }),
            )
        };
        let future = (NOW_MS + 5000).to_string();
        let events = [
            cart("a", "1700000000000"),
            cart("b", &future),
            cart("c", ""),
        ];
        append_events(&mut block, 9, &header, &events).unwrap();
        let bare = Header::default();
        append_events(&mut block, 9, &bare, &[cart("d", "")]).unwrap();
        store(&db, table, block).await;

        let rows = rows(&db, "event", "event_id").await;
        let row = |id: &str, sent: &str, at: &str| {
            json!({
                "event_id": id, "type": "AddToCart", "sent_timestamp": sent, "event_timestamp": at,
                "insert_timestamp": "2026-02-02 02:40:00.000", "country": "IN", "latitude": 0,
                "campaign": "sale", "channel": "web", "params": {"productId": 1}, "unknown_fields": "",
            })
        };
        let (past, now) = ("2023-11-14 22:13:20.000", "2026-02-02 02:40:00.000");
        assert_eq!(rows[0], row("a", past, past));
        assert_eq!(rows[1], row("b", "2026-02-02 02:40:05.000", now));
        assert_eq!(rows[2], row("c", "1970-01-01 00:00:00.000", now));
        assert_eq!(rows[3]["latitude"], Value::Null);
        assert_eq!(rows[3]["campaign"], Value::Null);
        assert_eq!(rows[3]["country"], "");
    })
    .await;
}

#[test]
fn a_value_without_a_place_names_its_column_and_its_row_can_be_taken_back() {
    let mut block = Block::new(&small::tables::event::TABLE);
    let cart = |timestamp: &str| event("a", timestamp, EventOf::AddToCart(AddToCart::default()));
    append_events(&mut block, 9, &Header::default(), &[cart("1")]).unwrap();
    let before = block.encode();
    block.mark();
    let events = [cart("2"), cart("soon")];
    let error = append_events(&mut block, 9, &Header::default(), &events).unwrap_err();
    assert!(
        matches!(
            &error,
            RowError::Value(misfit) if misfit.place == "sent_timestamp"
        ),
        "{error}"
    );
    block.rollback();
    assert_eq!((block.rows(), block.encode()), (1, before));
}

#[test]
fn a_group_without_events_adds_no_rows() {
    for table in [
        &small::tables::event::TABLE,
        &small::tables::everything::TABLE,
    ] {
        let mut block = Block::new(table);
        append_events(&mut block, 9, &Header::default(), &[]).unwrap();
        assert_eq!(block.rows(), 0);
    }
}
