//! Indexes by which rows are looked for: they come with a migration, follow their table when a column gets another name and
//! when it is rebuilt, and are used all the time.

use std::time::{Duration, Instant};

use event_grpc::contract::{Migration, Pipeline};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::ClickHouse;
use event_grpc::sink::clickhouse::migrate::apply;

use super::support::{in_database, number, run_there};

/// What the generator writes; its tests hold that.
const ADDED: &str = include_str!("../../../codegen/tests/golden/indexes/added.sql");
const RENAMED: &str = include_str!("../../../codegen/tests/golden/indexes/renamed.sql");
const REBUILT: &str = include_str!("../../../codegen/tests/golden/indexes/rebuilt.sql");
const DROPPED: &str = include_str!("../../../codegen/tests/golden/indexes/dropped.sql");

/// Number of rows, and of granules that a query may read for one of them: FINAL reads those beside them, too.
const ROWS: u64 = 400_000;
const FEW: u64 = 16;

/// Applies the migrations of the pipeline, and these behind them; waits until parts are written anew.
async fn migrated(store: &ClickHouse, more: &[(&'static str, &str)]) {
    let mut migrations = PIPELINE.migrations.to_vec();
    for (name, sql) in more {
        let sql: &'static str = sql.replace("-- wait: 65 s\n", "-- wait: 1 s\n").leak();
        migrations.push(Migration { name, sql });
    }
    let pipeline = Pipeline {
        migrations: migrations.leak(),
        ..PIPELINE
    };
    apply(store, &pipeline).await.unwrap();
    let start = Instant::now();
    let under_way =
        "SELECT count() FROM system.mutations WHERE database = currentDatabase() AND NOT is_done";
    let under_way = under_way.replace(
        "currentDatabase()",
        &format!("'{}'", store.address().database()),
    );
    while number(store, &under_way).await > 0 {
        assert!(start.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Granules that a query for one row reads, and the row is found.
async fn granules(store: &ClickHouse, condition: &str) -> u64 {
    let from = format!("FROM DB.shopify_event FINAL WHERE {condition}");
    assert_eq!(
        number(store, &format!("SELECT count() {from}")).await,
        1,
        "{condition}"
    );
    let database = format!("`{}`", store.address().database());
    let sql = format!("SELECT explain FROM (EXPLAIN indexes = 1 SELECT * {from})")
        .replace("DB", &database);
    let lines: Vec<String> = store.rows(&sql).await.unwrap();
    let last = lines
        .iter()
        .rev()
        .find_map(|line| line.trim().strip_prefix("Granules: "));
    let (read, _) = last
        .unwrap_or_else(|| panic!("{lines:#?}"))
        .split_once('/')
        .unwrap();
    read.parse().unwrap()
}

/// Names of the table's indexes.
async fn names(store: &ClickHouse) -> Vec<String> {
    let sql = format!(
        "SELECT name FROM system.data_skipping_indices WHERE database = '{}' AND table = 'shopify_event' ORDER BY name",
        store.address().database()
    );
    store.rows(&sql).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_made_renamed_rebuilt_and_dropped_with_their_table_and_used_all_the_time() {
    in_database("indexes", |store| async move {
        migrated(&store, &[]).await;
        // In the order of one column, so that the values of the others are in all granules.
        let fill = format!(
            "INSERT INTO shopify_event (id, event_name, event_timestamp, store_url, data, insert_timestamp) SELECT \
             toString(cityHash64(number)), 'order', toDateTime64('2026-01-02 00:00:00', 3, 'UTC') + number, \
             concat('https://', toString(cityHash64(number, 1))), '{{}}', toDateTime64('2026-04-01 00:00:00', 3, 'UTC') \
             FROM numbers({ROWS})"
        );
        run_there(&store, &fill).await;
        run_there(&store, "OPTIMIZE TABLE shopify_event FINAL").await;
        let id = "id = toString(cityHash64(123456))";
        let url = |column: &str| format!("{column} = concat('https://', toString(cityHash64(123456, 1)))");
        let all = granules(&store, id).await;
        assert!(all >= ROWS / 8192 && granules(&store, &url("store_url")).await == all);

        let mut steps = vec![("20990101T000000_alter_shopify_event.sql", ADDED)];
        migrated(&store, &steps).await;
        assert_eq!(names(&store).await, ["find_id", "find_store_url"]);
        assert!(granules(&store, id).await <= FEW && granules(&store, &url("store_url")).await <= FEW);

        steps.push(("20990102T000000_rename_shopify_event.sql", RENAMED));
        migrated(&store, &steps).await;
        assert_eq!(names(&store).await, ["find_id", "find_shop_url"]);
        assert!(granules(&store, id).await <= FEW && granules(&store, &url("shop_url")).await <= FEW);

        steps.push(("20990103T000000_rebuild_shopify_event.sql", REBUILT));
        migrated(&store, &steps).await;
        let key = format!(
            "SELECT count() FROM system.tables WHERE database = '{}' AND name = 'shopify_event' AND sorting_key LIKE '%client%'",
            store.address().database()
        );
        assert_eq!(number(&store, &key).await, 1);
        assert_eq!(number(&store, "SELECT count() FROM DB.shopify_event FINAL").await, ROWS);
        assert_eq!(names(&store).await, ["find_id", "find_shop_url"]);
        run_there(&store, "OPTIMIZE TABLE shopify_event FINAL").await;
        assert!(granules(&store, id).await <= FEW && granules(&store, &url("shop_url")).await <= FEW);

        steps.push(("20990104T000000_alter_shopify_event.sql", DROPPED));
        migrated(&store, &steps).await;
        assert_eq!(names(&store).await, ["find_id"]);
    })
    .await;
}
