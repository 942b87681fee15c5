//! Migrations: from nothing, beside others, and over tables that were there.

use event_grpc::contract::{Migration, Pipeline, Table};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::postgres::hook::Hooks;
use event_grpc::sink::postgres::migrate::{MigrateError, adopt, apply, check};

use super::support::{KEEP, in_database, number, text};

const CREATE: Migration = Migration {
    name: "1_create.sql",
    sql: "CREATE TABLE plain (id bigint PRIMARY KEY);\n",
};
const WIDEN: Migration = Migration {
    name: "2_widen.sql",
    sql: "ALTER TABLE plain ADD version bigint NOT NULL;\nALTER TABLE plain ADD text text NOT NULL DEFAULT ';';\n",
};
const EDITED: Migration = Migration {
    name: "1_create.sql",
    sql: "CREATE TABLE other (id bigint);\n",
};
const BROKEN: Migration = Migration {
    name: "3_broken.sql",
    sql: "CREATE TABLE half (id bigint);\nSELECT nonsense;\n",
};

static TABLES: &[&Table] = &[&KEEP];

const fn pipeline(postgres_migrations: &'static [Migration]) -> Pipeline {
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
        migrations: &[],
        postgres_migrations,
        migrations_table: "schema_migrations",
        personal: &[],
        unrouted: "",
        retired: event_grpc::contract::Retired::NONE,
    }
}

static FIRST: Pipeline = pipeline(&[CREATE]);
static NOW: Pipeline = pipeline(&[CREATE, WIDEN]);
static CHANGED: Pipeline = pipeline(&[EDITED, WIDEN]);
static WRONG: Pipeline = pipeline(&[CREATE, WIDEN, BROKEN]);

#[tokio::test(flavor = "multi_thread")]
async fn migrations_apply_once_in_their_order_or_not_at_all() {
    in_database("migrate", async |database| {
        let (store, client) = (database.store(Hooks::default()), database.client().await);
        let report = check(&store, &NOW).await.unwrap();
        assert_eq!(report.pending, ["1_create.sql", "2_widen.sql"]);
        assert!(
            !report.fits() && report.to_string().contains("table plain does not exist"),
            "{report}"
        );

        assert_eq!(apply(&store, &FIRST).await.unwrap(), ["1_create.sql"]);
        let report = check(&store, &NOW).await.unwrap();
        assert!(
            report.to_string().contains("has no column `text`"),
            "{report}"
        );
        assert_eq!(apply(&store, &NOW).await.unwrap(), ["2_widen.sql"]);
        assert_eq!(apply(&store, &NOW).await.unwrap(), [""; 0]);
        assert!(check(&store, &NOW).await.unwrap().fits());

        let report = check(&store, &CHANGED).await.unwrap();
        assert_eq!(report.changed, ["1_create.sql"]);
        let error = apply(&store, &CHANGED).await.unwrap_err();
        assert!(
            matches!(error, MigrateError::Changed("1_create.sql")),
            "{error}"
        );

        let error = apply(&store, &WRONG).await.unwrap_err();
        assert!(
            matches!(
                &error,
                MigrateError::Failed {
                    name: "3_broken.sql",
                    ..
                }
            ),
            "{error}"
        );
        assert_eq!(text(&client, "SELECT to_regclass('half')::text").await, "");
        assert_eq!(
            check(&store, &WRONG).await.unwrap().pending,
            ["3_broken.sql"]
        );
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_may_migrate_at_once() {
    in_database("migrate_at_once", async |database| {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let store = database.store(Hooks::default());
            tasks.spawn(async move { apply(&store, &PIPELINE).await.unwrap().len() });
        }
        let mut applied = 0;
        while let Some(names) = tasks.join_next().await {
            applied += names.unwrap();
        }
        assert_eq!(applied, PIPELINE.postgres_migrations.len());
        let store = database.store(Hooks::default());
        let report = check(&store, &PIPELINE).await.unwrap();
        assert!(report.fits(), "{report}");
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_were_there_are_taken_over_if_they_fit() {
    in_database("adopt", async |database| {
        let (store, client) = (database.store(Hooks::default()), database.client().await);
        client
            .batch_execute("CREATE TABLE plain (id bigint PRIMARY KEY, version bigint)")
            .await
            .unwrap();
        let error = adopt(&store, &NOW).await.unwrap_err();
        assert!(matches!(error, MigrateError::Misfit(_)), "{error}");
        client
            .batch_execute("ALTER TABLE plain ADD text text")
            .await
            .unwrap();
        let adopted = adopt(&store, &NOW).await.unwrap();
        assert_eq!(adopted.taken, ["plain"]);
        assert_eq!(adopted.recorded, ["1_create.sql", "2_widen.sql"]);
        assert!(check(&store, &NOW).await.unwrap().fits());
        let adopted = adopt(&store, &PIPELINE).await.unwrap();
        assert_eq!(adopted.created.len(), 3);
        let indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = 'user_account'";
        assert_eq!(number(&client, indexes).await, 3);
        assert!(check(&store, &PIPELINE).await.unwrap().fits());
        database
    })
    .await;
}
