//! Migrations against a real server: applied once, compared, taken over.

use std::slice;

use event_grpc::contract::{Append, Layout, Migration, Pipeline, Storage, Table};
use event_grpc::sink::Store as _;
use event_grpc::sink::clickhouse::migrate::{
    MigrateError, Others, adopt, apply, apply_named, check,
};
use event_grpc::sink::clickhouse::{ClickHouse, Report};

use super::support::{column, in_database, no_rows, nowhere, number, run_there};

static SALE: Table = Table {
    name: "sale",
    storage: Storage::ClickHouse(None),
    columns: &[
        column("id", "String", Layout::Text),
        column("at", "DateTime64(3, 'UTC')", Layout::Fixed(8)),
        column("price", "Decimal(18, 2)", Layout::Fixed(8)),
        column("note", "LowCardinality(String)", Layout::Dictionary { nullable: false }),
    ],
    append: Append::Json(no_rows),
    ddl: "CREATE TABLE IF NOT EXISTS `sale` (
  `id` String, `at` DateTime64(3,'UTC'), `price` DECIMAL(18,2), `note` LowCardinality(String) COMMENT 'why; how')
ENGINE = ReplacingMergeTree(at) PARTITION BY toYYYYMM(at) ORDER BY (at, id)
SETTINGS non_replicated_deduplication_window = 1000",
};

static TALLY: Table = Table {
    name: "tally",
    storage: Storage::ClickHouse(None),
    columns: &[column("n", "UInt64", Layout::Fixed(8))],
    append: Append::Json(no_rows),
    ddl: "CREATE TABLE IF NOT EXISTS `tally` (`n` UInt64) ENGINE = MergeTree ORDER BY n",
};

static MIGRATIONS: [Migration; 2] = [
    Migration {
        name: "20260101_000000_sale.sql",
        sql: "-- The first form;\nCREATE TABLE IF NOT EXISTS `sale` (`id` String, `at` DateTime64(3, 'UTC'), `price` \
              Decimal(18, 2)) ENGINE = ReplacingMergeTree(at)\nPARTITION BY toYYYYMM(at) ORDER BY (at, id)\nSETTINGS \
              non_replicated_deduplication_window = 1000;\n",
    },
    Migration {
        name: "20260102_000000_note_and_tally.sql",
        sql: "ALTER TABLE `sale` ADD COLUMN IF NOT EXISTS `note` LowCardinality(String) COMMENT 'a; b';\nCREATE TABLE \
              IF NOT EXISTS `tally` (`n` UInt64) ENGINE = MergeTree ORDER BY n;\n",
    },
];

/// The table of a former release, and its end.
static RETIRED: [Migration; 3] = [
    Migration {
        name: "20260101_old.sql",
        sql: "CREATE TABLE IF NOT EXISTS `old` (`n` UInt64) ENGINE = MergeTree ORDER BY n;\n",
    },
    Migration {
        name: "20260102_drop_old.sql",
        sql: "DROP TABLE IF EXISTS `old`;\n",
    },
    Migration {
        name: "20260103_sale.sql",
        sql: SALE.ddl,
    },
];

/// The first migration after somebody edited it.
static EDITED: [Migration; 1] = [Migration {
    name: "20260101_000000_sale.sql",
    sql: "SELECT 1;\n",
}];

const TABLES: &[&Table] = &[&SALE, &TALLY];

const fn pipeline(migrations: &'static [Migration]) -> Pipeline {
    Pipeline {
        fingerprint: "",
        schemas: "",
        descriptors: &[],
        sources: &[],
        exchanges: &[],
        queues: &[],
        tables: TABLES,
        requests: &[],
        databases: &[],
        migrations,
        postgres_migrations: &[],
        migrations_table: "schema_migrations",
        personal: &[],
        unrouted: "",
        retired: event_grpc::contract::Retired::NONE,
    }
}

static NOW: Pipeline = pipeline(&MIGRATIONS);

async fn clean(store: &ClickHouse) {
    let report = check(store, &NOW).await.unwrap();
    assert_eq!(
        report,
        Report {
            differences: vec![],
            pending: vec![],
            changed: vec![],
            costs: vec![]
        }
    );
    assert!(report.fits());
}

/// The differences of all tables in words.
async fn told(store: &ClickHouse) -> Vec<String> {
    let report = check(store, &NOW).await.unwrap();
    report.differences.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn stored_data_is_dropped_by_name_only_and_nothing_waits_for_it() {
    static PIPELINE: Pipeline = Pipeline {
        tables: &[&SALE],
        ..pipeline(&RETIRED)
    };
    let store = nowhere("drops");
    let applied = apply(&store, &PIPELINE).await.unwrap();
    assert_eq!(applied, ["20260101_old.sql", "20260103_sale.sql"]);
    run_there(&store, "INSERT INTO `old` VALUES (7)").await;
    let report = check(&store, &PIPELINE).await.unwrap();
    assert_eq!(report.pending, ["20260102_drop_old.sql"]);
    // An instance starts and stores.
    assert!(report.fits(), "{report}");

    let other = ["20260102_drop_sale.sql".to_owned()];
    let applied = apply_named(&store, &PIPELINE, Others::MayWrite, &other).await;
    assert!(applied.unwrap().is_empty());
    assert_eq!(number(&store, "SELECT n FROM DB.`old`").await, 7);

    let named = ["20260102_drop_old.sql".to_owned()];
    let applied = apply_named(&store, &PIPELINE, Others::MayWrite, &named).await;
    assert_eq!(applied.unwrap(), named);
    let there = format!(
        "SELECT count() FROM system.tables WHERE database = '{}' AND name = 'old'",
        store.address().database()
    );
    assert_eq!(number(&store, &there).await, 0);
}

#[tokio::test]
async fn applies_each_migration_once() {
    let store = nowhere("apply");
    let report = check(&store, &NOW).await.unwrap();
    assert_eq!(report.pending.len(), 2);
    assert!(
        report.to_string().contains("table sale does not exist"),
        "{report}"
    );

    let first = pipeline(slice::from_ref(&MIGRATIONS[0]));
    assert_eq!(
        apply(&store, &first).await.unwrap(),
        ["20260101_000000_sale.sql"]
    );
    assert!(
        store.probe(&SALE).await.is_err(),
        "the column of the second is missing"
    );
    assert_eq!(
        apply(&store, &NOW).await.unwrap(),
        ["20260102_000000_note_and_tally.sql"]
    );
    assert_eq!(apply(&store, &NOW).await.unwrap(), Vec::<&str>::new());
    clean(&store).await;
    store.probe(&SALE).await.unwrap();
    assert_eq!(
        number(
            &store,
            "SELECT count() FROM DB.schema_migrations WHERE NOT adopted"
        )
        .await,
        2
    );
    // An older build has nothing to say about what came after it.
    assert_eq!(apply(&store, &first).await.unwrap(), Vec::<&str>::new());
    run_there(
        &store,
        &format!("DROP DATABASE {} SYNC", store.address().database()),
    )
    .await;
}

#[tokio::test]
async fn instances_may_migrate_at_the_same_time() {
    in_database("at_once", |store| async move {
        let (a, b, c) = tokio::join!(
            apply(&store, &NOW),
            apply(&store, &NOW),
            apply(&store, &NOW)
        );
        for applied in [a, b, c] {
            applied.unwrap();
        }
        clean(&store).await;
    })
    .await;
}

#[tokio::test]
async fn an_edited_migration_is_refused() {
    in_database("edited", |store| async move {
        apply(&store, &NOW).await.unwrap();
        let edited = pipeline(&EDITED);
        let report = check(&store, &edited).await.unwrap();
        assert_eq!(report.changed, ["20260101_000000_sale.sql"]);
        assert!(!report.fits());
        for error in [
            apply(&store, &edited).await.unwrap_err(),
            adopt(&store, &edited).await.unwrap_err(),
        ] {
            assert!(
                matches!(error, MigrateError::Changed("20260101_000000_sale.sql")),
                "{error}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_fails_is_named_and_can_be_repeated() {
    static BROKEN: [Migration; 1] = [Migration {
        name: "broken.sql",
        sql: "CREATE TABLE IF NOT EXISTS `a` (`n` Int8) ENGINE = Memory;\nALTER TABLE `b` ADD COLUMN `x` Int8;\n",
    }];
    in_database("broken", |store| async move {
        let broken = pipeline(&BROKEN);
        let error = apply(&store, &broken).await.unwrap_err().to_string();
        assert!(
            error.starts_with("statement 2 of migration broken.sql failed: Code: 60."),
            "{error}"
        );
        assert!(
            error.ends_with("ALTER TABLE `b` ADD COLUMN `x` Int8"),
            "{error}"
        );
        assert_eq!(
            check(&store, &broken).await.unwrap().pending,
            ["broken.sql"]
        );
        run_there(&store, "CREATE TABLE `b` (`n` Int8) ENGINE = Memory").await;
        assert_eq!(apply(&store, &broken).await.unwrap(), ["broken.sql"]);
    })
    .await;
}

#[tokio::test]
async fn every_kind_of_difference_is_told() {
    in_database("check", |store| async move {
        run_there(
            &store,
            "CREATE TABLE sale (id String DEFAULT 'x', price Float64, at DateTime64(3, 'UTC'), more String) ENGINE = \
             ReplacingMergeTree PARTITION BY toDate(at) PRIMARY KEY id ORDER BY (id, at) TTL toDateTime(at) + \
             INTERVAL 1 DAY",
        )
        .await;
        assert_eq!(
            told(&store).await,
            [
                "table sale has column `price` as Float64 (it should be Decimal(18, 2))",
                "table sale has no column `note` (it should be LowCardinality(String))",
                "table sale has column `id` with DEFAULT 'x' (it should be no default) (harmless)",
                "table sale has column `more`, which the pipeline doesn't have (harmless)",
                "table sale has its columns in another order (harmless)",
                "table sale has the engine ReplacingMergeTree (it should be ReplacingMergeTree(at))",
                "table sale has the sorting key id, at (it should be at, id)",
                "table sale has the partition key toDate(at) (it should be toYYYYMM(at))",
                "table sale has the TTL toDateTime(at) + toIntervalDay(1) (it should be none)",
                "table sale has the setting non_replicated_deduplication_window not set (ALTER TABLE `sale` MODIFY \
                 SETTING non_replicated_deduplication_window = 1000 fixes it)",
                "table tally does not exist",
            ]
        );
        let left = "SELECT count() FROM system.databases WHERE startsWith(name, concat(replaceAll('DB', '`', ''), '__'))";
        assert_eq!(number(&store, left).await, 0);
    })
    .await;
}

#[tokio::test]
async fn tables_that_fit_are_taken_over() {
    in_database("adopt", |store| async move {
        // Written in other words, with a column more and a setting of the operator's.
        run_there(
            &store,
            "CREATE TABLE sale (id String, at DateTime64(3, 'UTC'), more String, price Decimal64(2), note \
             LowCardinality(String)) ENGINE = ReplacingMergeTree(at) PARTITION BY (toYYYYMM(at)) ORDER BY (at, id) \
             SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 1024",
        )
        .await;
        run_there(&store, "INSERT INTO sale (id, at) VALUES ('a', now64(3))").await;
        let adopted = adopt(&store, &NOW).await.unwrap();
        assert_eq!(adopted.taken, ["sale"]);
        assert_eq!(adopted.created, ["tally"]);
        assert_eq!(adopted.recorded, MIGRATIONS.each_ref().map(|m| m.name));
        let report = check(&store, &NOW).await.unwrap();
        assert!(report.fits(), "{report}");
        assert_eq!(apply(&store, &NOW).await.unwrap(), Vec::<&str>::new());
        assert_eq!(number(&store, "SELECT count() FROM DB.sale").await, 1);
        assert_eq!(
            number(&store, "SELECT count() FROM DB.schema_migrations FINAL WHERE adopted").await,
            2
        );
    })
    .await;
}

#[tokio::test]
async fn tables_that_differ_are_not_taken_over() {
    in_database("misfit", |store| async move {
        run_there(
            &store,
            "CREATE TABLE tally (n Int64) ENGINE = MergeTree ORDER BY n",
        )
        .await;
        let error = adopt(&store, &NOW).await.unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("table tally has column `n` as Int64 (it should be UInt64)"),
            "{error}"
        );
        let tables = "SELECT count() FROM system.tables WHERE database = replaceAll('DB', '`', '')";
        assert_eq!(number(&store, tables).await, 1, "nothing else was made");
    })
    .await;
}
