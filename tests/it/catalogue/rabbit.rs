//! The catalogue through RabbitMQ, with every destination: ClickHouse, PostgreSQL and the HTTP APIs.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use event_grpc::app::Config;
use event_grpc::app::environment::Environment;
use event_grpc::broker::Link;
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::quote;
use event_grpc::sink::postgres::hook::Hooks;
use event_grpc::sink::{clickhouse, postgres};
use serde_json::Value;

use super::{MESSAGES, differences, expected, fixture, queue_named, rows, send};
use crate::app::support::{config, eventually, started};
use crate::clickhouse::support::in_database;
use crate::forward::server::Server;
use crate::postgres::catalogue as of_postgres;
use crate::support::topology::Vhost;

/// The longest that rows may take to be there, on a machine that has other things to do as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// Messages for the queues of the HTTP APIs, beside those of `webengage_event`: the users.
const USERS: [&str; 5] = [
    r#"{"appType":"USER","userId":"u-1","email":"a@b.example","attributes":{"city":"Pune"}}"#,
    r#"{"appType":"BRAND","userId":"b-2","phone":"+919800000000","attributes":{}}"#,
    r#"{"userId":"u-3","whatsappOptIn":true,"attributes":{"orders":3},"unknown":1}"#,
    r#"{"appType":null,"userId":"u-4","emailOptIn":"false","attributes":{"gone":null}}"#,
    r#"{"appType":"","userId":5,"firstName":"Asha","attributes":{"nested":{"a":[1]}}}"#,
];

#[tokio::test(flavor = "multi_thread")]
async fn every_queue_gets_what_is_published_for_it() {
    in_database("catalogue_rabbit", async |store: clickhouse::ClickHouse| {
        crate::postgres::support::in_database("catalogue_rabbit", async |database| {
            clickhouse::migrate::apply(&store, &PIPELINE).await.unwrap();
            postgres::migrate::apply(&database.store(Hooks::default()), &PIPELINE).await.unwrap();
            let api = Server::start().await;
            let vhost = Vhost::create();
            let config = Config {
                amqp_url: Some(vhost.url()),
                postgres: Some(database.address()),
                environment: variables(&api),
                ..config(&store)
            };
            let (app, instance) = started(config).await;
            instance.broker().status().wait_for(|s| s.link == Link::Up).await.unwrap();

            let postgres = of_postgres::MESSAGES.map(|(file, queue, _)| (file, queue));
            let files: Vec<(&str, &str)> = MESSAGES.into_iter().chain(postgres).collect();
            // A message that comes twice is stored once.
            for (file, queue) in files.iter().chain(&files) {
                for (at, line) in fixture(file).iter().enumerate() {
                    let id = format!("{file}-{}", at + 1);
                    send(instance.broker(), queue_named(queue), &id, line).await;
                }
            }
            for (at, user) in USERS.iter().enumerate() {
                let line = serde_json::from_str(&format!("{{\"message\":{user}}}")).unwrap();
                let queue = queue_named("webengage_user_event_q");
                send(instance.broker(), queue, &format!("user-{at}"), &line).await;
            }

            for (file, queue) in MESSAGES {
                let table = queue_named(queue).into.name();
                until_same(table, &expected(file), async || rows(&store, table).await).await;
            }
            let client = database.client().await;
            client.batch_execute("SET timezone = 'UTC'").await.unwrap();
            for (file, _, table) in of_postgres::MESSAGES {
                let mut wanted = expected(file);
                if table == "referral_event" {
                    wanted.extend(of_postgres::signups());
                }
                let stored = async || of_postgres::stored(&client, table).await;
                until_same(table, &wanted, stored).await;
            }
            for (file, queue) in files {
                for reason in fixture(file).iter().filter_map(|line| line.get("refused")?.as_str()) {
                    let (queue, reason) = (quote::text(queue), quote::text(reason));
                    let kept = format!(
                        "SELECT uniqExact(error_id) FROM DB.error_event WHERE queue = {queue} AND position(reason, {reason}) > 0"
                    );
                    eventually(&store, &kept, 1).await;
                }
            }
            forwarded(&api).await;
            app.stop().await;
            vhost.delete();
            database
        })
        .await;
    })
    .await;
}

/// Addresses and keys of the HTTP APIs.
fn variables(api: &Server) -> Environment {
    let at = |path: &str| api.url(path);
    let variables = [
        ("WEBENGAGE_EVENTS_URL", at("/events")),
        ("WEBENGAGE_BRAND_EVENTS_URL", at("/brand/events")),
        ("WEBENGAGE_USERS_URL", at("/users")),
        ("WEBENGAGE_BRAND_USERS_URL", at("/brand/users")),
        ("WEBENGAGE_KEY", "user-key".to_owned()),
        ("WEBENGAGE_BRAND_KEY", "brand-key".to_owned()),
    ];
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Waits until the rows of a table are these and no others.
async fn until_same(table: &str, wanted: &[Value], stored: impl AsyncFn() -> Vec<Value>) {
    let began = Instant::now();
    loop {
        let wrong = differences(table, wanted.to_vec(), stored().await);
        if wrong.is_empty() {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{}", wrong.join("\n"));
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until each event and each user has come to its API, by the id that it has on every attempt.
async fn forwarded(api: &Server) {
    let events = fixture("webengage_event");
    let events = events
        .iter()
        .enumerate()
        .filter(|(_, line)| line.contains_key("row"));
    let mut wanted: BTreeSet<String> = events
        .map(|(at, _)| format!("webengage_event-{}", at + 1))
        .collect();
    wanted.extend((0..USERS.len()).map(|at| format!("user-{at}")));
    let began = Instant::now();
    loop {
        let seen = api.seen();
        let keys: BTreeSet<String> = seen
            .iter()
            .map(|s| s.headers["idempotency-key"].clone())
            .collect();
        if wanted.is_subset(&keys) {
            break;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "{wanted:?} should have come, {keys:?} has"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for request in api.seen() {
        let brand = request.line.contains("/brand/");
        let key = if brand {
            "Bearer brand-key"
        } else {
            "Bearer user-key"
        };
        assert_eq!(request.headers["authorization"], key, "{request:?}");
        assert!(request.body.get("appType").is_none(), "{request:?}");
    }
}
