//! Accounts and launches complete each other, in whatever order they arrive.

use event_grpc::contract::json::members;
use event_grpc::contract::{Append, Block, Context, Message, Table};
use event_grpc::generated::PIPELINE;
use event_grpc::hooks;
use event_grpc::sink::postgres::{Postgres, migrate};
use event_grpc::sink::{Rows, Store as _, StoreError};
use serde_json::{Value, json};
use tokio_postgres::Client;

use super::support::{Database, in_database, number, text};

/// A message of one of the three queues: the table that it goes to, its body and its headers.
#[derive(Clone)]
struct Sent {
    table: &'static str,
    body: Value,
    headers: Value,
}

fn account(id: i64, device: &str, custom: &str) -> Sent {
    Sent {
        table: "user_account",
        body: json!({"newEntry": {
            "id": id, "createdOn": 1_760_000_000_500_i64, "clientId": "app", "clientAppType": "CREATOR", "userId": id + 1,
            "socialAccounts": [],
        }}),
        headers: json!({"x-bb-deviceid": device, "x-bb-custom-deviceid": custom}),
    }
}

fn completed(id: i64, followers: Value) -> Sent {
    Sent {
        table: "referral_event",
        body: json!({"newEntry": {
            "id": id, "createdOn": 1_760_000_000_500_i64, "userId": id + 1,
            "socialAccounts": [{"platform": "INSTAGRAM", "metrics": {"followers": followers}}],
        }}),
        headers: json!({}),
    }
}

fn launch(id: &str, device: &str, bb_device: &str, at: i64) -> Sent {
    Sent {
        table: "launch_referral",
        body: json!({
            "eventId": id, "headers": {}, "clientIp": "", "userAgent": "", "timestamp": at, "deviceId": device,
            "bbDeviceId": bb_device, "clientId": "app", "referralIdentifier": format!("r-{id}"),
            "dynamicLink": format!("https://d.example/{id}"),
        }),
        headers: json!({}),
    }
}

fn table(name: &str) -> &'static Table {
    PIPELINE.tables.iter().find(|t| t.name == name).unwrap()
}

/// Stores messages of one table as one batch.
async fn put(store: &Postgres, sent: &[Sent]) -> Result<(), StoreError> {
    let table = table(sent[0].table);
    let Append::Json(append) = table.append else {
        panic!("no JSON");
    };
    let mut block = Block::new(table);
    let object = |value: &Value| members(value.as_object().unwrap().clone());
    let objects: Vec<_> = sent
        .iter()
        .map(|sent| (object(&sent.body), object(&sent.headers)))
        .collect();
    let messages: Vec<Message<'_>> = objects
        .iter()
        .map(|(body, headers)| Message {
            body,
            id: "id",
            received_ms: 0,
            headers,
            client: "",
        })
        .collect();
    for message in &messages {
        append(&mut block, message, &Context { now_ms: 0 }).unwrap();
    }
    let rows = Rows {
        block: &block,
        messages: &messages,
    };
    store.store(rows, "t").await
}

async fn ready(database: &Database) -> (Postgres, Client) {
    let store = database.store(hooks::all());
    migrate::apply(&store, &PIPELINE).await.unwrap();
    let client = database.client().await;
    client.batch_execute("SET timezone = 'UTC'").await.unwrap();
    (store, client)
}

async fn referral(client: &Client, account: i64, kind: &str) -> String {
    let sql = format!(
        "SELECT string_agg(concat_ws(' ', launch_id, launched_at, user_id, device_id, custom_device_id, \
         referral_identifier, dynamic_link, instagram_followers), '; ') \
         FROM referral_event WHERE account_id = {account} AND kind = '{kind}'"
    );
    text(client, &sql).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_of_arrival_gives_the_same_rows() {
    in_database("orders", async |database| {
        let (store, client) = ready(&database).await;
        // 24 orders of: the account, the launch that counts, a later one, and one with the same time.
        for (n, order) in permutations(&[0, 1, 2, 3]).into_iter().enumerate() {
            let (id, device) = (n as i64 + 1, format!("d-{n}"));
            let custom = format!("c-{n}");
            let sent = [
                account(id, &device, &custom),
                launch(&format!("a-{n}"), &device, "", 1_760_000_000),
                launch(&format!("c-{n}"), "", &custom, 1_760_000_000),
                launch(&format!("0-{n}"), &device, &custom, 1_760_000_001),
            ];
            for at in &order {
                put(&store, &[sent[*at].clone()]).await.unwrap();
            }
            // And once more, in the same order.
            for at in &order {
                put(&store, &[sent[*at].clone()]).await.unwrap();
            }
            let expected = format!(
                "a-{n} 2025-10-09 08:53:20+00 {} {device} {custom} r-a-{n} https://d.example/a-{n}",
                id + 1
            );
            assert_eq!(referral(&client, id, "SIGNUP").await, expected, "{order:?}");
        }
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_launch_has_no_referral_and_empty_names_are_no_device() {
    in_database("none", async |database| {
        let (store, client) = ready(&database).await;
        put(&store, &[launch("l", "", "", 1)]).await.unwrap();
        put(&store, &[account(1, "", ""), account(2, "x", "")])
            .await
            .unwrap();
        let mut headless = account(3, "", "");
        headless.headers = json!({});
        put(&store, &[headless]).await.unwrap();
        put(&store, &[launch("m", "y", "", 1)]).await.unwrap();
        assert_eq!(
            number(&client, "SELECT count(*) FROM user_account").await,
            3
        );
        assert_eq!(
            number(&client, "SELECT count(*) FROM referral_event").await,
            0
        );
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_profile_is_one_referral_with_its_followers() {
    in_database("profiles", async |database| {
        let (store, client) = ready(&database).await;
        let batch = [
            completed(1, json!(null)),
            completed(1, json!("12")),
            completed(2, json!(7)),
            completed(1, json!(99)),
        ];
        put(&store, &batch).await.unwrap();
        put(&store, &batch[2..]).await.unwrap();
        assert_eq!(referral(&client, 1, "PROFILE_COMPLETION").await, "2 12");
        assert_eq!(referral(&client, 2, "PROFILE_COMPLETION").await, "3 7");
        database
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_arrive_at_the_same_moment_see_each_other() {
    in_database("moment", async |database| {
        let (store, client) = ready(&database).await;
        let holder = database.client().await;
        for n in 0..20 {
            // Both have stored their row and wait for the device, when it is let go.
            holder.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(1919247980, n) FROM generate_series(0, 127) n").await.unwrap();
            let device = format!("d-{n}");
            let (one, other) = ([account(n, &device, "")], [launch(&device, &device, "", 1)]);
            let waiting = async {
                let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
                while number(&client, sql).await < 2 {
                    tokio::task::yield_now().await;
                }
                holder.batch_execute("COMMIT").await.unwrap();
            };
            let (one, other, ()) = tokio::join!(put(&store, &one), put(&store, &other), waiting);
            one.unwrap();
            other.unwrap();
            assert!(referral(&client, n, "SIGNUP").await.starts_with(&device), "{n}");
        }
        database
    })
    .await;
}

fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (at, first) in items.iter().enumerate() {
        let mut rest = items.to_vec();
        rest.remove(at);
        for mut tail in permutations(&rest) {
            tail.insert(0, *first);
            all.push(tail);
        }
    }
    all
}
