//! A ClickHouse cluster whose shards are embedded engines: rows are on the shard that ClickHouse says, a shard that is
//! down holds back its own rows and no others, and tables are divided and get more shards under a migration.
//!
//! The engine has no Keeper, so that nothing here is replicated, unless EVENT_GRPC_TEST_CLICKHOUSE_CLUSTER names a real
//! cluster (tests/cluster/compose.yaml).

pub(crate) mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use event_grpc::app::{App, Config};
use event_grpc::contract::{
    Append, Block, Cluster, Ddl, Layout, Migration, Sharding, Storage, Table,
};
use event_grpc::sink::clickhouse::migrate::{Others, apply_named, check};
use event_grpc::sink::clickhouse::{Address, ClickHouse, Cluster as Spread, migrate, quote};

use crate::app::support::eventually;
use crate::clickhouse::support::{column, no_rows, number, run, run_there};
use crate::clusters::{config, send_event, until_ready_says};
use crate::kinds::{divided, small};
use crate::support::topology::Vhost;
use support::{NAME, Shards, pipeline};

const EVENTS: &str = "SELECT count() FROM DB.event FINAL";

/// A move copies some rows twice, which are one as soon as parts are merged.
const DISTINCT: &str = "SELECT uniqExact(event_id) FROM DB.event_local";

/// Rows of one shard that aren't its own.
fn strays(shard: usize, shards: usize) -> String {
    format!("SELECT count() FROM DB.event_local WHERE xxHash64(event_id) % {shards} != {shard}")
}

fn app_on(store: &ClickHouse, vhost: &Vhost, directory: &Path) -> Config {
    Config {
        amqp_url: Some(vhost.url()),
        ..config(Some(store), BTreeMap::new(), directory)
    }
}

async fn send_all(http: &str, numbers: std::ops::Range<usize>) {
    for number in numbers {
        assert_eq!(send_event(http, number).await, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_is_on_the_shard_that_clickhouse_says_and_a_shard_that_is_down_holds_back_its_own_only()
 {
    let vhost = Vhost::create();
    let mut shards = Shards::start(2, 2).await;
    let cluster = shards.cluster(2);
    migrate::apply(&cluster, &divided::PIPELINE).await.unwrap();
    let report = check(&cluster, &divided::PIPELINE).await.unwrap();
    assert!(report.fits(), "{report}");
    let directory = tempfile::tempdir().unwrap();
    let app = App::start(
        app_on(&cluster, &vhost, directory.path()),
        &divided::PIPELINE,
    )
    .await
    .unwrap();
    let http = format!("http://{}", app.http_address());
    let ops = format!("http://{}", app.ops_address());

    // Each is sent twice, and is one row.
    send_all(&http, 0..200).await;
    send_all(&http, 0..200).await;
    eventually(&cluster, EVENTS, 200).await;
    for shard in 0..2 {
        assert_eq!(number(&shards.store(shard), &strays(shard, 2)).await, 0);
        assert!(number(&shards.store(shard), "SELECT count() FROM DB.event_local").await > 50);
    }
    until_ready_says(&ops, |report| {
        report["tables"]["event/2"] == "fits" && report["clickhouse"]["event-store/2"] == "up"
    })
    .await;

    let first = shards.store(0);
    let of_first = "SELECT uniqExact(event_id) FROM DB.event_local";
    shards.kill(1);
    send_all(&http, 200..400).await;
    let ids = (0..400)
        .map(|id| format!("'e-{id}'"))
        .collect::<Vec<_>>()
        .join(",");
    let its = format!(
        "SELECT toUInt64(countIf(xxHash64(id) % 2 = 0)) FROM (SELECT arrayJoin([{ids}]) AS id)"
    );
    let its = number(&first, &its).await;
    eventually(&first, of_first, its).await;
    until_ready_says(&ops, |report| {
        report["tables"]["event/2"]["paused"].is_string()
            && report["clickhouse"]["event-store/2"]["down"].is_string()
            && report["tables"]["event/1"] == "fits"
            && report["ready"] == true
    })
    .await;
    // What is sent now reaches the other shard at once.
    send_all(&http, 400..420).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(number(&first, of_first).await > its);

    shards.run(1).await;
    eventually(&cluster, EVENTS, 420).await;
    for shard in 0..2 {
        assert_eq!(number(&shards.store(shard), &strays(shard, 2)).await, 0);
    }
    assert_eq!(number(&cluster, "SELECT count() FROM DB.error").await, 0);
    until_ready_says(&ops, |report| report["tables"]["event/2"] == "fits").await;
    app.stop().await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_one_server_is_divided_and_gets_more_shards() {
    let mut shards = Shards::start(3, 2).await;
    let old = shards.store(0);
    migrate::apply(&old, &small::PIPELINE).await.unwrap();
    run_there(
        &old,
        "INSERT INTO event (event_id, type, insert_timestamp) SELECT toString(number), 'a', now64(3) FROM numbers(1000)",
    )
    .await;

    // Two at the same time: one waits for the other and finds nothing to do.
    let create = small::PIPELINE.migrations;
    let divide = Migration {
        name: "20261123T221500_rebuild_event_and_2_more.sql",
        sql: include_str!("../../codegen/tests/golden/cluster/divide_plain.sql"),
    };
    let grow = Migration {
        name: "20261123T231500_rebuild_event_and_2_more.sql",
        sql: include_str!("../../codegen/tests/golden/cluster/grow_plain.sql"),
    };
    let migrations: &'static [Migration] = [create, &[divide]].concat().leak();
    let two = pipeline(2, false, migrations);
    let cluster = shards.cluster(2);
    let (one, other) = tokio::join!(
        apply_named(&cluster, two, Others::None, &[]),
        apply_named(&cluster, two, Others::None, &[])
    );
    let applied = [one.unwrap(), other.unwrap()].concat();
    assert_eq!(applied, [divide.name]);
    assert_eq!(number(&cluster, EVENTS).await, 1000);
    let parts = async |of: usize| {
        let mut rows = Vec::new();
        for shard in 0..of {
            assert_eq!(number(&shards.store(shard), &strays(shard, of)).await, 0);
            rows.push(number(&shards.store(shard), DISTINCT).await);
        }
        rows
    };
    let rows = parts(2).await;
    assert!(rows.iter().all(|rows| *rows > 300), "{rows:?}");
    let before = "SELECT count() FROM DB.event_before_20261123T221500";
    assert_eq!(number(&old, before).await, 1000);
    let report = check(&cluster, two).await.unwrap();
    assert!(report.fits(), "{report}");
    // Instances of the former build insert into what is a Distributed table now.
    assert_eq!(number(&shards.store(1), EVENTS).await, 1000);

    shards.become_shards(3).await;
    let former = Spread::of(&shards.cluster(3), two).unwrap();
    let table = two
        .tables
        .iter()
        .find(|table| table.name == "event")
        .unwrap();
    let error = former.stores()[0].probe(table).await.unwrap_err();
    assert!(error.message.contains("has 3 shards"), "{error}");
    let migrations: &'static [Migration] = [create, &[divide, grow]].concat().leak();
    let three = pipeline(3, false, migrations);
    let cluster = shards.cluster(3);
    let applied = apply_named(&cluster, three, Others::None, &[])
        .await
        .unwrap();
    assert_eq!(applied, [grow.name]);
    let parts = async |of: usize| {
        let mut rows = Vec::new();
        for shard in 0..of {
            assert_eq!(number(&shards.store(shard), &strays(shard, of)).await, 0);
            rows.push(number(&shards.store(shard), DISTINCT).await);
        }
        rows
    };
    let rows = parts(3).await;
    assert!(rows.iter().all(|rows| *rows > 200), "{rows:?}");
    assert_eq!(rows.iter().sum::<u64>(), 1000, "{rows:?}");
    assert_eq!(number(&cluster, EVENTS).await, 1000);
    let report = check(&cluster, three).await.unwrap();
    assert!(report.fits(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_differs_is_told_and_a_lock_that_was_left_is_taken_over() {
    let shards = Shards::start(2, 2).await;
    let cluster = shards.cluster(2);
    for shard in 0..2 {
        run(&shards.store(shard), "CREATE DATABASE events").await;
    }
    // A migration that ended without a word left this behind.
    let first = shards.store(0);
    run_there(
        &first,
        "CREATE TABLE schema_migrations_lock (at DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY at",
    )
    .await;
    run_there(
        &first,
        "INSERT INTO schema_migrations_lock VALUES (now64(3) - 600)",
    )
    .await;
    migrate::apply(&cluster, &divided::PIPELINE).await.unwrap();
    let left = "SELECT count() FROM system.tables WHERE name LIKE 'schema_migrations_lock%'";
    assert_eq!(number(&first, left).await, 0);

    run_there(
        &shards.store(1),
        "ALTER TABLE event_local DROP COLUMN channel",
    )
    .await;
    let report = check(&cluster, &divided::PIPELINE)
        .await
        .unwrap()
        .to_string();
    assert!(
        report.contains("(shard 2) in its table of the shard: has no column `channel`"),
        "{report}"
    );
    run_there(
        &shards.store(1),
        "ALTER TABLE event_local ADD COLUMN channel String AFTER campaign",
    )
    .await;
    run_there(&first, "ALTER TABLE event DROP COLUMN channel").await;
    let report = check(&cluster, &divided::PIPELINE)
        .await
        .unwrap()
        .to_string();
    assert!(
        report.contains("(shard 1) has no column `channel`"),
        "{report}"
    );

    // A host that lost its tables gets them back as the others have them.
    run_there(&shards.store(1), "DROP TABLE event_local SYNC").await;
    run_there(&shards.store(1), "DROP TABLE event SYNC").await;
    run_there(
        &first,
        "ALTER TABLE event ADD COLUMN channel String AFTER campaign",
    )
    .await;
    assert!(
        migrate::apply(&cluster, &divided::PIPELINE)
            .await
            .unwrap()
            .is_empty()
    );
    let report = check(&cluster, &divided::PIPELINE).await.unwrap();
    assert!(report.fits(), "{report}");
}

#[tokio::test]
async fn rust_and_clickhouse_hash_alike() {
    static KEY: Table = Table {
        name: "hashed",
        storage: Storage::ClickHouse(None),
        columns: &[
            column("n", "Int64", Layout::Fixed(8)),
            column(
                "kind",
                "LowCardinality(String)",
                Layout::Dictionary { nullable: false },
            ),
            column("small", "UInt32", Layout::Fixed(4)),
        ],
        append: Append::Json(no_rows),
        ddl: "",
    };
    let sharding = Sharding {
        database: None,
        cluster: Cluster {
            name: NAME,
            replicated: false,
            quorum: false,
            ddl: Ddl::Hosts,
            shards: &["s/1", "s/2", "s/3", "s/4", "s/5"],
        },
        key: &KEY,
        shards: &["h/1", "h/2", "h/3", "h/4", "h/5"],
    };
    let mut block = Block::new(&KEY);
    let mut rows = Vec::new();
    for row in 0..500_i64 {
        let (n, kind, small) = (
            (row - 250) * 7_919,
            ["", "ä|b", "x"][row as usize % 3],
            row as u32,
        );
        let [a, b, c] = block.columns::<3>().unwrap();
        a.i64(n).unwrap();
        b.text(kind).unwrap();
        c.u32(small).unwrap();
        block.grew(1);
        rows.push(format!("({n}, '{kind}', {small})"));
    }
    let sql = format!(
        "SELECT toUInt8(xxHash64(concat(toString(n), '|', toLowCardinality(kind), '|', toString(small))) % 5) FROM \
         values('n Int64, kind String, small UInt32', {})",
        rows.join(", ")
    );
    let store = ClickHouse::new(crate::clickhouse::support::address()).unwrap();
    let theirs = store.rows::<u8>(&sql).await.unwrap();
    assert_eq!(sharding.shards_of(&block).unwrap(), theirs);
}

#[tokio::test]
async fn the_engine_can_parse_the_statements_of_each_way() {
    let store = ClickHouse::new(crate::clickhouse::support::address()).unwrap();
    let mut parsed = 0;
    for text in [
        include_str!("../../codegen/tests/golden/cluster/hosts.sql"),
        include_str!("../../codegen/tests/golden/cluster/on_cluster.sql"),
        include_str!("../../codegen/tests/golden/cluster/replicated_database.sql"),
        include_str!("../../codegen/tests/golden/cluster/cloud.sql"),
        include_str!("../../codegen/tests/golden/cluster/alter.sql"),
        include_str!("../../codegen/tests/golden/cluster/divide.sql"),
        include_str!("../../codegen/tests/golden/cluster/grow.sql"),
    ] {
        let lines = text.lines().filter(|line| !line.starts_with("--"));
        let text = lines
            .collect::<Vec<_>>()
            .join("\n")
            .replace("{shard:UInt32}", "0");
        for statement in text
            .split(";\n")
            .map(str::trim)
            .filter(|sql| !sql.is_empty())
        {
            let sql = format!(
                "SELECT formatQuery({})",
                quote::text(statement.trim_end_matches(';'))
            );
            store.rows::<String>(&sql).await.expect(statement);
            parsed += 1;
        }
    }
    assert!(parsed > 40, "{parsed}");
}

/// The same over a real cluster of two shards with replicas, if there is one: with Keeper and a quorum.
#[tokio::test(flavor = "multi_thread")]
async fn a_real_cluster_stores_each_event_once() {
    let Ok(url) = std::env::var("EVENT_GRPC_TEST_CLICKHOUSE_CLUSTER") else {
        return;
    };
    let database = format!("it_cluster_{}", uuid::Uuid::now_v7().simple());
    let address = Address::parse(&url)
        .unwrap()
        .with_database(database.clone());
    let cluster = ClickHouse::new(address).unwrap();
    let create = Migration {
        name: "20261123T211500_create_event_and_2_more.sql",
        sql: include_str!("../../codegen/tests/golden/cluster/hosts.sql"),
    };
    let pipeline = pipeline(2, true, vec![create].leak());
    let (one, other) = tokio::join!(
        migrate::apply(&cluster, pipeline),
        migrate::apply(&cluster, pipeline)
    );
    assert_eq!([one.unwrap(), other.unwrap()].concat(), [create.name]);
    let report = check(&cluster, pipeline).await.unwrap();
    assert!(report.fits(), "{report}");
    let vhost = Vhost::create();
    let directory = tempfile::tempdir().unwrap();
    let app = App::start(app_on(&cluster, &vhost, directory.path()), pipeline)
        .await
        .unwrap();
    let http = format!("http://{}", app.http_address());
    send_all(&http, 0..200).await;
    send_all(&http, 0..200).await;
    eventually(&cluster, EVENTS, 200).await;
    let strays = format!(
        "SELECT count() FROM clusterAllReplicas('{NAME}', `{database}`.event_local) WHERE xxHash64(event_id) % 2 != \
         _shard_num - 1"
    );
    assert_eq!(number(&cluster, &strays).await, 0);
    app.stop().await;
    let drop = format!("DROP DATABASE `{database}` ON CLUSTER '{NAME}' SYNC");
    run(&cluster, &drop).await;
    vhost.delete();
}
