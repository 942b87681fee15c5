//! A thousand accounts, each message three times, over eight workers, while connections are killed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{Broker, Outgoing};
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::support::{Database, message, with_instances};

const ACCOUNTS: i64 = 1000;
/// Each has two workers a queue.
const INSTANCES: usize = 4;
/// The beginning of time, in seconds.
const START: i64 = 1_760_000_000;

/// A launch that the expected rows know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Launch {
    at: i64,
    id: String,
}

/// Messages of an account, and the expected result: the launch that counts, and the followers.
struct Story {
    messages: Vec<Outgoing>,
    signups: BTreeMap<i64, Launch>,
    profiles: BTreeMap<i64, Option<i64>>,
}

fn story(random: &mut impl rand::Rng) -> Story {
    let mut story = Story {
        messages: Vec::new(),
        signups: BTreeMap::new(),
        profiles: BTreeMap::new(),
    };
    for id in 0..ACCOUNTS {
        let (device, custom) = (format!("d-{id}"), format!("c-{id}"));
        let entry = |social: Value| {
            json!({"newEntry": {
                "id": id, "createdOn": START * 1000 + id, "clientId": "app", "clientAppType": "CREATOR",
                "userId": id + 1_000_000, "socialAccounts": social,
            }})
        };
        let headers = [
            ("x-bb-deviceid", device.as_str()),
            ("x-bb-custom-deviceid", custom.as_str()),
        ];
        story.messages.push(message(
            "create_user_account_q",
            &entry(json!([])),
            &headers,
        ));
        for n in 0..random.random_range(0..4) {
            let launch = Launch {
                at: START + random.random_range(0..3),
                id: format!("l-{id}-{n}"),
            };
            let (own, ours) = match random.random_range(0..3) {
                0 => (device.as_str(), ""),
                1 => ("", custom.as_str()),
                _ => (device.as_str(), custom.as_str()),
            };
            let body = json!({
                "eventId": launch.id, "headers": {}, "clientIp": "", "userAgent": "", "timestamp": launch.at,
                "deviceId": own, "bbDeviceId": ours, "clientId": "app", "referralIdentifier": launch.id,
                "dynamicLink": "https://d.example",
            });
            story
                .messages
                .push(message("launch_referral_q", &body, &[]));
            let counts = story.signups.entry(id).or_insert(launch.clone());
            if launch < *counts {
                *counts = launch;
            }
        }
        if random.random_bool(0.5) {
            let followers = random.random_bool(0.8).then_some(id * 3);
            let social = json!([
                {"platform": "YOUTUBE", "metrics": {"followers": 1}},
                {"platform": "INSTAGRAM", "metrics": {"followers": followers}},
            ]);
            story.messages.push(message(
                "event.account_profile_complete",
                &entry(social),
                &headers,
            ));
            story.profiles.insert(id, followers);
        }
    }
    story
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_and_referrals_are_stored_once_whatever_happens() {
    with_instances("storm", INSTANCES, async |instances, _, database| {
        let mut random = rand::rngs::StdRng::seed_from_u64(7);
        let story = story(&mut random);
        let mut deliveries: Vec<Outgoing> = Vec::new();
        for _ in 0..3 {
            deliveries.extend(story.messages.iter().cloned());
        }
        deliveries.shuffle(&mut random);

        let stop = CancellationToken::new();
        let killed = async {
            let mut killed = 0;
            while stop
                .run_until_cancelled(tokio::time::sleep(Duration::from_millis(20)))
                .await
                .is_some()
            {
                killed += database.kill_one().await;
            }
            killed
        };
        let sent = async {
            let at_once = Arc::new(Semaphore::new(400));
            let mut tasks = JoinSet::new();
            for delivery in deliveries {
                let broker = instances[random.random_range(0..INSTANCES)].shared_broker();
                let permit = Arc::clone(&at_once).acquire_owned().await.unwrap();
                tasks.spawn(async move {
                    publish(broker.as_ref(), delivery).await;
                    drop(permit);
                });
            }
            while let Some(ended) = tasks.join_next().await {
                ended.unwrap();
            }
            stop.cancel();
        };
        let (killed, ()) = tokio::join!(killed, sent);
        assert!(killed >= 10, "only {killed} connections were killed");
        compare(&story, database).await;
    })
    .await;
}

/// In memory a message is confirmed when it is stored.
async fn publish(broker: &dyn Broker, message: Outgoing) {
    for _ in 0..100 {
        match broker.publish(message.clone()).await {
            Ok(()) => return,
            Err(error) if error.retry_helps() => {
                tokio::time::sleep(Duration::from_millis(50)).await
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("a message was never taken");
}

async fn compare(story: &Story, database: &Database) {
    let client = database.client().await;
    let accounts = client
        .query("SELECT account_id FROM user_account ORDER BY 1", &[])
        .await
        .unwrap();
    let accounts: Vec<i64> = accounts.iter().map(|row| row.get(0)).collect();
    assert_eq!(accounts, (0..ACCOUNTS).collect::<Vec<_>>());

    let sql = "SELECT account_id, kind, launch_id, extract(epoch FROM launched_at)::bigint, referral_identifier, \
               user_id, device_id, custom_device_id, instagram_followers FROM referral_event ORDER BY 1, 2";
    let rows = client.query(sql, &[]).await.unwrap();
    let (mut signups, mut profiles) = (BTreeMap::new(), BTreeMap::new());
    for row in &rows {
        let id: i64 = row.get(0);
        let names: (String, String) = (row.get(6), row.get(7));
        assert_eq!(names, (format!("d-{id}"), format!("c-{id}")));
        assert_eq!(row.get::<_, i64>(5), id + 1_000_000);
        let twice = match row.get(1) {
            "SIGNUP" => {
                let launch = Launch {
                    id: row.get(2),
                    at: row.get(3),
                };
                assert_eq!(row.get::<_, String>(4), launch.id);
                signups.insert(id, launch).is_some()
            }
            "PROFILE_COMPLETION" => {
                let followers: Option<i64> = row.get(8);
                profiles.insert(id, followers).is_some()
            }
            other => panic!("{other}"),
        };
        assert!(!twice, "{id} has two of a kind");
    }
    assert!(signups == story.signups, "the referrals of signups differ");
    assert_eq!(profiles, story.profiles);
}
