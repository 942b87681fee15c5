//! The SQL of keys, partitions and engines that the generator's small grammar knows, through a real ClickHouse: what the
//! generator accepts, the server accepts, and what is listed as refused by the server is refused by it.

use event_grpc::sink::clickhouse::ClickHouse;

use super::support::{in_database, run_there};

/// The lines that the generator is held to by `codegen/tests/keys.rs`.
const LINES: &str = include_str!("../../../codegen/tests/sql/keys.txt");

/// The columns of the table of `codegen/tests/sql/pipeline.yaml`.
const COLUMNS: &str = "name LowCardinality(String), at DateTime64(3, 'UTC'), id String, title String, \
     note Nullable(String), number Int64, small Int32, version UInt64, share Float64, flag Bool, details JSON, \
     stored_at DateTime64(3, 'UTC')";

/// What the server says of a statement.
async fn takes(store: &ClickHouse, sql: &str) -> bool {
    let database = store.address().database().to_owned();
    store.run(Some(&database), sql).await.is_ok()
}

#[tokio::test]
async fn the_grammar_of_keys_is_held_to_the_servers_own() {
    in_database("keys", |store| async move {
        let mut wrong = Vec::new();
        let mut asked = 0;
        let lines = LINES.lines();
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut rest = line;
            let mut word = || {
                let (word, behind) = rest.trim_start().split_once(' ').unwrap_or_default();
                rest = behind;
                word
            };
            let (place, verdict, expected) = (word(), word(), word());
            let sql = rest.trim();
            let mut engine = "ReplacingMergeTree(stored_at)";
            let mut partition = String::new();
            let mut key = "name, id".to_owned();
            match place {
                "engine" => engine = sql,
                "partition" => partition = format!("PARTITION BY {sql}"),
                _ => key = format!("name, {sql}, id"),
            }
            let create = format!(
                "CREATE TABLE t ({COLUMNS}) ENGINE = {engine} {partition} ORDER BY ({key})"
            );
            let taken = takes(&store, &create).await;
            if taken {
                run_there(&store, "DROP TABLE t SYNC").await;
            }
            asked += 1;
            if taken != (expected == "ok") {
                wrong.push(format!("{place} {sql}: taken {taken}, expected {expected}"));
            }
            if verdict == "ok" && !taken {
                wrong.push(format!("{place} {sql}: the generator takes it"));
            }
        }
        assert!(asked > 250, "{asked} lines");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}
