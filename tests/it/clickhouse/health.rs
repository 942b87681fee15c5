//! The state of the tables, as it changes.

use std::collections::BTreeMap;
use std::time::Duration;

use event_grpc::contract::{Pipeline, Table};
use event_grpc::sink::clickhouse::{Address, ClickHouse, Databases, health};
use event_grpc::sink::health::{Server, ServerState, TableState, Tables, reporter};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::support::{PLAIN, in_database, run_there};

const MAIN: Server = Server::ClickHouse("main");

static TABLES: [&Table; 1] = [&PLAIN];

static PIPELINE: Pipeline = Pipeline {
    fingerprint: "",
    schemas: "",
    descriptors: &[],
    sources: &[],
    exchanges: &[],
    queues: &[],
    tables: &TABLES,
    requests: &[],
    databases: &[],
    migrations: &[],
    postgres_migrations: &[],
    migrations_table: "schema_migrations",
    personal: &[],
    unrouted: "",
    retired: event_grpc::contract::Retired::NONE,
};

/// The first state for which `wanted` holds.
async fn until(
    states: &mut watch::Receiver<Tables>,
    wanted: impl Fn(&TableState) -> bool,
) -> TableState {
    let states = states.wait_for(|states| wanted(&states["plain"]));
    let states = timeout(Duration::from_secs(20), states).await;
    states.expect("the state must change in time").unwrap()["plain"].clone()
}

#[tokio::test]
async fn follows_what_happens_to_a_table() {
    in_database("health", |store| async move {
        let databases = Databases::new(store.clone(), &BTreeMap::new(), &PIPELINE).unwrap();
        let (reporter, servers, mut states) = reporter();
        let stop = CancellationToken::new();
        let server = health::servers(&databases, &PIPELINE).remove(0);
        let watching = health::watch(server, reporter, stop.clone());
        assert_eq!(states.borrow()["plain"], TableState::Unknown);
        assert_eq!(servers.borrow()[&MAIN], ServerState::Unknown);
        let watching = tokio::spawn(watching);

        let trouble = |state: &TableState| matches!(state, TableState::Trouble(_));
        let state = until(&mut states, trouble).await;
        assert_eq!(state, TableState::Trouble(String::from("does not exist")));

        run_there(&store, PLAIN.ddl).await;
        until(&mut states, |state| *state == TableState::Fits).await;
        assert_eq!(servers.borrow()[&MAIN], ServerState::Up);

        run_there(&store, "ALTER TABLE plain RENAME COLUMN text TO words").await;
        let state = until(&mut states, trouble).await;
        let reason = "has no column `text` (it should be String)";
        assert_eq!(state, TableState::Trouble(String::from(reason)));

        stop.cancel();
        timeout(Duration::from_secs(5), watching)
            .await
            .unwrap()
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_down() {
    // It accepts connections, as a frozen one does, and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let store = ClickHouse::new(Address::parse(&url).unwrap()).unwrap();
    let databases = Databases::new(store, &BTreeMap::new(), &PIPELINE).unwrap();
    let (reporter, mut servers, states) = reporter();
    let stop = CancellationToken::new();
    let server = health::servers(&databases, &PIPELINE).remove(0);
    let watching = tokio::spawn(health::watch(server, reporter, stop.clone()));

    let down = servers.wait_for(|s| matches!(s[&MAIN], ServerState::Down(_)));
    timeout(Duration::from_secs(6), down)
        .await
        .expect("it must be told soon")
        .unwrap();
    timeout(Duration::from_secs(1), async {
        while !matches!(states.borrow()["plain"], TableState::Trouble(_)) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    stop.cancel();
    watching.await.unwrap();
}
