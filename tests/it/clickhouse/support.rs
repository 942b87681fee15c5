//! A database for each test, tables by hand and blocks by hand.

use std::env;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use event_grpc::contract::{
    Append, Block, ColumnSpec, Context, Layout, Message, RowError, Storage, Table,
};
use event_grpc::sink::clickhouse::{Address, ClickHouse, quote};
use uuid::Uuid;

/// The server that the tests use.
pub(crate) fn address() -> Address {
    let url = env::var("EVENT_GRPC_TEST_CLICKHOUSE_URL")
        .expect("EVENT_GRPC_TEST_CLICKHOUSE_URL is not set; run the tests with `cargo xtask test`");
    Address::parse(&url).expect("EVENT_GRPC_TEST_CLICKHOUSE_URL")
}

/// A client whose database has a name of its own and doesn't exist yet.
pub(crate) fn nowhere(name: &str) -> ClickHouse {
    let database = format!("it_{name}_{}", Uuid::now_v7().simple());
    ClickHouse::new(address().with_database(database)).unwrap()
}

/// Runs a test in an empty database of its own.
pub(crate) async fn in_database<F: Future<Output = ()>>(
    name: &str,
    test: impl FnOnce(ClickHouse) -> F,
) {
    let store = nowhere(name);
    let database = quote::identifier(store.address().database());
    until_reachable(&store).await;
    run(&store, &format!("CREATE DATABASE {database}")).await;
    test(store.clone()).await;
    // A test that fails leaves its database behind, to be looked at.
    run(&store, &format!("DROP DATABASE {database} SYNC")).await;
}

/// Waits for a server that is being started again, so that it costs the tests that it ended under and not those behind.
async fn until_reachable(store: &ClickHouse) {
    for _ in 0..120 {
        match store.run(None, "SELECT 1").await {
            Err(error) if error.message.contains("can't be reached") => {
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
            _ => return,
        }
    }
}

/// Runs a statement in no database.
pub(crate) async fn run(store: &ClickHouse, sql: &str) {
    store.run(None, sql).await.expect(sql);
}

/// Runs a statement in the test's database.
pub(crate) async fn run_there(store: &ClickHouse, sql: &str) {
    let database = store.address().database().to_owned();
    store.run(Some(&database), sql).await.expect(sql);
}

/// The one number that a query in the test's database answers with; `DB` stands for the database.
pub(crate) async fn number(store: &ClickHouse, sql: &str) -> u64 {
    let database = quote::identifier(store.address().database());
    let sql = sql.replace("DB", &database);
    let rows = store.rows::<u64>(&sql).await.expect(&sql);
    assert_eq!(rows.len(), 1, "{sql}");
    rows[0]
}

/// A table of number and text.
pub(crate) static PLAIN: Table = Table {
    name: "plain",
    storage: Storage::ClickHouse(None),
    columns: &[
        column("id", "UInt64", Layout::Fixed(8)),
        column("text", "String", Layout::Text),
    ],
    append: Append::Json(no_rows),
    ddl: "CREATE TABLE IF NOT EXISTS `plain` (`id` UInt64, `text` String) ENGINE = MergeTree ORDER BY id \
          SETTINGS non_replicated_deduplication_window = 1000",
};

/// A column, in short.
pub(crate) const fn column(name: &'static str, ty: &'static str, layout: Layout) -> ColumnSpec {
    ColumnSpec::new(name, ty, layout)
}

/// These tests write their blocks themselves.
pub(crate) fn no_rows(_: &mut Block, _: &Message<'_>, _: &Context) -> Result<(), RowError> {
    Err(RowError::Unexpected("rows"))
}

/// A Native block of columns of name, type and data.
pub(crate) fn block(rows: usize, columns: &[(&str, &str, Vec<u8>)]) -> Bytes {
    let mut bytes = length(columns.len());
    bytes.extend(length(rows));
    for (name, ty, data) in columns {
        bytes.extend(text(name));
        bytes.extend(text(ty));
        bytes.extend(data);
    }
    Bytes::from(bytes)
}

/// A block of [`PLAIN`].
pub(crate) fn plain(rows: &[(u64, &str)]) -> Bytes {
    let ids = rows.iter().flat_map(|(id, _)| id.to_le_bytes()).collect();
    let texts = rows.iter().flat_map(|(_, t)| text(t)).collect();
    block(
        rows.len(),
        &[("id", "UInt64", ids), ("text", "String", texts)],
    )
}

/// A length as Native writes it.
pub(crate) fn length(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while length > 0x7f {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes
}

/// A text as Native writes it.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut bytes = length(text.len());
    bytes.extend(text.as_bytes());
    bytes
}
