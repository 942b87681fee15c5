//! Bad messages cost themselves alone: a row that PostgreSQL refuses, and a message that a hook refuses.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::support::{message, number, with_instances};
use crate::app::support::eventually;

fn entry(id: i64, client: &str, social: &Value) -> Value {
    json!({"newEntry": {"id": id, "createdOn": 1_760_000_000_000_i64, "clientId": client, "socialAccounts": social}})
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_messages_become_dead_letters_and_the_rest_is_stored() {
    with_instances("bad", 1, async |instances, clickhouse, database| {
        let mut tasks = JoinSet::new();
        for id in 0..200 {
            let client = if id % 50 == 3 { "nul \0" } else { "app" };
            let account = message("create_user_account_q", &entry(id, client, &json!([])), &[]);
            let followers = if id % 50 == 7 { json!("many") } else { json!(id) };
            let social = json!([{"platform": "INSTAGRAM", "metrics": {"followers": followers}}]);
            let profile = message("event.account_profile_complete", &entry(id, "app", &social), &[]);
            for message in [account, profile] {
                let broker = instances[0].shared_broker();
                tasks.spawn(async move { broker.publish(message).await.unwrap() });
            }
        }
        let missing = message("create_user_account_q", &json!({"oldEntry": {}}), &[]);
        let broker = instances[0].shared_broker();
        tasks.spawn(async move { broker.publish(missing).await.unwrap() });
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        let client = database.client().await;
        assert_eq!(number(&client, "SELECT count(*) FROM user_account").await, 196);
        let profiles = "SELECT count(*) FROM referral_event WHERE instagram_followers = account_id";
        assert_eq!(number(&client, profiles).await, 196);
        assert_eq!(number(&client, "SELECT count(*) FROM referral_event").await, 196);
        for (queue, class, part, count) in [
            ("create_user_account_q", "refused", "22021", 4),
            ("create_user_account_q", "bad_field", "newEntry.id", 1),
            ("event.account_profile_complete", "refused", "newEntry.socialAccounts", 4),
        ] {
            let sql = format!(
                "SELECT uniqExact(error_id) FROM DB.error_event WHERE queue = '{queue}' AND class = '{class}' \
                 AND position(reason, '{part}') > 0"
            );
            eventually(clickhouse, &sql, count).await;
        }
    })
    .await;
}
