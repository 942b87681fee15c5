//! Rebuild of a table with another sorting key, by the migration that the generator writes for it: under live inserts,
//! interrupted at each step.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use event_grpc::contract::{Migration, Pipeline};
use event_grpc::sink::Fault;
use event_grpc::sink::clickhouse::engine::{Engine, EngineConfig};
use event_grpc::sink::clickhouse::migrate::{MigrateError, Others, apply, apply_named, check};
use event_grpc::sink::clickhouse::{Address, ClickHouse};

use super::support::{in_database, number, run_there};

/// What the generator writes; its tests hold that.
const REBUILD: &str = include_str!("../../../codegen/tests/golden/rebuild.sql");
const NAME: &str = "20261123T221500_rebuild_shopify_event.sql";
const BEFORE: &str = "shopify_event_before_20261123T221500";

const CREATE: Migration = Migration {
    name: "20261123T211500_create_shopify_event.sql",
    sql: "CREATE TABLE IF NOT EXISTS `shopify_event` (`id` String, `event_name` LowCardinality(String), \
          `event_timestamp` DateTime64(3, 'UTC'), `data` JSON, `insert_timestamp` DateTime64(3, 'UTC'), `client` \
          LowCardinality(String))\nENGINE = ReplacingMergeTree(insert_timestamp)\nPARTITION BY \
          toYYYYMM(event_timestamp)\nORDER BY (`event_name`, `event_timestamp`, `id`)\nSETTINGS \
          non_replicated_deduplication_window = 1000;\n",
};

/// Rows, retries and partitions that are there before.
const ROWS: u64 = 3000;
const RETRIES: u64 = 1000;
const PARTITIONS: u64 = 3;

/// The two migrations, of which the second has this text.
fn pipeline(rebuild: &str) -> Pipeline {
    let rebuild = Migration {
        name: NAME,
        sql: rebuild.to_owned().leak(),
    };
    Pipeline {
        fingerprint: "",
        schemas: "",
        descriptors: &[],
        sources: &[],
        exchanges: &[],
        queues: &[],
        tables: &[],
        requests: &[],
        databases: &[],
        migrations: Vec::leak(vec![CREATE, rebuild]),
        postgres_migrations: &[],
        migrations_table: "schema_migrations",
        personal: &[],
        unrouted: "",
        retired: event_grpc::contract::Retired::NONE,
    }
}

/// The migration as it is, but that it waits for inserts no longer than those of a test may take.
fn soon() -> String {
    assert!(REBUILD.contains("-- wait: 65 s\n"));
    REBUILD.replace("-- wait: 65 s\n", "-- wait: 2 s\n")
}

/// Rows with this id; each month of 2026 is a partition.
fn row(id: &str, month: u64, version: u64, client: Option<&str>) -> String {
    let (column, value) = match client {
        Some(client) => (", client", format!(", '{client}'")),
        // An instance of before doesn't know the column.
        None => ("", String::new()),
    };
    format!(
        "INSERT INTO shopify_event (id, event_name, event_timestamp, data, insert_timestamp{column}) VALUES ('{id}', \
         'order', '2026-0{month}-02 00:00:00.000', '{{\"v\":{version}}}', now64(3) + {version}{value})"
    )
}

/// The table with rows in several partitions. Some were sent again and not merged yet, one of them once its client was
/// known.
async fn filled(store: &ClickHouse) {
    let none = pipeline("SELECT 1;\n");
    let first = Pipeline {
        migrations: &none.migrations[..1],
        ..none
    };
    apply(store, &first).await.unwrap();
    run_there(store, "SYSTEM STOP MERGES shopify_event").await;
    for (version, rows) in [(1, ROWS), (2, RETRIES)] {
        run_there(
            store,
            &format!(
                "INSERT INTO shopify_event (id, event_name, event_timestamp, data, insert_timestamp) SELECT \
                 toString(number), 'order', addMonths(toDateTime64('2026-01-02 00:00:00', 3, 'UTC'), number % \
                 {PARTITIONS}), '{{\"v\":{version}}}', toDateTime64('2026-04-01 00:00:00', 3, 'UTC') + {version} FROM \
                 numbers({rows})"
            ),
        )
        .await;
    }
    run_there(store, &row("again", 1, 1, None)).await;
    run_there(store, &row("again", 1, 2, Some("app"))).await;
    run_there(
        store,
        "CREATE VIEW seen AS SELECT count() AS n FROM shopify_event FINAL",
    )
    .await;
}

/// Stores a row as an instance does: what may pass is repeated. An insert that meets the exchange is refused like that.
async fn send(store: &ClickHouse, sql: &str) {
    let database = store.address().database();
    while let Err(error) = store.run(Some(database), sql).await {
        assert_eq!(error.fault, Fault::Transient, "{error}");
    }
}

/// An instance that stores events, and each of them once more a little later. Returns the number of events.
async fn instance(store: &ClickHouse, name: &str, client: Option<&str>, stop: &AtomicBool) -> u64 {
    let mut stored = 0;
    while !stop.load(Ordering::Relaxed) {
        stored += 1;
        let (id, month) = (format!("{name} {stored}"), 1 + stored % PARTITIONS);
        send(store, &row(&id, month, 1, client)).await;
        if let Some(before) = stored.checked_sub(5).filter(|before| *before > 0) {
            let (id, month) = (format!("{name} {before}"), 1 + before % PARTITIONS);
            send(store, &row(&id, month, 2, client)).await;
        }
    }
    stored
}

/// Migrates by `migrate` while an instance of before and one of after store events. Then nothing is lost or doubled.
async fn rebuilt<F: Future<Output = ()>>(store: &ClickHouse, migrate: impl FnOnce() -> F) {
    filled(store).await;
    let stop = AtomicBool::new(false);
    let migrated = async {
        migrate().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.store(true, Ordering::Relaxed);
    };
    let (old, new, ()) = tokio::join!(
        instance(store, "old", None, &stop),
        instance(store, "new", Some("app"), &stop),
        migrated
    );
    assert!(old > 20 && new > 20, "{old} {new}");

    let events = ROWS + 1 + old + new;
    let count = async |sql: &str| number(store, sql).await;
    assert_eq!(
        count("SELECT count() FROM DB.shopify_event FINAL").await,
        events
    );
    assert_eq!(count("SELECT n FROM DB.seen").await, events, "the view");
    assert_eq!(
        count("SELECT uniqExact(id) FROM DB.shopify_event FINAL").await,
        events,
        "one row an event"
    );
    // The latest row of each key is the one that stays.
    assert_eq!(
        count("SELECT countIf(data.v.:Int64 = 2) FROM DB.shopify_event FINAL").await,
        RETRIES + 1 + (old - 5) + (new - 5)
    );
    assert_eq!(
        count("SELECT countIf(client = 'app') FROM DB.shopify_event FINAL WHERE id = 'again'")
            .await,
        1
    );
    // The old table is there, and the new one lacks none of its events.
    let lacks = format!(
        "SELECT count() FROM DB.{BEFORE} FINAL WHERE (id, client) NOT IN (SELECT id, client FROM DB.shopify_event)"
    );
    assert_eq!(count(&lacks).await, 0);
    assert!(count(&format!("SELECT count() FROM DB.{BEFORE} FINAL")).await > ROWS);

    // Whoever knows the id of an event doesn't replace its row, and who sends it again makes no second one.
    for client in ["a", "b", "a"] {
        run_there(store, &row("both", 1, 1, Some(client))).await;
    }
    let both = "SELECT count() FROM DB.shopify_event FINAL WHERE id = 'both'";
    assert_eq!(count(both).await, 2);
    // A row that is sent again from before there were clients, by who is unknown still.
    run_there(store, &row("old 1", 2, 3, None)).await;
    let again = "SELECT count() FROM DB.shopify_event FINAL WHERE id = 'old 1'";
    assert_eq!(count(again).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_rebuilt_under_inserts_with_an_end_after_each_statement() {
    in_database("rebuild_steps", |store| async move {
        rebuilt(&store, || async {
            let text = soon();
            let statements: Vec<&str> = text.split_inclusive(";\n").collect();
            assert_eq!(statements.len(), 9);
            for done in 1..=statements.len() {
                let cut = format!(
                    "{}ALTER TABLE `nowhere` ADD COLUMN `x` Int8;\n",
                    statements[..done].concat()
                );
                let error = apply(&store, &pipeline(&cut)).await.unwrap_err();
                assert!(
                    matches!(error, MigrateError::Statement { number, .. } if number == done + 1),
                    "{error}"
                );
            }
            let whole = pipeline(&text);
            assert_eq!(apply(&store, &whole).await.unwrap(), [NAME]);
            assert!(apply(&store, &whole).await.unwrap().is_empty());
            let copied =
                "SELECT count() FROM DB.schema_migrations FINAL WHERE name LIKE '%.sql: %'";
            assert_eq!(number(&store, copied).await, PARTITIONS, "each once");
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_is_rebuilt_under_inserts_with_ends_at_any_time() {
    in_database("rebuild_kills", |store| async move {
        rebuilt(&store, || async {
            let whole = pipeline(&soon());
            for after in [30, 60, 90, 130, 180, 250, 350, 500, 700, 1000, 1500, 2100] {
                let limit = Duration::from_millis(after);
                // Whoever waits for the answers is gone; what the server is about to do it does.
                drop(tokio::time::timeout(limit, apply(&store, &whole)).await);
            }
            apply(&store, &whole).await.unwrap();
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_migrations_at_the_same_time_lose_and_double_nothing() {
    in_database("rebuild_twice", |store| async move {
        rebuilt(&store, || async {
            let whole = pipeline(&soon());
            // One of them may find that the other was faster, and says so.
            let (a, b) = tokio::join!(apply(&store, &whole), apply(&store, &whole));
            drop((a, b));
            apply(&store, &whole).await.unwrap();
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn what_it_costs_is_told_before_and_changes_nothing() {
    in_database("rebuild_cost", |store| async move {
        filled(&store).await;
        let tables = "SELECT count() FROM system.tables WHERE database = 'DB'"
            .replace("DB", store.address().database());
        let before = number(&store, &tables).await;
        let report = check(&store, &pipeline(REBUILD)).await.unwrap();
        let rows = ROWS + RETRIES + 2;
        assert_eq!(
            report.costs,
            [(
                NAME,
                format!(
                    "copies {rows} rows, 1 MiB on disk, in {PARTITIONS} partitions: INSERT INTO \
                     `shopify_event_after_20261123T221500` SELECT * FROM `shopify_event` FINAL"
                )
            )]
        );
        let told = format!("migration {NAME} {}", report.costs[0].1);
        assert!(report.to_string().contains(&told), "{report}");
        assert_eq!(number(&store, &tables).await, before);
    })
    .await;
}

#[tokio::test]
async fn what_can_not_be_rebuilt_is_refused_before_anything_is_done() {
    for (change, why) in [
        (
            "ALTER TABLE shopify_event MODIFY TTL toDateTime(event_timestamp) + INTERVAL 9 YEAR SETTINGS \
             materialize_ttl_after_modify = 0",
            "a TTL",
        ),
        (
            "CREATE MATERIALIZED VIEW more ENGINE = MergeTree ORDER BY n AS SELECT count() AS n FROM shopify_event",
            "a materialized view",
        ),
    ] {
        in_database("rebuild_refused", |store| async move {
            filled(&store).await;
            run_there(&store, change).await;
            let error = apply(&store, &pipeline(REBUILD))
                .await
                .unwrap_err()
                .to_string();
            assert!(error.contains("statement 1 of"), "{error}");
            assert!(error.contains(why), "{error}");
            let sql = format!(
                "SELECT count() FROM system.tables WHERE database = '{}' AND name LIKE '%_after_%'",
                store.address().database()
            );
            assert_eq!(number(&store, &sql).await, 0);
        })
        .await;
    }
}

/// A new database has the old table first, and then the new one: at once, and with nothing left over.
#[tokio::test]
async fn an_empty_table_is_rebuilt_at_once_and_leaves_nothing_behind() {
    in_database("rebuild_empty", |store| async move {
        let start = Instant::now();
        let whole = pipeline(REBUILD);
        assert_eq!(apply(&store, &whole).await.unwrap(), [CREATE.name, NAME]);
        assert!(start.elapsed() < Duration::from_secs(60), "it waited");
        let sql = format!(
            "SELECT count() FROM system.tables WHERE database = '{}' AND name LIKE 'shopify%'",
            store.address().database()
        );
        assert_eq!(number(&store, &sql).await, 1);
        for client in ["a", "b"] {
            run_there(&store, &row("both", 1, 1, Some(client))).await;
        }
        let both = "SELECT count() FROM DB.shopify_event FINAL";
        assert_eq!(number(&store, both).await, 2);
    })
    .await;
}

/// The account of the server in the embedded engine has the rights, and nobody else writes there.
#[tokio::test]
async fn an_embedded_table_is_rebuilt_without_waiting() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(&EngineConfig {
        executable: Some(env!("CARGO_BIN_EXE_event-grpc").into()),
        quiet: true,
        ..EngineConfig::new(directory.path())
    })
    .await
    .unwrap();
    let (user, password) = (engine.user(), engine.password());
    let url = engine
        .url()
        .replace("://", &format!("://{user}:{password}@"));
    let address = Address::parse(&url)
        .unwrap()
        .with_database("shop".to_owned());
    let store = ClickHouse::new(address).unwrap();
    let whole = pipeline(REBUILD);
    let first = Pipeline {
        migrations: &whole.migrations[..1],
        ..pipeline(REBUILD)
    };
    apply(&store, &first).await.unwrap();
    for (client, month) in [("a", 1), ("b", 1), ("a", 2)] {
        run_there(&store, &row("one", month, 1, Some(client))).await;
    }
    let start = Instant::now();
    apply_named(&store, &whole, Others::None, &[])
        .await
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(60), "it waited");
    let rows = "SELECT count() FROM DB.shopify_event FINAL";
    assert_eq!(number(&store, rows).await, 2, "what FINAL showed before");
    let kept = format!("SELECT count() FROM DB.{BEFORE} FINAL");
    assert_eq!(number(&store, &kept).await, 2);
    engine.stop().await.unwrap();
}
