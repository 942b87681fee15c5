//! Messages of other services and webhooks, through the broker into the tables: every column of every row.
//!
//! `tests/fixtures/MESSAGE.jsonl` has a message a line, beside the row that it becomes, or a part of the reason why it
//! is refused. `tests/fixtures/queues.tsv` is the topology that producers rely on.

mod rabbit;
mod webhooks;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use event_grpc::broker::{Broker, HeaderValue, Outgoing, Properties};
use event_grpc::contract::headers::HTTP_HEADERS;
use event_grpc::contract::{ExchangeKind, Queue};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::{ClickHouse, quote};
use http::Method;
use serde_json::{Map, Value, json};

use crate::app::support::{eventually, instance};
use crate::http::request;

/// The file of each message, and the queue that it is sent to.
const MESSAGES: [(&str, &str); 20] = [
    ("click_event", "clickhouse_click_event_q"),
    ("app_init_event", "app_init_event_q"),
    ("launch_refer_event", "launch_refer_event_q"),
    ("post_log", "post_log_events_q"),
    ("post_activity_log", "post_activity_log_events_q"),
    ("profile_log", "profile_log_events_q"),
    (
        "profile_relationship_log",
        "profile_relationship_log_events_q",
    ),
    ("sentiment_log", "sentiment_log_events_q"),
    ("scrape_request_log", "scrape_request_log_events_q"),
    ("order_log", "order_log_events_q"),
    ("trace_log", "trace_log"),
    ("ab_assignment", "ab_assignments"),
    ("affiliate_order", "affiliate_orders_event_q"),
    ("bigboss_vote", "bigboss_votes_log_q"),
    ("partner_activity_log", "activity_tracker_q"),
    ("shopify_event", "shopify_events_q"),
    ("branch_event", "branch_event_q"),
    ("graphy_event", "graphy_event_q"),
    ("vidooly_event", "vidooly_event_q"),
    ("webengage_event", "webengage_ch_event_q"),
];

/// When the messages say that they were sent: 2025-10-09 08:53:20.
const SENT: u64 = 1_760_000_000;

#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_every_row_is_what_was_sent() {
    instance("catalogue", async |app, store| {
        let mut wrong = Vec::new();
        let mut refused = 0;
        for (file, queue) in MESSAGES {
            let queue = queue_named(queue);
            let lines = fixture(file);
            // A message that comes twice is stored once.
            for _ in 0..2 {
                for (at, line) in lines.iter().enumerate() {
                    send(app.broker(), queue, &format!("{file}-{}", at + 1), line).await;
                }
            }
            let expected = expected(file);
            let stored = rows(store, queue.into.name()).await;
            wrong.extend(differences(queue.into.name(), expected, stored));
            for line in lines.iter().filter(|line| line.get("refused").is_some()) {
                let reason = line["refused"].as_str().unwrap();
                let kept = format!(
                    "SELECT uniqExact(error_id) FROM DB.error_event WHERE queue = {} AND position(reason, {}) > 0",
                    quote::text(queue.name),
                    quote::text(reason)
                );
                eventually(store, &kept, 1).await;
                refused += 1;
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        eventually(store, "SELECT uniqExact(error_id) FROM DB.error_event", refused).await;
    })
    .await;
}

/// The rows that the messages of a file become.
fn expected(file: &str) -> Vec<Value> {
    fixture(file)
        .iter()
        .enumerate()
        .filter(|(_, line)| line.get("row").is_some())
        .map(|(at, line)| with_id(&line["row"], &format!("{file}-{}", at + 1)))
        .collect()
}

#[test]
fn producers_find_the_topology_that_they_rely_on() {
    let text = include_str!("../fixtures/queues.tsv");
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [
            name,
            exchange,
            kind,
            key,
            workers,
            error_exchange,
            error_key,
            table,
        ] = fields[..]
        else {
            panic!("{line}");
        };
        let queue = queue_named(name);
        let bound: Vec<_> = queue
            .bindings
            .iter()
            .map(|b| (b.exchange, b.routing_key))
            .collect();
        assert_eq!(bound, [(exchange, key)], "{name}");
        let kinds = [
            ("topic", ExchangeKind::Topic),
            ("direct", ExchangeKind::Direct),
        ];
        let declared = PIPELINE
            .exchanges
            .iter()
            .find(|e| e.name == exchange)
            .unwrap();
        assert!(kinds.contains(&(kind, declared.kind)), "{exchange}");
        assert_eq!(queue.workers.to_string(), workers, "{name}");
        let dead = queue
            .dead_letter
            .map(|route| (route.exchange, route.routing_key));
        assert_eq!(dead, Some((error_exchange, error_key)), "{name}");
        assert_eq!(queue.into.name(), table, "{name}");
    }
}

pub(crate) fn queue_named(name: &str) -> &'static Queue {
    let found = PIPELINE.queues.iter().find(|queue| queue.name == name);
    found.unwrap_or_else(|| panic!("there is no queue {name}"))
}

pub(crate) fn fixture(file: &str) -> Vec<Map<String, Value>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/{file}.jsonl"));
    let text = std::fs::read_to_string(&path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn send(broker: &dyn Broker, queue: &Queue, id: &str, line: &Map<String, Value>) {
    let route = queue.bindings[0];
    let body = line["message"].to_string();
    let message = match route.routing_key {
        // Two queues get these, and each has fixtures of its own.
        "LAUNCH_REFER_EVENT" => Outgoing::to_queue(queue.name, body),
        "*" => Outgoing::new(route.exchange, "any", body),
        key => Outgoing::new(route.exchange, key, body),
    };
    let message = message.with(Properties {
        content_type: Some("application/json".into()),
        message_id: Some(id.to_owned()),
        timestamp: Some(SENT),
        headers: headers(line),
        ..Properties::default()
    });
    broker.publish(message).await.unwrap();
}

/// The AMQP headers of a message: its own, or those that its webhook got by HTTP.
fn headers(line: &Map<String, Value>) -> Vec<(Cow<'static, str>, HeaderValue)> {
    let own = line.get("headers").and_then(Value::as_object);
    let own = own.into_iter().flatten().map(|(name, value)| {
        let value = match value {
            Value::Number(number) => HeaderValue::Integer(number.as_i64().unwrap()),
            value => HeaderValue::Text(value.as_str().unwrap().to_owned()),
        };
        (Cow::Owned(name.clone()), value)
    });
    let http = line.get("http").map(|http| {
        let text = HeaderValue::Text(http.to_string());
        (Cow::Borrowed(HTTP_HEADERS), text)
    });
    own.chain(http).collect()
}

/// A row whose id, where the fixture leaves it open, is the message's.
pub(crate) fn with_id(row: &Value, id: &str) -> Value {
    let mut row = row.clone();
    if row["id"] == "$id" {
        row["id"] = json!(id);
    }
    row
}

/// The rows of a table, without the time at which they were made.
async fn rows(store: &ClickHouse, table: &str) -> Vec<Value> {
    let url = std::env::var("EVENT_GRPC_TEST_CLICKHOUSE_URL").unwrap();
    let database = store.address().database();
    let sql = format!(
        "SELECT *, abs(dateDiff('second', insert_timestamp, now())) < 600 AS made_now FROM {}.{} FINAL \
         SETTINGS output_format_json_quote_64bit_integers = 0 FORMAT JSONEachRow",
        quote::identifier(database),
        quote::identifier(table)
    );
    let answer = request(Method::POST, &url, &[], sql).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let rows = answer.text.lines().map(|line| {
        let mut row: Map<String, Value> = serde_json::from_str(line).unwrap();
        row.remove("insert_timestamp").expect("every table has one");
        // Fields of the samples beyond their declarations are tested in `unknown`.
        row.remove("unknown_fields");
        assert_eq!(row.remove("client"), Some(json!("")), "nothing proved it");
        let made_now = row.remove("made_now").unwrap();
        assert!(made_now == json!(1) || made_now == json!(true), "{line}");
        Value::Object(row)
    });
    rows.collect()
}

/// Unexpected and missing rows.
pub(crate) fn differences(table: &str, expected: Vec<Value>, stored: Vec<Value>) -> Vec<String> {
    let mut counts: BTreeMap<String, i32> = BTreeMap::new();
    for row in &expected {
        *counts.entry(plain(row)).or_default() += 1;
    }
    for row in &stored {
        *counts.entry(plain(row)).or_default() -= 1;
    }
    let told = counts
        .iter()
        .filter(|(_, count)| **count != 0)
        .map(|(row, count)| {
            let which = if *count > 0 { "missing" } else { "unexpected" };
            format!("{table}: {which} {row}")
        });
    told.collect()
}

/// A row as text that doesn't depend on the order of members, or on how a number is written.
fn plain(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, String> =
                members.iter().map(|(k, v)| (k, plain(v))).collect();
            format!("{sorted:?}").replace('\\', "")
        }
        Value::Array(items) => {
            format!("{:?}", items.iter().map(plain).collect::<Vec<_>>()).replace('\\', "")
        }
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) if float.fract() == 0.0 => format!("{float:.0}"),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}
