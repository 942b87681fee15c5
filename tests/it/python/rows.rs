//! The rows as ClickHouse has them, compared with the events as they were sent.

use std::collections::{BTreeMap, BTreeSet};

use event_grpc::sink::clickhouse::{ClickHouse, quote};
use serde_json::{Map, Value, json};

use super::now;
use super::sent::Event;

/// The types that the table `purchase` has.
pub(super) const PURCHASES: [&str; 3] = [
    "InitiatePurchaseEvent",
    "CompletePurchaseEvent",
    "PurchaseFailedEvent",
];

/// The columns of `event` that hold header fields.
const HEADER: [(&str, &str); 20] = [
    ("session_id", "sessionId"),
    ("bb_device_id", "bbDeviceId"),
    ("user_id", "userId"),
    ("device_id", "deviceId"),
    ("android_advertising_id", "androidAdvertisingId"),
    ("client_id", "clientId"),
    ("channel", "channel"),
    ("os", "os"),
    ("client_type", "clientType"),
    ("app_language", "appLanguage"),
    ("app_version", "appVersion"),
    ("app_version_code", "appVersionCode"),
    ("current_url", "currentURL"),
    ("merchant_id", "merchantId"),
    ("utm_referrer", "utmReferrer"),
    ("utm_platform", "utmPlatform"),
    ("utm_source", "utmSource"),
    ("utm_medium", "utmMedium"),
    ("utm_campaign", "utmCampaign"),
    ("pp_id", "ppId"),
];

/// The header columns that `purchase` has.
const PURCHASE_HEADER: [&str; 6] = [
    "user_id",
    "bb_device_id",
    "session_id",
    "client_id",
    "os",
    "app_version",
];

/// For each event that was sent without an id, by its URL, the id that was made for it.
pub(super) type Stored = BTreeMap<String, String>;

/// Number of events of each type in a table.
pub(super) async fn counts(store: &ClickHouse, table: &str) -> BTreeMap<String, u64> {
    let table = quote::table(store.address().database(), table);
    let sql = format!("SELECT event_name, count() FROM {table} FINAL GROUP BY 1");
    let rows = store.rows::<(String, u64)>(&sql).await.expect(&sql);
    rows.into_iter().collect()
}

/// Compares every column of these events' rows in `event`.
pub(super) async fn events(store: &ClickHouse, sent: &[Event], since: i64) -> Stored {
    let rows = rows(store, "event", sent).await;
    let find = |event: &Event| {
        rows.iter().find(|row| {
            if event.id.is_empty() {
                row["event_current_url"] == event.current_url.as_str()
            } else {
                row["event_id"] == event.id.as_str()
            }
        })
    };
    let mut made = Stored::new();
    for event in sent {
        let row = find(event).unwrap_or_else(|| panic!("not stored: {event:?}"));
        let mut expected = Map::new();
        for (column, field) in HEADER {
            expected.insert(column.into(), event.header[field].clone());
        }
        expected.insert("event_id".into(), row["event_id"].clone());
        expected.insert("event_name".into(), json!(event.name));
        expected.insert("event_current_url".into(), json!(event.current_url));
        expected.insert("event_params".into(), json!(event.payload));
        same_row(row, expected, event, since);
        if event.id.is_empty() {
            let id = row["event_id"].as_str().unwrap_or_default();
            assert!(!id.is_empty(), "no id was made for {event:?}");
            made.insert(event.current_url.clone(), id.into());
        }
    }
    let unique: BTreeSet<&String> = made.values().collect();
    assert_eq!(unique.len(), made.len(), "two events got the same id");
    assert!(!made.is_empty());
    made
}

/// Compares every column of these events' rows in `purchase`.
pub(super) async fn purchases(store: &ClickHouse, sent: &[Event], since: i64) {
    let columns = [
        ("payment_method", "paymentMethod", json!("")),
        ("is_bag", "isBag", json!(false)),
        ("product_id", "productId", json!(0)),
        ("product_type", "productType", json!("")),
        ("checkout_id", "checkoutId", json!("")),
        ("chargeable_amount", "chargeableAmount", json!(0.0)),
        ("coupon", "coupon", json!("")),
        ("product_ids", "productIds", json!([])),
        ("cart_id", "cartId", json!("")),
        ("social_stream_ids", "socialStreamIds", json!([])),
        ("transaction_id", "transactionId", json!("")),
        ("reason", "reason", json!("")),
    ];
    // The table has no URL by which an event without an id could be found.
    let sent: Vec<Event> = sent
        .iter()
        .filter(|event| !event.id.is_empty())
        .cloned()
        .collect();
    let rows = rows(store, "purchase", &sent).await;
    for event in &sent {
        let row = rows.iter().find(|row| row["event_id"] == event.id.as_str());
        let row = row.unwrap_or_else(|| panic!("not stored: {event:?}"));
        let mut expected = Map::new();
        for (column, field) in HEADER {
            if PURCHASE_HEADER.contains(&column) {
                expected.insert(column.into(), event.header[field].clone());
            }
        }
        for (column, field, default) in &columns {
            let value = event.payload.get(*field).unwrap_or(default);
            expected.insert((*column).into(), value.clone());
        }
        expected.insert("event_id".into(), json!(event.id));
        expected.insert("event_name".into(), json!(event.name));
        same_row(row, expected, event, since);
    }
}

/// Compares a row with the expected columns, and those that hold times.
fn same_row(row: &Map<String, Value>, mut expected: Map<String, Value>, event: &Event, since: i64) {
    let until = now();
    let sent: i64 = match event.timestamp.as_str() {
        "" => 0,
        text => text.parse().unwrap(),
    };
    expected.insert("sent_timestamp".into(), json!(sent));
    let lately = |column: &str| {
        let at = row[column].as_i64();
        at.is_some_and(|at| (since..=until).contains(&at))
    };
    if event.timestamp.is_empty() || sent > until {
        assert!(
            lately("event_timestamp"),
            "not the server's time: {row:?}\n{event:?}"
        );
        expected.insert("event_timestamp".into(), row["event_timestamp"].clone());
    } else {
        expected.insert("event_timestamp".into(), json!(sent));
    }
    assert!(
        lately("insert_timestamp"),
        "not the server's time: {row:?}\n{event:?}"
    );
    expected.insert("insert_timestamp".into(), row["insert_timestamp"].clone());
    expected.insert("unknown_fields".into(), json!(""));
    expected.insert("client".into(), json!(""));

    let names = |map: &Map<String, Value>| map.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(row), names(&expected), "the columns of a row");
    for (column, value) in &expected {
        let stored = &row[column];
        assert!(
            same(value, stored),
            "{column} holds {stored}, {value} was sent: {event:?}"
        );
    }
}

/// True if two values say the same. ClickHouse writes floats that are whole without a point.
fn same(sent: &Value, stored: &Value) -> bool {
    match (sent, stored) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let has = |(key, value)| b.get(key).is_some_and(|stored| same(value, stored));
            a.len() == b.len() && a.iter().all(has)
        }
        _ => sent == stored,
    }
}

/// The rows of these events as JSON, with times in milliseconds.
async fn rows(store: &ClickHouse, table: &str, sent: &[Event]) -> Vec<Map<String, Value>> {
    let ids = sent.iter().map(|event| event.id.as_str());
    let mut wanted = format!(
        "event_id IN {}",
        quote::texts(ids.filter(|id| !id.is_empty()))
    );
    let no_ids = sent.iter().filter(|event| event.id.is_empty());
    let urls: Vec<&str> = no_ids.map(|event| event.current_url.as_str()).collect();
    if !urls.is_empty() {
        wanted += &format!(
            " OR event_current_url IN {}",
            quote::texts(urls.into_iter())
        );
    }
    let times = ["sent_timestamp", "event_timestamp", "insert_timestamp"]
        .map(|column| format!("toUnixTimestamp64Milli({column}) AS {column}"));
    let sql = format!(
        "SELECT formatRowNoNewline('JSONEachRow', *) FROM (SELECT * REPLACE ({}) FROM {} FINAL WHERE {wanted}) \
         SETTINGS output_format_json_quote_64bit_integers = 0",
        times.join(", "),
        quote::table(store.address().database(), table),
    );
    let rows: Vec<String> = store.rows(&sql).await.expect("the rows of the sample");
    assert_eq!(rows.len(), sent.len(), "rows of {table}");
    rows.iter()
        .map(|row| serde_json::from_str(row).expect(row))
        .collect()
}
