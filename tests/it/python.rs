//! The acceptance test: a client in Python, with code from the stock protobuf compiler, against a server process.
//!
//! It sends 100,000 events and then the same bytes again. Counts are exact, rows are what was sent, and the second
//! time changes neither.

mod client;
mod rows;
mod sent;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use event_grpc::sink::clickhouse::{ClickHouse, quote};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::clickhouse::support;
use crate::support::server::{self, Server};
use crate::support::topology::Vhost;
use client::{Answers, Client};
use rows::Stored;

/// The longest from the first request until everything is stored.
const LIMIT: Duration = Duration::from_secs(60);

/// Each of these keeps the whole machine busy, so they go one after the other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread")]
async fn what_a_python_client_sends_is_stored_by_the_embedded_engine() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = Server::start(directory.path(), &["--data", data.to_str().unwrap()]).await;
    let client = Client::prepare(directory.path()).await;

    let before = everything_once(&client, &server).await;
    everything_again(&client, &server, &before).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_python_client_sends_is_stored_by_way_of_rabbitmq() {
    let _turn = ONE_AT_A_TIME.lock().await;
    let directory = tempfile::tempdir().unwrap();
    let vhost = Vhost::create();
    support::in_database("python", async |store: ClickHouse| {
        let clickhouse = server::clickhouse_url(&store);
        server::migrate(&clickhouse).await;
        let amqp = vhost.url();
        let arguments = ["--amqp-url", &amqp, "--clickhouse-url", &clickhouse];
        let server = Server::start(directory.path(), &arguments).await;
        let client = Client::prepare(directory.path()).await;

        let before = everything_once(&client, &server).await;
        vhost.holds_the_definitions();
        vhost.import_the_definitions().await;
        vhost.holds_the_definitions();
        everything_again(&client, &server, &before).await;
        server.stop().await;
    })
    .await;
    vhost.delete();
}

/// Sends everything for the first time and compares what is stored.
async fn everything_once(client: &Client, server: &Server) -> Stored {
    let begun = now();
    let answers = client.send(&server.grpc, begun).await;
    let sent = client.sent();
    assert_eq!(sent.counts.len(), 56, "every event type");
    taken(&answers, sent.total());
    let counted = format!("SELECT count() = {} FROM DB.event FINAL", sent.total());
    until_stored(&server.store, &answers, &counted).await;
    compare(client, server, begun).await
}

/// Sends the same bytes again. When every row is one of the second time, it is still the same rows.
async fn everything_again(client: &Client, server: &Server, before: &Stored) {
    let begun = now();
    let answers = client.resend(&server.grpc).await;
    taken(&answers, client.sent().total());
    for table in ["event", "purchase"] {
        let replaced = format!(
            "SELECT count() = 0 FROM DB.{table} FINAL WHERE toUnixTimestamp64Milli(insert_timestamp) < {begun}"
        );
        until_stored(&server.store, &answers, &replaced).await;
    }
    let after = compare(client, server, begun).await;
    assert_eq!(
        after, *before,
        "an event that has no id of its own got another one"
    );
}

/// Compares counts and rows with what was sent, and says which ids were made for events that had none.
async fn compare(client: &Client, server: &Server, since: i64) -> Stored {
    let sent = client.sent();
    let store = &server.store;
    assert_eq!(rows::counts(store, "event").await, sent.counts);
    let purchases = sent.of(&rows::PURCHASES);
    // Its rows come by a queue of their own, maybe later.
    let answers = Answers::default();
    let counted = format!(
        "SELECT count() = {} FROM DB.purchase FINAL",
        purchases.total()
    );
    until_stored(store, &answers, &counted).await;
    assert_eq!(rows::counts(store, "purchase").await, purchases.counts);
    assert_eq!(
        support::number(store, "SELECT count() FROM DB.error_event").await,
        0
    );
    rows::purchases(store, &purchases.events, since).await;
    rows::events(store, &sent.events, since).await
}

fn taken(answers: &Answers, events: u64) {
    let all_taken = Answers {
        accepted: events,
        ..answers.clone()
    };
    assert_eq!(*answers, all_taken);
    assert_eq!((answers.rejected, answers.other), (0, 0), "{answers:?}");
}

/// Waits until a query, in which `DB` stands for the database, answers that it is so.
async fn until_stored(store: &ClickHouse, answers: &Answers, sql: &str) {
    let end = Instant::now() + LIMIT.saturating_sub(Duration::from_secs_f64(answers.seconds));
    let sql = sql.replace("DB", &quote::identifier(store.address().database()));
    while store.rows::<bool>(&sql).await.expect(&sql) != [true] {
        assert!(
            Instant::now() < end,
            "not within {LIMIT:?} of the first request, of which sending took {} s: {sql}",
            answers.seconds
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The present, in milliseconds since the epoch.
fn now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since_epoch.as_millis().try_into().unwrap()
}
