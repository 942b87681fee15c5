//! A column and a table get other names, by the migrations that the generator writes: what instances of the former build and
//! queries by the former names meet.

use event_grpc::contract::json::members;
use event_grpc::contract::{Append, Block, Context, Message, Migration, Pipeline, Table};
use event_grpc::generated::PIPELINE;
use event_grpc::hooks;
use event_grpc::sink::postgres::{Postgres, migrate};
use event_grpc::sink::{Fault, Rows, Store as _, StoreError};
use serde_json::{Value, json};

use super::support::{in_database, number, text};

/// What the generator writes; its tests hold that.
const COLUMN: Migration = Migration {
    name: "20990101T000000_rename_user_account.sql",
    sql: include_str!("../../../codegen/tests/golden/renamed_postgres_column.sql"),
};
const TABLE: Migration = Migration {
    name: "20990101T000001_rename_referral_launch.sql",
    sql: include_str!("../../../codegen/tests/golden/renamed_postgres_table.sql"),
};

/// The former build with a migration more.
fn with(migration: Migration) -> Pipeline {
    let mut migrations = PIPELINE.postgres_migrations.to_vec();
    migrations.push(migration);
    Pipeline {
        postgres_migrations: migrations.leak(),
        ..PIPELINE
    }
}

fn table(name: &str) -> &'static Table {
    PIPELINE.tables.iter().find(|t| t.name == name).unwrap()
}

/// Stores a message as an instance of the former build does.
async fn put(store: &Postgres, table: &'static Table, body: Value) -> Result<(), StoreError> {
    let Append::Json(append) = table.append else {
        panic!("no JSON");
    };
    let body = members(body.as_object().unwrap().clone());
    let headers = members(serde_json::Map::new());
    let message = Message {
        body: &body,
        id: "id",
        received_ms: 0,
        headers: &headers,
        client: "",
    };
    let mut block = Block::new(table);
    append(&mut block, &message, &Context { now_ms: 0 }).unwrap();
    let messages = [message];
    let rows = Rows {
        block: &block,
        messages: &messages,
    };
    store.store(rows, "t").await
}

fn launch(id: &str) -> Value {
    json!({
        "eventId": id, "headers": {}, "clientIp": "", "userAgent": "", "timestamp": 1_760_000_000, "deviceId": "d",
        "bbDeviceId": "b", "clientId": "app", "referralIdentifier": "r", "dynamicLink": "https://d.example/",
    })
}

fn account(id: i64) -> Value {
    json!({"newEntry": {
        "id": id, "createdOn": 1_760_000_000_500_i64, "clientId": "app", "clientAppType": "CREATOR", "userId": id, "socialAccounts": [],
    }})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_both_names_and_former_instances_go_on() {
    in_database("renamed_table", async |database| {
        let (store, client) = (database.store(hooks::all()), database.client().await);
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let of = table("launch_referral");
        put(&store, of, launch("1")).await.unwrap();
        migrate::apply(&store, &with(TABLE)).await.unwrap();
        // Again, and another one, by the view under the former name; hooks find their tables, too.
        put(&store, of, launch("1")).await.unwrap();
        put(&store, of, launch("2")).await.unwrap();
        put(&store, table("user_account"), account(7)).await.unwrap();
        store.probe(of).await.unwrap();
        let report = migrate::check(&store, &PIPELINE).await.unwrap();
        assert!(report.fits(), "{report}");
        for table in ["referral_launch", "launch_referral"] {
            let rows = format!("SELECT string_agg(launch_id, ' ' ORDER BY launch_id) FROM {table}");
            assert_eq!(text(&client, &rows).await, "1 2");
        }
        let indexes = "SELECT string_agg(indexname, ' ' ORDER BY indexname) FROM pg_indexes WHERE tablename = 'referral_launch'";
        assert_eq!(
            text(&client, indexes).await,
            "launch_referral_pkey referral_launch_bb_device_id_idx referral_launch_device_id_idx"
        );
        client.batch_execute("DROP VIEW IF EXISTS launch_referral").await.unwrap();
        assert_eq!(number(&client, "SELECT count(*) FROM referral_launch").await, 2);
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn former_instances_hold_rows_of_a_renamed_column_back_and_views_go_on() {
    in_database("renamed_column", async |database| {
        let (store, client) = (database.store(hooks::all()), database.client().await);
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let of = table("user_account");
        put(&store, of, account(1)).await.unwrap();
        client
            .batch_execute("CREATE VIEW seen AS SELECT client_app_type FROM user_account")
            .await
            .unwrap();
        migrate::apply(&store, &with(COLUMN)).await.unwrap();
        assert_eq!(
            text(&client, "SELECT app_type FROM user_account").await,
            "CREATOR"
        );
        assert_eq!(
            text(&client, "SELECT client_app_type FROM seen").await,
            "CREATOR"
        );
        let held = put(&store, of, account(2)).await.unwrap_err();
        assert_eq!(held.fault, Fault::Destination, "{held}");
        // The way back, as docs/changes.md has it.
        client
            .batch_execute("ALTER TABLE user_account RENAME COLUMN app_type TO client_app_type")
            .await
            .unwrap();
        put(&store, of, account(2)).await.unwrap();
        assert_eq!(
            number(&client, "SELECT count(*) FROM user_account").await,
            2
        );
        database
    })
    .await;
}
