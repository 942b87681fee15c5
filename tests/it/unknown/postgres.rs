//! Unknown fields in PostgreSQL, by the executable.

use std::process::Command;

use event_grpc::contract::json::{Map, members};
use event_grpc::contract::{Append, Block, Context, Message};
use event_grpc::generated::PIPELINE;
use event_grpc::hooks;
use event_grpc::sink::postgres::migrate;
use serde_json::{Value, json};

use crate::postgres::support::{in_database, number, put, text};

fn executable(arguments: &[&str], url: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_event-grpc"))
        .args(arguments)
        .args(["--json", "--postgres-url", url])
        .env_remove("EVENT_GRPC_CLICKHOUSE_URL")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_in_postgresql_are_listed_and_filled_in() {
    in_database("unknown", async |database| {
        let store = database.store(hooks::all());
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let client = database.client().await;
        let table = PIPELINE.tables.iter().find(|t| t.name == "launch_referral").unwrap();
        let Append::Json(append) = table.append else {
            panic!("{} takes no JSON", table.name)
        };
        let mut block = Block::new(table);
        for id in ["a", "b"] {
            let body = json!({
                "eventId": id, "headers": {}, "clientIp": "", "userAgent": "", "timestamp": 1_760_000_000,
                "deviceId": "d", "bbDeviceId": "bb", "clientId": "app", "referralIdentifier": "r", "dynamicLink": "l",
                "tenant": {"deep": [7]},
            });
            let message = Message {
                body: &members(body.as_object().unwrap().clone()),
                id: "",
                received_ms: 0,
                headers: &Map::new(),
                client: "",
            };
            append(&mut block, &message, &Context { now_ms: 1_770_000_000_000 }).unwrap();
        }
        put(&store, &block).await.unwrap();
        let kept = "SELECT unknown_fields FROM launch_referral WHERE launch_id = 'a'";
        assert_eq!(text(&client, kept).await, r#"{"/body/tenant":{"deep":[7]}}"#);
        let lacked = r#"{"/body/deepLink":"app://x","/body/tenant":1,"/body/userId":"12"}"#;
        let sql = format!("UPDATE launch_referral SET unknown_fields = '{lacked}' WHERE launch_id = 'b'");
        client.batch_execute(&sql).await.unwrap();

        let url = database.url();
        let listed = executable(&["unknown"], &url);
        let fields: Vec<(&str, u64, bool)> = listed["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| (f["pointer"].as_str().unwrap(), f["rows"].as_u64().unwrap(), f["known"].as_bool().unwrap()))
            .collect();
        assert_eq!(fields, [("/body/deepLink", 1, true), ("/body/tenant", 2, false), ("/body/userId", 1, true)]);

        let plan = executable(&["reprocess"], &url);
        let of_table = |plan: &Value| {
            let mut tables = plan["tables"].as_array().unwrap().iter();
            tables.find(|t| t["table"] == "launch_referral").unwrap()["rows"].clone()
        };
        assert_eq!((of_table(&plan), &plan["applied"]), (json!(1), &json!(false)), "{plan}");
        assert_eq!(number(&client, "SELECT count(*) FROM launch_referral WHERE deep_link IS NULL").await, 2);
        assert_eq!(of_table(&executable(&["reprocess", "--apply"], &url)), 1);
        let row = "SELECT concat_ws(' ', deep_link, user_id, client_id, unknown_fields) FROM launch_referral WHERE launch_id = 'b'";
        assert_eq!(text(&client, row).await, r#"app://x 12 app {"/body/tenant":1}"#);
        assert_eq!(of_table(&executable(&["reprocess", "--apply"], &url)), 0);
        database
    })
    .await;
}
