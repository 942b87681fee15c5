//! Stored rows come back, once.

use event_grpc::contract::{Append, Layout, Storage, Table};
use event_grpc::sink::Store as _;
use event_grpc::sink::clickhouse::{Address, ClickHouse};

use super::support::{
    PLAIN, address, block, column, in_database, no_rows, number, plain, run_there, text,
};

static RICH: Table = Table {
    name: "rich `\\' table",
    storage: Storage::ClickHouse(None),
    columns: &[
        column("at", "DateTime64(3, 'UTC')", Layout::Fixed(8)),
        column(
            "kind",
            "LowCardinality(String)",
            Layout::Dictionary { nullable: false },
        ),
        column(
            "maybe",
            "Nullable(Int32)",
            Layout::Nullable(&Layout::Fixed(4)),
        ),
        column("params", "JSON", Layout::Json),
    ],
    append: Append::Json(no_rows),
    ddl: "CREATE TABLE IF NOT EXISTS `rich \\`\\\\' table` (`at` DateTime64(3, 'UTC'), `kind` \
          LowCardinality(String), `maybe` Nullable(Int32), `params` JSON) ENGINE = MergeTree ORDER BY at",
};

#[tokio::test]
async fn columns_of_every_layout_come_back() {
    in_database("layouts", |store| async move {
        run_there(&store, RICH.ddl).await;
        let word = |n: u64| n.to_le_bytes().to_vec();
        let at = [1_767_323_045_678_u64, 1].iter().flat_map(|n| n.to_le_bytes());
        let kind = [
            word(1),
            word(0x600),
            word(2),
            text(""),
            text("it's"),
            word(2),
            vec![1, 0],
        ];
        let maybe = [vec![0, 1], 7_i32.to_le_bytes().to_vec(), vec![0; 4]];
        let params = [
            word(3),
            vec![1],
            text("a.b"),
            word(3),
            vec![1],
            text("Int64"),
            vec![0, 1],
            word(5),
        ];
        let body = block(
            2,
            &[
                ("at", "DateTime64(3, 'UTC')", at.collect()),
                ("kind", "LowCardinality(String)", kind.concat()),
                ("maybe", "Nullable(Int32)", maybe.concat()),
                ("params", "JSON", params.concat()),
            ],
        );
        store.probe(&RICH).await.unwrap();
        store.store_block(&RICH, 2, body, "batch-1").await.unwrap();
        let name = event_grpc::sink::clickhouse::quote::table(store.address().database(), RICH.name);
        let rows = store
            .rows::<(String, String, Option<i32>, String)>(&format!(
                "SELECT toString(at), toString(kind), maybe, toJSONString(params) FROM {name} ORDER BY at DESC"
            ))
            .await
            .unwrap();
        let row = |at: &str, kind: &str, maybe, params: &str| {
            (at.to_owned(), kind.to_owned(), maybe, params.to_owned())
        };
        assert_eq!(
            rows,
            [
                row("2026-01-02 03:04:05.678", "it's", Some(7), r#"{"a":{"b":5}}"#),
                row("1970-01-01 00:00:00.001", "", None, "{}"),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn the_same_token_is_stored_once() {
    in_database("token", |store| async move {
        run_there(&store, PLAIN.ddl).await;
        let body = plain(&[(1, "a"), (2, "b")]);
        store
            .store_block(&PLAIN, 2, body.clone(), "t/1")
            .await
            .unwrap();
        store
            .store_block(&PLAIN, 2, body.clone(), "t/1")
            .await
            .unwrap();
        assert_eq!(number(&store, "SELECT count() FROM DB.plain").await, 2);
        store.store_block(&PLAIN, 2, body, "t/2").await.unwrap();
        assert_eq!(number(&store, "SELECT count() FROM DB.plain").await, 4);
    })
    .await;
}

#[tokio::test]
async fn one_insert_makes_one_part_in_each_of_many_partitions() {
    in_database("partitions", |store| async move {
        run_there(
            &store,
            "CREATE TABLE plain (id UInt64, text String) ENGINE = MergeTree PARTITION BY id % 150 ORDER BY id \
             SETTINGS non_replicated_deduplication_window = 1000",
        )
        .await;
        let rows: Vec<_> = (0..1500).map(|id| (id, "x")).collect();
        for _ in 0..2 {
            store.store_block(&PLAIN, 1500, plain(&rows), "old").await.unwrap();
        }
        assert_eq!(number(&store, "SELECT count() FROM DB.plain").await, 1500);
        let parts = "SELECT count() FROM system.parts WHERE active AND database = replaceAll('DB', '`', '')";
        assert_eq!(number(&store, parts).await, 150);
    })
    .await;
}

#[tokio::test]
async fn a_block_larger_than_the_servers_own_is_not_cut() {
    in_database("large", |store| async move {
        run_there(&store, PLAIN.ddl).await;
        let rows: Vec<_> = (0..1_200_000).map(|id| (id, "")).collect();
        store
            .store_block(&PLAIN, rows.len(), plain(&rows), "l")
            .await
            .unwrap();
        let parts = "SELECT count() FROM system.parts WHERE database = replaceAll('DB', '`', '')";
        assert_eq!(number(&store, parts).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_server_elsewhere_gets_compressed_bodies() {
    in_database("lz4", |store| async move {
        run_there(&store, PLAIN.ddl).await;
        // To this machine, but not by an address that says so.
        let url = format!("http://0.0.0.0:{}/", port(&address()));
        let far = Address::parse(&url)
            .unwrap()
            .with_database(store.address().database());
        assert!(!far.is_loopback());
        let far = ClickHouse::new(far).unwrap();
        let long = "compressible ".repeat(20_000);
        let rows: Vec<_> = (0..20).map(|id| (id, long.as_str())).collect();
        far.probe(&PLAIN).await.unwrap();
        for _ in 0..2 {
            far.store_block(&PLAIN, rows.len(), plain(&rows), "far")
                .await
                .unwrap();
        }
        let whole = format!(
            "SELECT count() FROM DB.plain WHERE length(text) = {}",
            long.len()
        );
        assert_eq!(number(&store, &whole).await, 20);
    })
    .await;
}

#[tokio::test]
async fn a_probe_stores_nothing_and_no_rows_are_no_insert() {
    in_database("probe", |store| async move {
        run_there(&store, PLAIN.ddl).await;
        store.probe(&PLAIN).await.unwrap();
        store
            .store_block(&PLAIN, 0, plain(&[]), "none")
            .await
            .unwrap();
        assert_eq!(number(&store, "SELECT count() FROM DB.plain").await, 0);
        // A newer instance may have added columns.
        run_there(&store, "ALTER TABLE plain ADD COLUMN later String").await;
        store.probe(&PLAIN).await.unwrap();
        store
            .store_block(&PLAIN, 1, plain(&[(1, "a")]), "p")
            .await
            .unwrap();
        assert_eq!(number(&store, "SELECT count() FROM DB.plain").await, 1);
    })
    .await;
}

fn port(address: &Address) -> String {
    let shown = address.to_string();
    let end = shown.find("/ (").expect("a URL that ends with a slash");
    let start = shown[..end].rfind(':').expect("a port") + 1;
    shown[start..end].to_owned()
}
