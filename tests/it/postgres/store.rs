//! Stored rows, and deduplication.

use event_grpc::contract::json::members;
use event_grpc::contract::{Append, Block, Conflict, Layout, Storage, Table, Upsert};
use event_grpc::sink::Store as _;
use event_grpc::sink::postgres::hook::Hooks;

use super::support::{
    KEEP, REPLACE, column, in_database, no_rows, plain, put, put_at_last, rows, text,
};

static RICH: Table = Table {
    name: "rich \"quoted\"",
    storage: Storage::Postgres(&Upsert {
        unique: &[0, 1],
        conflict: Conflict::Keep,
        hook: None,
        hook_columns: &[("filled", "jsonb")],
    }),
    columns: &[
        column("a text", "text", Layout::Text),
        column("order", "integer", Layout::Fixed(4)),
        column("wide", "bigint", Layout::Fixed(8)),
        column("unsigned", "bigint", Layout::Fixed(4)),
        column("largest", "numeric(20,0)", Layout::Fixed(8)),
        column("yes", "boolean", Layout::Fixed(1)),
        column("small", "real", Layout::Fixed(4)),
        column("real", "double precision", Layout::Fixed(8)),
        column("json", "jsonb", Layout::Text),
        column("second", "timestamp(0) with time zone", Layout::Fixed(4)),
        column("milli", "timestamp(3) with time zone", Layout::Fixed(8)),
        column(
            "micro",
            "timestamp with time zone",
            Layout::Nullable(&Layout::Fixed(8)),
        ),
        column("maybe", "text", Layout::Nullable(&Layout::Text)),
    ],
    append: Append::Json(no_rows),
    ddl: r#"CREATE TABLE "rich ""quoted""" (
        "a text" text, "order" integer, "wide" bigint, "unsigned" bigint, "largest" numeric(20,0), "yes" boolean,
        "small" real, "real" double precision, "json" jsonb, "second" timestamptz(0), "milli" timestamptz(3),
        "micro" timestamptz, "maybe" text, "filled" jsonb, PRIMARY KEY ("a text", "order"))"#,
};

fn rich() -> Block {
    let mut block = Block::new(&RICH);
    for row in 0..2 {
        let [
            a,
            order,
            wide,
            unsigned,
            largest,
            yes,
            small,
            real,
            json,
            second,
            milli,
            micro,
            maybe,
        ] = block.columns().unwrap();
        a.text("it's \"text\" \\ é").unwrap();
        order.i32(i32::MIN + row).unwrap();
        wide.i64(i64::MIN).unwrap();
        unsigned.u32(u32::MAX).unwrap();
        largest.u64(u64::MAX).unwrap();
        yes.bool(row == 0).unwrap();
        small.f32(0.5).unwrap();
        real.f64(f64::NEG_INFINITY).unwrap();
        let object = serde_json::json!({"a": [1, null, {"b.c": {}}]});
        let object = members(object.as_object().unwrap().clone());
        json.json_object(&object).unwrap();
        second.u32(1_760_000_000).unwrap();
        milli.i64(-1).unwrap();
        match row {
            0 => {
                micro.i64(1_760_000_000_123_456).unwrap();
                maybe.text("").unwrap();
            }
            _ => {
                micro.null().unwrap();
                maybe.null().unwrap();
            }
        }
        block.grew(1);
    }
    block
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_arrives_as_it_was_sent() {
    in_database("types", async |database| {
        let (store, client) = (database.store(Hooks::default()), database.client().await);
        client.batch_execute(RICH.ddl).await.unwrap();
        client.batch_execute("SET timezone = 'UTC'").await.unwrap();
        store.probe(&RICH).await.unwrap();
        put(&store, &rich()).await.unwrap();
        let sql = r#"SELECT string_agg(t::text, ' ' ORDER BY t."order") FROM "rich ""quoted""" t"#;
        let common = r#""it's ""text"" \\ é""#;
        let numbers = "-9223372036854775808,4294967295,18446744073709551615";
        let json = r#""{""a"": [1, null, {""b.c"": {}}]}""#;
        let times = r#""2025-10-09 08:53:20+00","1969-12-31 23:59:59.999+00""#;
        let expected = format!(
            "({common},-2147483648,{numbers},t,0.5,-Infinity,{json},{times},\"2025-10-09 08:53:20.123456+00\",\"\",) \
             ({common},-2147483647,{numbers},f,0.5,-Infinity,{json},{times},,,)"
        );
        assert_eq!(text(&client, sql).await, expected);
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_rows_with_one_key_the_right_one_stays() {
    in_database("upsert", async |database| {
        let (store, client) = (database.store(Hooks::default()), database.client().await);
        client.batch_execute(KEEP.ddl).await.unwrap();
        let row = |id, version, text: &str| (id, version, text.to_owned());

        // The first stays, within a batch and after it.
        let batch = [(2, 1, "first"), (1, 5, "only"), (2, 9, "second")];
        put(&store, &plain(&KEEP, &batch)).await.unwrap();
        put(&store, &plain(&KEEP, &[(2, 99, "later")]))
            .await
            .unwrap();
        assert_eq!(rows(&client).await, [row(1, 5, "only"), row(2, 1, "first")]);

        // The greatest version stays, whenever it comes.
        let batch = [
            (2, 3, "three"),
            (2, 7, "seven"),
            (2, 5, "five"),
            (3, -1, "new"),
        ];
        put(&store, &plain(&REPLACE, &batch)).await.unwrap();
        put(
            &store,
            &plain(&REPLACE, &[(2, 6, "older"), (3, -2, "older")]),
        )
        .await
        .unwrap();
        put(&store, &plain(&REPLACE, &[(2, 7, "as old")]))
            .await
            .unwrap();
        let expected = [row(1, 5, "only"), row(2, 7, "seven"), row(3, -1, "new")];
        assert_eq!(rows(&client).await, expected);

        put(&store, &plain(&KEEP, &[])).await.unwrap();
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_store_the_same_keys_at_once_agree() {
    in_database("at_once", async |database| {
        let client = database.client().await;
        client.batch_execute(REPLACE.ddl).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for instance in 0..8_i64 {
            let store = database.store(Hooks::default());
            tasks.spawn(async move {
                for round in 0..20_i64 {
                    // Each in another order, with every key twice.
                    let keys = (0..50).chain(0..50).map(|n| (n * 7 + instance * 13) % 50);
                    let version = round * 8 + instance;
                    let batch: Vec<_> = keys.map(|key| (key, version, "x")).collect();
                    put_at_last(&store, &plain(&REPLACE, &batch)).await;
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        let found = rows(&client).await;
        let expected: Vec<_> = (0..50)
            .map(|key| (key, 19 * 8 + 7, "x".to_owned()))
            .collect();
        assert_eq!(found, expected);
        database
    })
    .await;
}
