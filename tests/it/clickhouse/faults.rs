//! Each kind of failure, provoked for real.

use std::net::TcpListener;
use std::thread;

use event_grpc::contract::{Append, Layout, Storage, Table};
use event_grpc::sink::clickhouse::{Address, ClickHouse};
use event_grpc::sink::{Fault, Store as _, StoreError};

use super::support::{
    PLAIN, address, block, column, in_database, no_rows, nowhere, number, plain, run_there, text,
};

/// Error of storing a block of one row.
async fn stored(store: &ClickHouse) -> StoreError {
    let error = store.store_block(&PLAIN, 1, plain(&[(1, "a")]), "f").await;
    error.expect_err("the block must not be stored")
}

/// Error of a probe.
async fn probed(store: &ClickHouse) -> StoreError {
    let error = store.probe(&PLAIN).await;
    error.expect_err("the probe must not succeed")
}

fn is(error: &StoreError, fault: Fault, code: Option<i32>) {
    assert_eq!((error.fault, error.code), (fault, code), "{error}");
}

#[tokio::test]
async fn no_database_and_no_table() {
    is(
        &stored(&nowhere("gone")).await,
        Fault::Destination,
        Some(81),
    );
    in_database("no_table", |store| async move {
        is(&stored(&store).await, Fault::Destination, Some(60));
        let error = probed(&store).await;
        is(&error, Fault::Destination, None);
        assert!(error.message.contains("`plain` does not exist"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_large_block_gets_its_answer_too() {
    in_database("large_refused", |store| async move {
        let long = "x".repeat(1 << 20);
        let rows: Vec<_> = (0..24).map(|id| (id, long.as_str())).collect();
        let error = store
            .store_block(&PLAIN, 24, plain(&rows), "f")
            .await
            .unwrap_err();
        is(&error, Fault::Destination, Some(60));
    })
    .await;
}

#[tokio::test]
async fn a_table_that_differs() {
    for (ddl, code, told) in [
        (
            "CREATE TABLE plain (id UInt64) ENGINE = MergeTree ORDER BY id",
            16,
            "has no column `text`",
        ),
        (
            "CREATE TABLE plain (id UInt64, text UInt8) ENGINE = MergeTree ORDER BY id",
            53,
            "has column `text` as UInt8 (it should be String)",
        ),
        (
            "CREATE TABLE plain (id UInt64, text Nullable(String)) ENGINE = MergeTree ORDER BY id",
            53,
            "has column `text` as Nullable(String)",
        ),
        (
            "CREATE TABLE plain (id UInt64, text String MATERIALIZED '') ENGINE = MergeTree ORDER BY id",
            44,
            "computes column `text` itself",
        ),
    ] {
        in_database("differs", |store| async move {
            run_there(&store, ddl).await;
            is(&stored(&store).await, Fault::Destination, Some(code));
            let error = probed(&store).await;
            is(&error, Fault::Destination, None);
            assert!(error.message.contains(told), "{error}");
            assert_eq!(number(&store, "SELECT count() FROM DB.plain").await, 0);
        })
        .await;
    }
}

#[tokio::test]
async fn a_read_only_table() {
    in_database("read_only", |store| async move {
        run_there(&store, PLAIN.ddl).await;
        run_there(
            &store,
            "ALTER TABLE plain MODIFY SETTING table_readonly = 1",
        )
        .await;
        is(&stored(&store).await, Fault::Destination, Some(774));
        is(&probed(&store).await, Fault::Destination, Some(774));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password() {
    let wrong = address().with_account(Some(String::from("nobody")), Some(String::from("hush")));
    let store = ClickHouse::new(wrong).unwrap();
    for error in [stored(&store).await, probed(&store).await] {
        is(&error, Fault::Destination, Some(516));
        assert!(!error.message.contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let address = Address::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    let store = ClickHouse::new(address).unwrap();
    let error = stored(&store).await;
    is(&error, Fault::Destination, None);
    assert!(error.message.contains("can't be reached"), "{error}");
    is(&probed(&store).await, Fault::Destination, None);
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_the_outcome_open() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let hanging_up = thread::spawn(move || {
        for _ in 0..2 {
            drop(listener.accept().unwrap());
        }
    });
    let address = Address::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
    let store = ClickHouse::new(address).unwrap();
    is(&stored(&store).await, Fault::Unanswered, None);
    // A probe asks only, so that nothing is open.
    is(&probed(&store).await, Fault::Destination, None);
    hanging_up.join().unwrap();
}

#[tokio::test]
async fn too_many_parts() {
    in_database("parts", |store| async move {
        run_there(
            &store,
            "CREATE TABLE plain (id UInt64, text String) ENGINE = MergeTree ORDER BY id \
             SETTINGS parts_to_throw_insert = 2, parts_to_delay_insert = 1, max_delay_to_insert = 1",
        )
        .await;
        run_there(&store, "SYSTEM STOP MERGES plain").await;
        let mut outcomes = Vec::new();
        for n in 0..4 {
            let token = format!("p/{n}");
            outcomes.push(store.store_block(&PLAIN, 1, plain(&[(n, "a")]), &token).await);
        }
        let error = outcomes.pop().unwrap().unwrap_err();
        is(&error, Fault::Pressure, Some(252));
        is(&probed(&store).await, Fault::Pressure, Some(252));
    })
    .await;
}

static PICKY: Table = Table {
    name: "picky",
    storage: Storage::ClickHouse(None),
    columns: &[column("params", "JSON", Layout::Json)],
    append: Append::Json(no_rows),
    ddl: "CREATE TABLE IF NOT EXISTS `picky` (`params` JSON, CONSTRAINT c CHECK params.a.:Int64 != 13) ENGINE = \
          MergeTree ORDER BY tuple()",
};

#[tokio::test]
async fn data_that_is_refused() {
    in_database("data", |store| async move {
        run_there(&store, PICKY.ddl).await;
        let json = |rows: &[&str]| {
            let texts = rows.iter().flat_map(|row| text(row));
            let data = 1_u64.to_le_bytes().into_iter().chain(texts).collect();
            block(rows.len(), &[("params", "JSON", data)])
        };
        let body = json(&[r#"{"a":1}"#, r#"{"a":"#]);
        let error = store.store_block(&PICKY, 2, body, "d/1").await.unwrap_err();
        is(&error, Fault::Content, Some(117));
        let body = json(&[r#"{"a":1}"#, r#"{"a":13}"#]);
        let error = store.store_block(&PICKY, 2, body, "d/2").await.unwrap_err();
        is(&error, Fault::Content, Some(469));
        let whole = json(&[r#"{"a":1}"#]);
        let error = store
            .store_block(&PICKY, 1, whole.slice(..whole.len() - 1), "d/3")
            .await;
        is(&error.unwrap_err(), Fault::Content, Some(33));
        // All or nothing: what was good in those blocks isn't there either, and no token was used up.
        assert_eq!(number(&store, "SELECT count() FROM DB.picky").await, 0);
        store.store_block(&PICKY, 1, whole, "d/3").await.unwrap();
        assert_eq!(number(&store, "SELECT count() FROM DB.picky").await, 1);
    })
    .await;
}
