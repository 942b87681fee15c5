//! Texts that are longer than their columns are meant to hold.

use std::time::Duration;

use event_grpc::contract::{ColumnSpec, Destination, Pipeline, Queue, Table};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::event::EventOf;
use event_grpc::generated::proto::event::{AddToCartEvent, Event, Events, Header};
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use http::Method;
use serde_json::json;

use crate::app::support::{Instance, config, event, eventually, instance, started_of};
use crate::clickhouse::support::in_database;
use crate::http::request;

/// The pipeline, where the texts of these columns are refused from so many bytes on.
fn enforced(limits: &[(&str, &str, u32)]) -> &'static Pipeline {
    let columns = |table: &'static Table| {
        let limit = |column: &ColumnSpec| {
            let mut of_table = limits.iter().filter(|limit| limit.0 == table.name);
            match of_table.find(|limit| limit.1 == column.name) {
                Some(limit) => column.enforce(limit.2),
                None => *column,
            }
        };
        table.columns.iter().map(limit).collect::<Vec<_>>().leak()
    };
    let tables = PIPELINE.tables.iter().map(|table| {
        let columns = columns(table);
        &*Box::leak(Box::new(Table { columns, ..**table }))
    });
    let tables: &'static [&'static Table] = tables.collect::<Vec<_>>().leak();
    let queues = PIPELINE.queues.iter().map(|queue| {
        let into = match queue.into {
            Destination::Table(old) => {
                Destination::Table(tables.iter().find(|t| t.name == old.name).unwrap())
            }
            into => into,
        };
        Queue { into, ..*queue }
    });
    Box::leak(Box::new(Pipeline {
        tables,
        queues: queues.collect::<Vec<_>>().leak(),
        ..PIPELINE
    }))
}

fn events(os: &str, ids: &[&str]) -> Events {
    let cart = |id: &&str| -> Event {
        let of = EventOf::AddToCartEvent(AddToCartEvent::default());
        event(id, "1760000000000", of)
    };
    Events {
        header: Some(Header {
            os: os.into(),
            ..Default::default()
        }),
        events: ids.iter().map(cart).collect(),
    }
}

/// Metric of a column, if there is one.
async fn metric(app: &Instance, name: &str, table: &str, column: &str) -> f64 {
    let metrics = request(Method::GET, &app.ops_url("/metrics"), &[], "").await;
    let labels = [format!("table=\"{table}\""), format!("column=\"{column}\"")];
    let mut lines = metrics.text.lines();
    let line = lines.find(|line| {
        line.starts_with(&format!("{name}{{")) && labels.iter().all(|l| line.contains(l))
    });
    let value = line.and_then(|line| line.rsplit(' ').next());
    value.map_or(0.0, |value| value.parse().unwrap())
}

const OVER: &str = "event_grpc_text_over_limit_total";
const LARGEST: &str = "event_grpc_text_largest_bytes";

#[tokio::test(flavor = "multi_thread")]
async fn they_are_stored_and_told_of_where_nothing_else_is_said() {
    instance("long_texts", async |app, store| {
        let before = metric(app, OVER, "event", "os").await;
        let ids_before = metric(app, OVER, "event", "event_id").await;
        // A dictionary may have texts of 8 KiB, a key of 1 KiB.
        let id = "i".repeat(1100);
        let request = events(&"o".repeat(9000), &["short", &id]);
        app.dispatch(request).await.unwrap();
        let sql = "SELECT count() FROM DB.event FINAL WHERE length(os) = 9000";
        eventually(store, sql, 2).await;
        // The tests of this process share their metrics: others add to the counts, and set the gauges to theirs.
        for (column, before) in [("os", before), ("event_id", ids_before)] {
            let told = async {
                while metric(app, OVER, "event", column).await <= before {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), told)
                .await
                .expect(column);
            assert!(metric(app, LARGEST, "event", column).await > 0.0);
        }
        eventually(store, "SELECT count() FROM DB.error_event FINAL", 0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_limit_is_enforced_each_is_a_dead_letter_and_the_others_are_stored() {
    let pipeline = enforced(&[
        ("event", "event_id", 64),
        ("event", "os", 32),
        ("shopify_event", "store_url", 64),
    ]);
    in_database("refused_texts", async |store: ClickHouse| {
        migrate::apply(&store, pipeline).await.unwrap();
        let (app, seen) = started_of(config(&store), pipeline).await;
        let before = metric(&seen, OVER, "event", "event_id").await;
        let long = "x".repeat(100);
        let requests = [
            events("ios", &["first", &long, "last"]),
            // The header is every event's.
            events(&long, &["mine", "too"]),
            events("ios", &["others"]),
            events(&long, &["again"]),
        ];
        let sent = requests.map(|request| seen.dispatch(request));
        for answer in futures_util::future::join_all(sent).await {
            answer.unwrap();
        }
        let stored = "SELECT count() FROM DB.event FINAL";
        eventually(&store, &format!("{stored} WHERE event_id IN ('first', 'last', 'others')"), 3).await;
        let letters = "SELECT count() FROM DB.error_event FINAL WHERE class = 'bad_field' AND reason LIKE";
        let of_id = "'field `event_id`: has 100 bytes; at most 64 are allowed%'";
        eventually(&store, &format!("{letters} {of_id}"), 1).await;
        let of_os = "'field `os`: has 100 bytes; at most 32 are allowed%'";
        eventually(&store, &format!("{letters} {of_os}"), 3).await;
        eventually(&store, stored, 3).await;
        assert!(metric(&seen, OVER, "event", "event_id").await > before);

        let json = [("content-type", "application/json")];
        for url in ["short", &long, "other"] {
            let body = json!({ "storeUrl": url, "eventName": "e", "eventTime": "1760000000123", "eventData": {} });
            let answer = request(Method::POST, &seen.url("/shopify/event/"), &json, body.to_string()).await;
            let wanted = if url.len() > 64 { 202 } else { 200 };
            assert_eq!(answer.status, wanted, "{answer:?}");
        }
        eventually(&store, "SELECT count() FROM DB.shopify_event FINAL", 2).await;
        let of_url = "'field `store_url`: has 100 bytes; at most 64 are allowed%'";
        eventually(&store, &format!("{letters} {of_url}"), 1).await;
        drop(seen);
        app.stop().await;
    })
    .await;
}
