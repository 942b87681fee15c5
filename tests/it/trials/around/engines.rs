//! Tables of other engines in the place of those that the pipeline wants: nothing is stored in one that would lose it, or
//! keep it twice.

use event_grpc::contract::{Append, Layout, Pipeline, Storage, Table};
use event_grpc::sink::clickhouse::{Databases, health, migrate};
use event_grpc::sink::health::{TableState, reporter};
use event_grpc::sink::{Fault, Store as _};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

use crate::clickhouse::support::{column, in_database, no_rows, number, plain, run_there};

static ONCE: Table = Table {
    name: "plain",
    storage: Storage::ClickHouse(None),
    columns: &[
        column("id", "UInt64", Layout::Fixed(8)),
        column("text", "String", Layout::Text),
    ],
    append: Append::Json(no_rows),
    ddl: "CREATE TABLE IF NOT EXISTS `plain` (`id` UInt64, `text` String COMMENT 'ENGINE = Memory') \
          ENGINE = ReplacingMergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 1000",
};

static PIPELINE: Pipeline = Pipeline {
    fingerprint: "",
    schemas: "",
    descriptors: &[],
    sources: &[],
    exchanges: &[],
    queues: &[],
    tables: &[&ONCE],
    requests: &[],
    databases: &[],
    migrations: &[],
    postgres_migrations: &[],
    migrations_table: "schema_migrations",
    personal: &[],
    unrouted: "",
    retired: event_grpc::contract::Retired::NONE,
};

/// Replacements of the table, and the reason that is reported.
const OTHERS: [(&str, &str); 9] = [
    (
        "CREATE TABLE plain (id UInt64, text String) ENGINE = Buffer('', 'kept', 1, 10, 100, 10, 100, 1000, 10000)",
        "has the engine Buffer, which acknowledges rows before they are on disk",
    ),
    (
        "CREATE TABLE plain (id UInt64, text String) ENGINE = Null",
        "has the engine Null, which stores nothing",
    ),
    (
        "CREATE TABLE plain (id UInt64, text String) ENGINE = Memory",
        "has the engine Memory, which loses its rows",
    ),
    (
        "CREATE TABLE plain (id UInt64, text String) ENGINE = MergeTree ORDER BY id",
        "has the engine MergeTree, which keeps duplicates (it should be ReplacingMergeTree)",
    ),
    (
        "CREATE TABLE plain (id UInt64, text String) ENGINE = SummingMergeTree ORDER BY id",
        "has the engine SummingMergeTree, which merges rows",
    ),
    (
        "CREATE TABLE plain (id UInt64, text String) ENGINE = StripeLog",
        "has the engine StripeLog, which keeps duplicates",
    ),
    (
        "CREATE VIEW plain AS SELECT id, text FROM kept",
        "has the engine View, which is a view and not a table",
    ),
    (
        "CREATE MATERIALIZED VIEW plain ENGINE = ReplacingMergeTree ORDER BY id AS SELECT id, text FROM kept",
        "has the engine MaterializedView, which is a view and not a table",
    ),
    (
        "CREATE TABLE plain (id UInt64, text String) ENGINE = Join(ANY, LEFT, id)",
        "has the engine Join, which loses its rows",
    ),
];

#[tokio::test]
async fn only_engines_that_keep_the_promise_get_rows() {
    in_database("engines", |store| async move {
        run_there(
            &store,
            "CREATE TABLE kept (id UInt64, text String) ENGINE = ReplacingMergeTree ORDER BY id",
        )
        .await;
        let put = async |token: &str| store.store_block(&ONCE, 1, plain(&[(1, "a")]), token).await;
        for (ddl, said) in OTHERS {
            run_there(&store, ddl).await;
            let report = migrate::check(&store, &PIPELINE).await.unwrap();
            let whole = report.to_string();
            assert!(!report.fits() && whole.contains(said), "{ddl}: {whole}");
            let probed = store.probe(&ONCE).await.unwrap_err();
            assert!(probed.message.contains(said), "{ddl}: {probed}");
            assert_eq!(probed.fault, Fault::Destination);
            // It would take the rows, and is not given any.
            let refused = put("t").await.unwrap_err();
            assert!(refused.message.contains(said), "{ddl}: {refused}");
            assert_eq!(refused.fault, Fault::Destination);
            run_there(&store, "DROP TABLE plain SYNC").await;
        }
        assert_eq!(number(&store, "SELECT count() FROM DB.kept").await, 0);

        // Once the right one is there, asking is enough.
        run_there(&store, ONCE.ddl).await;
        store.probe(&ONCE).await.unwrap();
        put("t").await.unwrap();
        assert_eq!(number(&store, "SELECT count() FROM DB.plain").await, 1);
        assert!(
            migrate::check(&store, &PIPELINE)
                .await
                .unwrap()
                .differences
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn readiness_names_the_engine_and_what_would_be_right() {
    in_database("engine_health", |store| async move {
        run_there(
            &store,
            "CREATE TABLE plain (id UInt64, text String) ENGINE = Null",
        )
        .await;
        let databases = Databases::new(store.clone(), &BTreeMap::new(), &PIPELINE).unwrap();
        let (reporter, _servers, mut states) = reporter();
        let stop = CancellationToken::new();
        let server = health::servers(&databases, &PIPELINE).remove(0);
        let watching = tokio::spawn(health::watch(server, reporter, stop.clone()));
        let said = "has the engine Null, which stores nothing (it should be ReplacingMergeTree)";
        let trouble = |state: &TableState| *state == TableState::Trouble(said.to_owned());
        let seen = states.wait_for(|states| trouble(&states["plain"]));
        tokio::time::timeout(Duration::from_secs(10), seen)
            .await
            .unwrap()
            .unwrap();
        // Readiness has seen it, and keeps rows out.
        let refused = store.store_block(&ONCE, 1, plain(&[(1, "a")]), "t").await;
        assert!(refused.unwrap_err().message.contains(said));
        stop.cancel();
        watching.await.unwrap();
    })
    .await;
}
