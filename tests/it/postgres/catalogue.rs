//! The messages of the queues that PostgreSQL is for, and every column of every row that they become.

use event_grpc::broker::{HeaderValue, Properties};
use event_grpc::sink::clickhouse::quote;
use serde_json::{Map, Value, json};
use tokio_postgres::Client;

use super::support::{message, with_instances};
use crate::app::support::eventually;
use crate::catalogue::{differences, fixture};

/// The file of each message, the queue that it is sent to, and the table.
pub(crate) const MESSAGES: [(&str, &str, &str); 3] = [
    (
        "user_account_change",
        "create_user_account_q",
        "user_account",
    ),
    ("launch_referral", "launch_referral_q", "launch_referral"),
    (
        "profile_completion",
        "event.account_profile_complete",
        "referral_event",
    ),
];

/// The referral of account 1: of the two launches on its device the one whose id comes first, both being of one moment.
/// And that of account 2, whose device a launch names as the other one of its two names.
pub(crate) fn signups() -> [Value; 2] {
    let row = |account: i64, launch: i64, at: &str| {
        json!({
            "account_id": account, "kind": "SIGNUP", "user_id": null, "client_id": "app", "client_app_type": null,
            "account_created_on": "2025-10-09T08:53:20.123+00:00", "device_id": format!("device-{account}"),
            "custom_device_id": null, "instagram_followers": null, "launched_at": at,
            "launch_id": format!("launch-{launch}"), "referral_identifier": format!("r-{launch}"),
            "dynamic_link": format!("https://d.example/{launch}"), "deep_link": null,
        })
    };
    let mut first = row(1, 1, "2025-10-09T08:53:20+00:00");
    for (name, value) in [
        ("user_id", json!(71)),
        ("client_app_type", json!("CREATOR")),
        ("custom_device_id", json!("bb-1")),
        ("deep_link", json!("app://1")),
    ] {
        first[name] = value;
    }
    [first, row(2, 2, "2025-10-09T08:53:19+00:00")]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_every_row_is_what_was_sent() {
    with_instances("pg_catalogue", 1, async |instances, clickhouse, database| {
        let client = database.client().await;
        client.batch_execute("SET timezone = 'UTC'").await.unwrap();
        let mut expected: Vec<(&str, Vec<Value>)> = Vec::new();
        for (file, queue, table) in MESSAGES {
            let lines = fixture(file);
            // A message that comes twice is stored once.
            for line in lines.iter().chain(&lines) {
                let mut sent = message(queue, &line["message"], &[]);
                sent.properties = Properties {
                    headers: headers(line.get("headers")),
                    ..sent.properties
                };
                instances[0].broker().publish(sent).await.unwrap();
            }
            let rows = lines.iter().filter_map(|line| line.get("row").cloned());
            expected.push((table, rows.collect()));
            for line in lines.iter().filter_map(|line| line.get("refused")) {
                let sql = format!(
                    "SELECT uniqExact(error_id) FROM DB.error_event WHERE queue = {} AND position(reason, {}) > 0",
                    quote::text(queue),
                    quote::text(line.as_str().unwrap())
                );
                eventually(clickhouse, &sql, 1).await;
            }
        }
        expected[2].1.extend(signups());
        let mut wrong = Vec::new();
        for (table, rows) in expected {
            wrong.extend(differences(table, rows, stored(&client, table).await));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

fn headers(line: Option<&Value>) -> Vec<(std::borrow::Cow<'static, str>, HeaderValue)> {
    let headers: Map<String, Value> = line.and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |value: &Value| HeaderValue::Text(value.as_str().unwrap().to_owned());
    headers
        .into_iter()
        .map(|(name, value)| (name.into(), text(&value)))
        .collect()
}

/// The rows of a table, without the time at which they were made.
pub(crate) async fn stored(client: &Client, table: &str) -> Vec<Value> {
    let sql = format!(
        "SELECT (to_jsonb(t) - 'insert_timestamp' - 'unknown_fields' - 'client')::text, \
         now() - t.insert_timestamp < interval '10 minutes' AND coalesce(t.client, '') = '' FROM {table} t"
    );
    let rows = client.query(&sql, &[]).await.unwrap();
    let rows = rows.iter().map(|row| {
        assert!(
            row.get::<_, bool>(1),
            "a row of {table} wasn't made now, or by somebody"
        );
        serde_json::from_str(row.get(0)).unwrap()
    });
    rows.collect()
}
