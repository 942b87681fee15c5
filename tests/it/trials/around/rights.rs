//! Accounts that may use what is there and make nothing, and tables of other tools that are in the way.

use event_grpc::contract::{Migration, Pipeline, Table};
use event_grpc::sink::clickhouse::migrate::{self, MigrateError};
use event_grpc::sink::postgres::hook::Hooks;
use event_grpc::sink::postgres::{Address, Postgres, migrate as of_postgres};

use super::proxy::{Proxy, Rules};
use crate::clickhouse::support::{PLAIN, in_database, nowhere, number, run_there};
use crate::postgres::support::{Database, KEEP, in_database as in_postgres, number as count};

static MIGRATIONS: [Migration; 1] = [Migration {
    name: "1_create.sql",
    sql: "CREATE TABLE IF NOT EXISTS `plain` (`id` UInt64, `text` String) ENGINE = MergeTree ORDER BY id SETTINGS \
          non_replicated_deduplication_window = 1000;\n",
}];

static POSTGRES: [Migration; 1] = [Migration {
    name: "1_create.sql",
    sql: "CREATE TABLE plain (id bigint PRIMARY KEY, version bigint NOT NULL, text text NOT NULL);\n",
}];

static TABLES: &[&Table] = &[&PLAIN];
static TABLES_OF_POSTGRES: &[&Table] = &[&KEEP];

const fn pipeline(migrations_table: &'static str) -> Pipeline {
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
        migrations: &MIGRATIONS,
        postgres_migrations: &POSTGRES,
        migrations_table,
        personal: &[],
        unrouted: "",
        retired: event_grpc::contract::Retired::NONE,
    }
}

static USUAL: Pipeline = pipeline("schema_migrations");
static OWN: Pipeline = pipeline("event_grpc_migrations");

static OF_POSTGRES: Pipeline = Pipeline {
    tables: TABLES_OF_POSTGRES,
    postgres_migrations: &[],
    ..pipeline("schema_migrations")
};

/// An account that may not make databases, nor tables of this name.
const NARROW: Rules = &[
    (
        "CREATE DATABASE",
        "Code: 497. DB::Exception: writer: Not enough privileges. To execute this query, it's necessary to have the grant \
         CREATE DATABASE ON x.*. (ACCESS_DENIED)",
    ),
    (
        "CREATE TABLE IF NOT EXISTS `schema_migrations`",
        "Code: 497. DB::Exception: writer: Not enough privileges. (ACCESS_DENIED)",
    ),
];

#[tokio::test]
async fn a_database_that_is_there_is_not_made() {
    in_database("rights", |store| async move {
        // Another account has created what this one may only use.
        migrate::apply(&store, &USUAL).await.unwrap();
        run_there(&store, "TRUNCATE TABLE schema_migrations").await;
        let proxy = Proxy::start(NARROW).await;
        let narrow = proxy.store(&store);
        assert_eq!(
            migrate::apply(&narrow, &USUAL).await.unwrap(),
            ["1_create.sql"]
        );
        let report = migrate::check(&narrow, &USUAL).await.unwrap();
        assert!(report.fits(), "{report}");
        assert!(
            report.to_string().contains("by its columns only"),
            "{report}"
        );
        // Also without a database to compare in, another engine is seen.
        run_there(&store, "DROP TABLE plain SYNC").await;
        run_there(
            &store,
            "CREATE TABLE plain (id UInt64, text String) ENGINE = Null",
        )
        .await;
        let report = migrate::check(&narrow, &USUAL).await.unwrap();
        assert!(
            !report.fits() && report.to_string().contains("the engine Null"),
            "{report}"
        );

        let missing = proxy.store(&nowhere("rights_missing"));
        let error = migrate::apply(&missing, &USUAL).await.unwrap_err();
        assert!(matches!(error, MigrateError::NoDatabase { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("it_rights_missing_") && text.contains("default"),
            "{text}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_table_of_migrations_can_have_another_name() {
    in_database("book", |store| async move {
        run_there(
            &store,
            "CREATE TABLE schema_migrations (version Int64, dirty UInt8, sequence UInt64) ENGINE = MergeTree ORDER BY version",
        )
        .await;
        for error in [
            migrate::apply(&store, &USUAL).await.unwrap_err(),
            migrate::check(&store, &USUAL).await.unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(matches!(error, MigrateError::Foreign { .. }), "{text}");
            assert!(text.contains("version, dirty, sequence"), "{text}");
            assert!(text.contains("migrations: { table: event_grpc_migrations }"), "{text}");
        }
        assert_eq!(migrate::apply(&store, &OWN).await.unwrap(), ["1_create.sql"]);
        assert!(migrate::apply(&store, &OWN).await.unwrap().is_empty());
        assert!(migrate::check(&store, &OWN).await.unwrap().fits());
        assert_eq!(number(&store, "SELECT count() FROM DB.schema_migrations").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_book_that_is_given_another_name_keeps_its_entries() {
    in_database("book_moves", |store| async move {
        migrate::apply(&store, &USUAL).await.unwrap();
        assert!(migrate::check(&store, &OWN).await.unwrap().fits());
        assert!(migrate::apply(&store, &OWN).await.unwrap().is_empty());
        assert_eq!(
            number(&store, "SELECT count() FROM DB.event_grpc_migrations").await,
            1
        );
    })
    .await;
}

/// A role that may use the tables of a database and make none.
async fn narrow(database: &Database, role: &str) -> Postgres {
    let client = database.client().await;
    let grants = format!(
        "CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO {role}; \
         GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}"
    );
    client.batch_execute(&grants).await.unwrap();
    let url = std::env::var("EVENT_GRPC_TEST_POSTGRES_URL").unwrap();
    let mut url = url::Url::parse(&url).unwrap();
    url.set_username(role).unwrap();
    let address = Address::parse(url.as_str())
        .unwrap()
        .with_database(&database.name);
    Postgres::new(address, Hooks::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_is_asked_for_no_more_than_there_is_to_do() {
    in_postgres("rights", async |database| {
        let store = database.store(Hooks::default());
        of_postgres::apply(&store, &USUAL).await.unwrap();
        let role = format!("narrow_{}", uuid::Uuid::now_v7().simple());
        let narrow = narrow(&database, &role).await;
        assert!(
            of_postgres::apply(&narrow, &USUAL)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(of_postgres::check(&narrow, &USUAL).await.unwrap().fits());
        let client = database.client().await;
        let drop = format!("DROP OWNED BY {role}; DROP ROLE {role}");
        client.batch_execute(&drop).await.unwrap();
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_has_the_book_under_another_name_too() {
    in_postgres("book", async |database| {
        let (store, client) = (database.store(Hooks::default()), database.client().await);
        let theirs = "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean)";
        client.batch_execute(theirs).await.unwrap();
        let error = of_postgres::apply(&store, &USUAL).await.unwrap_err().to_string();
        assert!(error.contains("version, dirty") && error.contains("event_grpc_migrations"), "{error}");
        assert_eq!(of_postgres::apply(&store, &OWN).await.unwrap(), ["1_create.sql"]);
        assert!(of_postgres::check(&store, &OWN).await.unwrap().fits());

        // A book of ours is taken along.
        client
            .batch_execute("DROP TABLE schema_migrations; ALTER TABLE event_grpc_migrations RENAME TO schema_migrations")
            .await
            .unwrap();
        assert!(of_postgres::check(&store, &OWN).await.unwrap().fits());
        assert!(of_postgres::apply(&store, &OWN).await.unwrap().is_empty());
        assert_eq!(count(&client, "SELECT count(*) FROM event_grpc_migrations").await, 1);

        // A table that a crash empties doesn't fit.
        client.batch_execute("DROP TABLE plain; CREATE UNLOGGED TABLE plain (id bigint PRIMARY KEY)").await.unwrap();
        let report = of_postgres::check(&store, &OF_POSTGRES).await.unwrap();
        assert!(report.to_string().contains("SET LOGGED"), "{report}");
        database
    })
    .await;
}
