//! A column and a table get other names, by the migrations that the generator writes: what instances of the former build and
//! queries by the former names meet.

use std::sync::atomic::{AtomicBool, Ordering};

use event_grpc::contract::json::members;
use event_grpc::contract::{Append, Block, Context, Message, Migration, Pipeline, Table};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::ClickHouse;
use event_grpc::sink::clickhouse::migrate::{apply, check};
use event_grpc::sink::{Fault, Rows, Store as _, StoreError};
use serde_json::json;

use super::support::{in_database, number, run_there};

/// What the generator writes; its tests hold that.
const COLUMN: &str = include_str!("../../../codegen/tests/golden/renamed_column.sql");
const TABLE: &str = include_str!("../../../codegen/tests/golden/renamed_table.sql");

/// The former build.
fn table() -> &'static Table {
    let found = PIPELINE
        .tables
        .iter()
        .find(|table| table.name == "shopify_event");
    found.unwrap()
}

/// The pipeline with a migration more.
fn with(name: &'static str, sql: &'static str) -> Pipeline {
    let mut migrations = PIPELINE.migrations.to_vec();
    migrations.push(Migration { name, sql });
    Pipeline {
        migrations: migrations.leak(),
        ..PIPELINE
    }
}

/// Stores an event as an instance of the former build does.
async fn store(store: &ClickHouse, id: &str, token: &str) -> Result<(), StoreError> {
    let Append::Json(append) = table().append else {
        panic!("no JSON");
    };
    let body = json!({
        "storeUrl": format!("https://{id}.example"), "eventName": "order", "eventTime": 1_795_468_500_000_i64, "eventData": {},
    });
    let body = members(body.as_object().unwrap().clone());
    let headers = members(serde_json::Map::new());
    let message = Message {
        body: &body,
        id,
        received_ms: 0,
        headers: &headers,
        client: "",
    };
    let mut block = Block::new(table());
    append(
        &mut block,
        &message,
        &Context {
            now_ms: 1_795_468_500_000,
        },
    )
    .unwrap();
    let rows = Rows {
        block: &block,
        messages: &[],
    };
    store.store(rows, token).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_has_both_names_for_queries_and_former_instances_hold_their_rows_back() {
    in_database("renamed_column", |server| async move {
        apply(&server, &PIPELINE).await.unwrap();
        store(&server, "a", "a").await.unwrap();
        let next = with("20990101T000000_rename_shopify_event.sql", COLUMN);
        apply(&server, &next).await.unwrap();
        let same = "SELECT count() FROM DB.shopify_event WHERE shop_url = store_url AND shop_url = 'https://a.example'";
        assert_eq!(number(&server, same).await, 1);

        // What is refused isn't taken for a fault of the rows, so that nothing becomes a dead letter.
        for _ in 0..2 {
            let held = store(&server, "b", "b").await.unwrap_err();
            assert_eq!(held.fault, Fault::Destination, "{held}");
        }
        let insert = "INSERT INTO shopify_event (id, event_name, shop_url, event_timestamp) VALUES ('b', 'order', 'https://b.example', fromUnixTimestamp64Milli(1795468500000))";
        run_there(&server, insert).await;
        assert_eq!(number(&server, "SELECT count() FROM DB.shopify_event WHERE store_url = 'https://b.example'").await, 1);

        // Carried out once more, as after an interruption, it changes nothing.
        let again = with("20990101T000001_rename_shopify_event.sql", COLUMN);
        let again = Pipeline {
            migrations: Vec::leak([next.migrations, &again.migrations[PIPELINE.migrations.len()..]].concat()),
            ..next
        };
        apply(&server, &again).await.unwrap();
        assert_eq!(number(&server, same).await, 1);

        // The way back to the former build, as docs/changes.md has it: it stores again, and so does the present one.
        run_there(&server, "ALTER TABLE shopify_event MODIFY COLUMN store_url LowCardinality(String) EPHEMERAL").await;
        run_there(&server, "ALTER TABLE shopify_event MODIFY COLUMN shop_url LowCardinality(String) DEFAULT store_url").await;
        store(&server, "b", "b").await.unwrap();
        store(&server, "c", "c").await.unwrap();
        run_there(&server, &insert.replace("'b'", "'d'").replace("//b.", "//d.")).await;
        let all = "SELECT count() FROM DB.shopify_event FINAL WHERE shop_url = concat('https://', id, '.example')";
        assert_eq!(number(&server, all).await, 4);
        // And forward again.
        run_there(&server, "ALTER TABLE shopify_event MODIFY COLUMN shop_url REMOVE DEFAULT").await;
        run_there(&server, "ALTER TABLE shopify_event MODIFY COLUMN store_url LowCardinality(String) ALIAS shop_url").await;
        let all = "SELECT count() FROM DB.shopify_event FINAL WHERE store_url = concat('https://', id, '.example')";
        assert_eq!(number(&server, all).await, 4);
    })
    .await;
}

/// An instance of the former build that stores events until it is stopped, each twice under one token, as after an answer that
/// was lost. What is refused for the moment is repeated.
async fn instance(server: &ClickHouse, stop: &AtomicBool) -> u64 {
    let mut stored = 0;
    while !stop.load(Ordering::Relaxed) {
        let id = format!("n{stored}");
        for _ in 0..2 {
            while let Err(error) = store(server, &id, &id).await {
                assert!(
                    error.fault.may_pass() || error.fault == Fault::Destination,
                    "{error}"
                );
                server.probe(table()).await.ok();
            }
        }
        stored += 1;
    }
    stored
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_both_names_and_former_instances_go_on() {
    in_database("renamed_table", |server| async move {
        apply(&server, &PIPELINE).await.unwrap();
        let next = with("20990101T000000_rename_shop_event.sql", TABLE);
        let stop = AtomicBool::new(false);
        let migrate = async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            apply(&server, &next).await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
            stop.store(true, Ordering::Relaxed);
        };
        let (stored, ()) = tokio::join!(instance(&server, &stop), migrate);
        for table in [
            "shop_event",
            "shop_event FINAL",
            "shopify_event",
            "shopify_event FINAL",
        ] {
            let all = format!("SELECT count() FROM DB.{table}");
            assert_eq!(number(&server, &all).await, stored, "{table}");
        }
        // The former build finds its table as it should be.
        server.probe(table()).await.unwrap();
        let report = check(&server, &PIPELINE).await.unwrap();
        assert!(report.fits(), "{report}");
        assert!(
            report.to_string().contains("is another name of a table"),
            "{report}"
        );

        // Carried out once more it changes nothing.
        let again = with("20990101T000001_rename_shop_event.sql", TABLE);
        let again = Pipeline {
            migrations: Vec::leak(
                [
                    next.migrations,
                    &again.migrations[PIPELINE.migrations.len()..],
                ]
                .concat(),
            ),
            ..next
        };
        apply(&server, &again).await.unwrap();
        store(&server, "last", "last").await.unwrap();
        assert_eq!(
            number(&server, "SELECT count() FROM DB.shop_event").await,
            stored + 1
        );
        // Columns that come later are there under both names.
        run_there(&server, "ALTER TABLE shop_event ADD COLUMN later String").await;
        assert_eq!(
            number(
                &server,
                "SELECT count() FROM DB.shopify_event WHERE later = ''"
            )
            .await,
            stored + 1
        );
        // The former name goes, and the rows stay.
        run_there(&server, "DROP TABLE IF EXISTS shopify_event").await;
        assert_eq!(
            number(&server, "SELECT count() FROM DB.shop_event").await,
            stored + 1
        );
    })
    .await;
}
