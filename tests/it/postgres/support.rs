//! A database for each test, and blocks of a table of plain columns.

use std::env;
use std::future::Future;

use event_grpc::app::Config;
use event_grpc::broker::{HeaderValue, Outgoing, Properties};
use event_grpc::contract::{
    Append, Block, ColumnSpec, Conflict, Context, Layout, Message, RowError, Storage, Table, Upsert,
};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::{self, ClickHouse};
use event_grpc::sink::postgres::hook::Hooks;
use event_grpc::sink::postgres::{Address, Postgres, migrate};
use event_grpc::sink::{Rows, Store as _, StoreError};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::app::support::{Instance, config, started};

fn url() -> String {
    env::var("EVENT_GRPC_TEST_POSTGRES_URL")
        .expect("EVENT_GRPC_TEST_POSTGRES_URL is not set; run the tests with `cargo xtask test`")
}

/// A database of a test's own.
pub(crate) struct Database {
    /// Its name.
    pub(crate) name: String,
    /// Client that creates and drops the database, and ends its connections.
    pub(crate) admin: Client,
}

impl Database {
    /// Address of the database.
    pub(crate) fn address(&self) -> Address {
        Address::parse(&url()).unwrap().with_database(&self.name)
    }

    /// Its URL, for another process.
    pub(crate) fn url(&self) -> String {
        let url = url();
        let (place, query) = url.split_once('?').unwrap_or((&url, ""));
        let (server, _) = place.rsplit_once('/').unwrap();
        format!("{server}/{}?{query}", self.name)
    }

    /// A store that has nothing open yet.
    pub(crate) fn store(&self, hooks: Hooks) -> Postgres {
        Postgres::new(self.address(), hooks).unwrap()
    }

    /// A connection that no test counts among the store's.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.name).await
    }

    /// Ends the store's connections; how many there were.
    pub(crate) async fn kill(&self) -> u64 {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = $1 AND application_name = 'event-grpc'";
        self.admin.execute(sql, &[&self.name]).await.unwrap()
    }

    /// Ends one of the store's connections, whichever.
    pub(crate) async fn kill_one(&self) -> u64 {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = $1 AND application_name = 'event-grpc' ORDER BY random() LIMIT 1";
        self.admin.execute(sql, &[&self.name]).await.unwrap()
    }
}

async fn connect(database: &str) -> Client {
    let mut config: tokio_postgres::Config = url().parse().unwrap();
    config.dbname(database).application_name("test");
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Runs a test with an empty database of its own.
pub(crate) async fn in_database<F: Future<Output = Database>>(
    name: &str,
    test: impl FnOnce(Database) -> F,
) {
    let name = format!("it_{name}_{}", Uuid::now_v7().simple());
    let admin = connect("postgres").await;
    let create = format!("CREATE DATABASE {name}");
    admin.batch_execute(&create).await.unwrap();
    let database = test(Database { name, admin }).await;
    // A test that fails leaves its database behind, to be looked at.
    let drop = format!("DROP DATABASE {} WITH (FORCE)", database.name);
    database.admin.batch_execute(&drop).await.unwrap();
}

/// The one text that a query answers with.
pub(crate) async fn text(client: &Client, sql: &str) -> String {
    let row = client.query_one(sql, &[]).await.expect(sql);
    row.get::<_, Option<String>>(0).unwrap_or_default()
}

/// The one number that a query answers with.
pub(crate) async fn number(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.expect(sql).get(0)
}

/// A column, in short.
pub(crate) const fn column(name: &'static str, ty: &'static str, layout: Layout) -> ColumnSpec {
    ColumnSpec::new(name, ty, layout)
}

/// These tests fill their blocks themselves.
pub(crate) fn no_rows(_: &mut Block, _: &Message<'_>, _: &Context) -> Result<(), RowError> {
    Err(RowError::Unexpected("rows"))
}

const COLUMNS: &[ColumnSpec] = &[
    column("id", "bigint", Layout::Fixed(8)),
    column("version", "bigint", Layout::Fixed(8)),
    column("text", "text", Layout::Text),
];
const DDL: &str = "CREATE TABLE IF NOT EXISTS plain (id bigint PRIMARY KEY, version bigint NOT NULL, text text NOT NULL)";

/// Rows of number, version and text, of which the first one stays.
pub(crate) static KEEP: Table = Table {
    name: "plain",
    storage: Storage::Postgres(&Upsert {
        unique: &[0],
        conflict: Conflict::Keep,
        hook: None,
        hook_columns: &[],
    }),
    columns: COLUMNS,
    append: Append::Json(no_rows),
    ddl: DDL,
};

/// Table of which the row with the greatest version stays.
pub(crate) static REPLACE: Table = Table {
    name: "plain",
    storage: Storage::Postgres(&Upsert {
        unique: &[0],
        conflict: Conflict::Replace { version: 1 },
        hook: None,
        hook_columns: &[],
    }),
    columns: COLUMNS,
    append: Append::Json(no_rows),
    ddl: DDL,
};

/// A block of one of these tables.
pub(crate) fn plain(table: &'static Table, rows: &[(i64, i64, &str)]) -> Block {
    let mut block = Block::new(table);
    for (id, version, words) in rows {
        let [a, b, c] = block.columns().unwrap();
        a.i64(*id).unwrap();
        b.i64(*version).unwrap();
        c.text(words).unwrap();
        block.grew(1);
    }
    block
}

/// Stores a block without messages.
pub(crate) async fn put(store: &Postgres, block: &Block) -> Result<(), StoreError> {
    let rows = Rows {
        block,
        messages: &[],
    };
    store.store(rows, "token").await
}

/// Stores a block, again and again while that may help, as a worker does.
pub(crate) async fn put_at_last(store: &Postgres, block: &Block) {
    for _ in 0..1000 {
        match put(store, block).await {
            Ok(()) => return,
            Err(error) if error.fault.may_pass() => tokio::task::yield_now().await,
            Err(error) => panic!("{error:?}"),
        }
    }
    panic!("it never came to an end");
}

/// Rows of the plain table.
pub(crate) async fn rows(client: &Client) -> Vec<(i64, i64, String)> {
    let rows = client
        .query("SELECT id, version, text FROM plain ORDER BY id", &[])
        .await
        .unwrap();
    rows.iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect()
}

/// Runs a test with instances whose brokers are in memory, on one ClickHouse and one PostgreSQL.
pub(crate) async fn with_instances(
    name: &str,
    count: usize,
    test: impl AsyncFnOnce(&[Instance], &ClickHouse, &Database),
) {
    crate::clickhouse::support::in_database(name, async |clickhouse: ClickHouse| {
        in_database(name, async |database| {
            clickhouse::migrate::apply(&clickhouse, &PIPELINE)
                .await
                .unwrap();
            migrate::apply(&database.store(Hooks::default()), &PIPELINE)
                .await
                .unwrap();
            let (mut apps, mut instances) = (Vec::new(), Vec::new());
            for _ in 0..count {
                let config = Config {
                    postgres: Some(database.address()),
                    ..config(&clickhouse)
                };
                let (app, instance) = started(config).await;
                apps.push(app);
                instances.push(instance);
            }
            test(&instances, &clickhouse, &database).await;
            drop(instances);
            for app in apps {
                app.stop().await;
            }
            database
        })
        .await;
    })
    .await;
}

/// A JSON message of another service, with the headers that name a device.
pub(crate) fn message(
    queue: &str,
    body: &serde_json::Value,
    headers: &[(&'static str, &str)],
) -> Outgoing {
    let queue = PIPELINE.queues.iter().find(|q| q.name == queue).unwrap();
    let route = queue.bindings[0];
    let text = |value: &str| HeaderValue::Text(value.to_owned());
    Outgoing::new(route.exchange, route.routing_key, body.to_string()).with(Properties {
        content_type: Some("application/json".into()),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).into(), text(value)))
            .collect(),
        ..Properties::default()
    })
}
