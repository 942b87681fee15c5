//! Over RabbitMQ: messages wait for a database, and what is delivered again while connections break is stored once.

use std::time::Duration;

use event_grpc::app::Config;
use event_grpc::broker::Outgoing;
use event_grpc::generated::PIPELINE;
use event_grpc::hooks;
use event_grpc::sink::clickhouse::{self, ClickHouse};
use event_grpc::sink::postgres::migrate;
use serde_json::json;
use tokio_postgres::Client;

use super::support::{in_database, message, number};
use crate::app::support::{config, started};
use crate::support::topology::Vhost;

const ACCOUNTS: i64 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn messages_wait_for_the_database_and_are_stored_once() {
    let vhost = Vhost::create();
    crate::clickhouse::support::in_database("pg_wait", async |clickhouse: ClickHouse| {
        in_database("wait", async |database| {
            clickhouse::migrate::apply(&clickhouse, &PIPELINE)
                .await
                .unwrap();
            let here = || Config {
                amqp_url: Some(vhost.url()),
                ..config(&clickhouse)
            };
            // An instance without PostgreSQL declares the queues and leaves what is in them.
            let (app, instance) = started(here()).await;
            for sent in messages() {
                instance.broker().publish(sent).await.unwrap();
            }
            drop(instance);
            app.stop().await;

            // One that finds no tables leaves them too; once the tables are there they are stored.
            let (app, instance) = started(Config {
                postgres: Some(database.address()),
                strict: false,
                ..here()
            })
            .await;
            let mut paused = false;
            for _ in 0..100 {
                let (_, report) = instance.readiness().await;
                paused = report["tables"]["user_account"]["paused"].is_string();
                if paused {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            assert!(paused, "a table that isn't there pauses its queue");
            migrate::apply(&database.store(hooks::all()), &PIPELINE)
                .await
                .unwrap();
            let client = database.client().await;
            for round in 0..100 {
                if done(&client).await {
                    break;
                }
                assert!(round < 99, "not all was stored");
                if round < 10 {
                    database.kill().await;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            drop(instance);
            app.stop().await;
            database
        })
        .await;
    })
    .await;
    vhost.delete();
}

/// Each account with a launch on its device and a completed profile; everything three times.
fn messages() -> Vec<Outgoing> {
    let mut all = Vec::new();
    for id in 0..ACCOUNTS {
        let device = format!("d-{id}");
        let entry = json!({"newEntry": {
            "id": id, "createdOn": 1_760_000_000_000_i64,
            "socialAccounts": [{"platform": "INSTAGRAM", "metrics": {"followers": id}}],
        }});
        let launch = json!({
            "eventId": device, "headers": {}, "clientIp": "", "userAgent": "", "timestamp": 1_760_000_000,
            "deviceId": device, "bbDeviceId": "", "clientId": "app", "referralIdentifier": "r", "dynamicLink": "",
        });
        let headers = [("x-bb-deviceid", device.as_str())];
        all.push(message("create_user_account_q", &entry, &headers));
        all.push(message("launch_referral_q", &launch, &[]));
        all.push(message("event.account_profile_complete", &entry, &headers));
    }
    [all.clone(), all.clone(), all].concat()
}

/// True if everything is there; what is there once and right is checked on the way.
async fn done(client: &Client) -> bool {
    let wrong = "SELECT count(*) FROM referral_event WHERE CASE kind WHEN 'SIGNUP' THEN launch_id <> 'd-' || account_id \
                 ELSE instagram_followers <> account_id END";
    assert_eq!(number(client, wrong).await, 0);
    let accounts = number(client, "SELECT count(*) FROM user_account").await;
    let referrals = number(client, "SELECT count(*) FROM referral_event").await;
    assert!(accounts <= ACCOUNTS && referrals <= 2 * ACCOUNTS);
    accounts == ACCOUNTS && referrals == 2 * ACCOUNTS
}
