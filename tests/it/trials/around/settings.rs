//! Servers that don't know a setting, because they are older than it is.

use event_grpc::contract::{Migration, Pipeline};
use event_grpc::sink::Store as _;
use event_grpc::sink::clickhouse::migrate;

use super::proxy::{Proxy, Rules};
use crate::clickhouse::support::{PLAIN, in_database, number, plain, run_there};

/// One of these settings is of a future version.
static MIGRATIONS: [Migration; 2] = [
    Migration {
        name: "1_create.sql",
        sql: "CREATE TABLE IF NOT EXISTS `plain` (`id` UInt64, `text` String COMMENT 'SETTINGS of_a_later_version = 2')\n\
              ENGINE = MergeTree\nORDER BY id\nSETTINGS non_replicated_deduplication_window = 1000, of_a_later_version = 1, \
              fsync_after_insert = 1\nCOMMENT 'kept';\n",
    },
    Migration {
        name: "2_set.sql",
        sql: "ALTER TABLE `plain` MODIFY SETTING of_a_later_version = 2;\nALTER TABLE `plain` MODIFY SETTING \
              min_bytes_for_wide_part = 12345, of_a_later_version = 3;\n",
    },
];

static PIPELINE: Pipeline = Pipeline {
    fingerprint: "",
    schemas: "",
    descriptors: &[],
    sources: &[],
    exchanges: &[],
    queues: &[],
    tables: &[&PLAIN],
    requests: &[],
    databases: &[],
    migrations: &MIGRATIONS,
    postgres_migrations: &[],
    migrations_table: "schema_migrations",
    personal: &[],
    unrouted: "",
    retired: event_grpc::contract::Retired::NONE,
};

#[tokio::test]
async fn settings_of_tables_that_a_server_does_not_know_are_left_out() {
    in_database("old_tables", |store| async move {
        assert_eq!(migrate::apply(&store, &PIPELINE).await.unwrap().len(), 2);
        for kept in [
            "non_replicated_deduplication_window = 1000",
            "fsync_after_insert = 1",
            "min_bytes_for_wide_part = 12345",
        ] {
            let sql = format!(
                "SELECT count() FROM system.tables WHERE database = replaceAll('DB', '`', '') AND name = 'plain' \
                 AND position(engine_full, '{kept}') > 0 AND comment = 'kept'"
            );
            assert_eq!(number(&store, &sql).await, 1, "{kept}");
        }
        let report = migrate::check(&store, &PIPELINE).await.unwrap();
        assert!(report.fits(), "{report}");
    })
    .await;
}

/// Answers of ClickHouse 25.8 and 26.7 to settings that they don't know.
const UNKNOWN: Rules = &[
    (
        "distributed_foreground_insert",
        "Code: 115. DB::Exception: Setting distributed_foreground_insert is neither a builtin setting nor started with the \
         prefix 'SQL_' registered for user-defined settings. (UNKNOWN_SETTING)",
    ),
    (
        "optimize_on_insert",
        "Code: 115. DB::Exception: Unknown setting 'optimize_on_insert'. Maybe you meant ['async_insert']. \
         (UNKNOWN_SETTING)",
    ),
];

#[tokio::test]
async fn settings_of_inserts_that_a_server_does_not_know_are_left_out() {
    in_database("old_inserts", |store| async move {
        run_there(&store, PLAIN.ddl).await;
        let proxy = Proxy::start(UNKNOWN).await;
        let old = proxy.store(&store);
        // At once, so that one finds out what the other one has left out already.
        let put = async |id: u64| {
            let token = format!("t{id}");
            old.store_block(&PLAIN, 1, plain(&[(id, "a")]), &token)
                .await
        };
        let (a, b, c) = tokio::join!(put(1), put(2), put(3));
        for stored in [a, b, c] {
            stored.unwrap();
        }
        // Known settings are still sent: the same token stores nothing twice.
        put(1).await.unwrap();
        old.probe(&PLAIN).await.unwrap();
        assert_eq!(number(&store, "SELECT count() FROM DB.plain").await, 3);
    })
    .await;
}
