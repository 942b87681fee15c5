//! Two databases on two ClickHouse servers: one that is down pauses its own tables and no others.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use event_grpc::access::Unverified;
use event_grpc::app::environment::Environment;
use event_grpc::app::{App, Config};
use event_grpc::broker::{Broker, Outgoing};
use event_grpc::contract::{Pipeline, Queue};
use event_grpc::ops::access::Options;
use event_grpc::sink::clickhouse::engine::{Engine, EngineConfig};
use event_grpc::sink::clickhouse::{Address, ClickHouse, migrate};
use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::app::support::eventually;
use crate::clickhouse::support::{in_database, number};
use crate::http::request;
use crate::kinds::small;
use crate::kinds::small::databases::AUDIT;
use crate::support::server;
use crate::support::topology::Vhost;

/// The small pipeline with all of its queues in RabbitMQ.
static PIPELINE: LazyLock<Pipeline> = LazyLock::new(|| {
    let queues = small::PIPELINE.queues.iter();
    let queues = queues.map(|queue| Queue {
        topic: None,
        ..*queue
    });
    Pipeline {
        queues: Vec::leak(queues.collect()),
        ..small::PIPELINE
    }
});

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_event-grpc");
const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const EVENTS: &str = "SELECT count() FROM DB.event FINAL";
const POSTS: &str = "SELECT count() FROM DB.post FINAL";

pub(crate) fn config(
    main: Option<&ClickHouse>,
    servers: BTreeMap<String, Address>,
    data: &Path,
) -> Config {
    Config {
        grpc_listen: ([127, 0, 0, 1], 0).into(),
        http_listen: ([127, 0, 0, 1], 0).into(),
        ops: Options::at(([127, 0, 0, 1], 0).into()),
        doors: event_grpc::listen::Limits::default(),
        senders: event_grpc::access::Config::default(),
        tls: None,
        amqp_url: None,
        kafka: None,
        clickhouse: main.map(|store| store.address().clone()),
        clickhouse_servers: servers,
        postgres: None,
        data: data.to_owned(),
        engine_path: None,
        engine_port: None,
        engine_drop: Vec::new(),
        environment: Environment::default(),
        unverified: Unverified::default(),
        executable: Some(EXECUTABLE.into()),
        strict: false,
        notice: Duration::ZERO,
        drain: Duration::from_secs(10),
        switches: None,
        replay: Duration::from_secs(60),
        traces: None,
    }
}

/// A second server, of this test alone.
async fn second(directory: &Path) -> (Engine, Address) {
    let config = EngineConfig {
        executable: Some(EXECUTABLE.into()),
        quiet: true,
        ..EngineConfig::new(directory)
    };
    let engine = Engine::start(&config).await.unwrap();
    let address = server::account_of(&engine);
    (engine, address)
}

/// An event for the one database.
pub(crate) async fn send_event(http: &str, number: usize) -> u16 {
    let body = json!({
        "header": { "sessionId": "s" },
        "events": [{ "id": format!("e-{number}"), "timestamp": "1760000000000", "addToCart": { "productId": 7 } }],
    });
    let url = format!("{http}/event/dispatch");
    request(Method::POST, &url, &JSON, body.to_string())
        .await
        .status
}

/// A post for the other one, past its webhook, which takes signed ones only.
async fn send_post(broker: &dyn Broker, number: usize) {
    let body = json!({
        "name": "post", "handle": format!("{{\"h\":{number}}}"), "likes": number, "at": "2026-01-02 03:04:05",
        "made": 1_760_000_000, "geo": { "country": "IN" }, "metrics": {},
    });
    let post = Outgoing::new("post.dx", "POST", body.to_string());
    broker.publish(post).await.unwrap();
}

async fn readiness(ops: &str) -> (u16, Value) {
    let answer = request(Method::GET, &format!("{ops}/readyz"), &[], "").await;
    (answer.status, serde_json::from_str(&answer.text).unwrap())
}

/// Waits until `/readyz` says what is wanted, and tells what else it says.
pub(crate) async fn until_ready_says(ops: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut report = Value::Null;
    for _ in 0..200 {
        report = readiness(ops).await.1;
        if wanted(&report) {
            return report;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("/readyz says {report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_pauses_only_its_own_tables() {
    let vhost = Vhost::create();
    let directory = tempfile::tempdir().unwrap();
    let (mut engine, address) = second(directory.path()).await;
    in_database("clusters", async |store: ClickHouse| {
        let audit = ClickHouse::new(address.clone())
            .unwrap()
            .in_database(&AUDIT);
        let applied = migrate::apply(&audit, &PIPELINE).await.unwrap();
        assert_eq!(applied, ["20261123T211500_create_post.sql"]);
        assert_eq!(migrate::apply(&store, &PIPELINE).await.unwrap().len(), 1);
        for database in [&store, &audit] {
            assert!(migrate::check(database, &PIPELINE).await.unwrap().fits());
        }
        let servers = BTreeMap::from([("logs".to_owned(), address.clone())]);
        let config = Config {
            amqp_url: Some(vhost.url()),
            strict: true,
            ..config(Some(&store), servers, directory.path())
        };
        let app = App::start(config, &PIPELINE).await.unwrap();
        let http = format!("http://{}", app.http_address());
        let ops = format!("http://{}", app.ops_address());

        // A trickle for both, until it is told to end.
        let stop = Arc::new(AtomicBool::new(false));
        let sending = tokio::spawn({
            let (http, broker, stop) = (http.clone(), app.broker(), Arc::clone(&stop));
            async move {
                let mut sent = 0;
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(send_event(&http, sent).await, 200);
                    send_post(broker.as_ref(), sent).await;
                    sent += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                sent as u64
            }
        });
        let all_is_well = |report: &Value| {
            report["clickhouse"] == json!({ "main": "up", "logs": "up" })
                && ["event", "everything", "post", "error"]
                    .iter()
                    .all(|t| report["tables"][t] == "fits")
        };
        until_ready_says(&ops, all_is_well).await;
        while number(&store, EVENTS).await == 0 || number(&audit, POSTS).await == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }

        let pid = Pid::from_raw(engine.pid().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        engine.exited().await.unwrap();
        let report = until_ready_says(&ops, |report| {
            report["clickhouse"]["logs"]["down"].is_string()
                && report["tables"]["post"]["paused"].is_string()
        })
        .await;
        assert_eq!(report["ready"], true, "{report:#}");
        assert_eq!(report["clickhouse"]["main"], "up", "{report:#}");
        let before = number(&store, EVENTS).await;
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let (_, report) = readiness(&ops).await;
            for table in ["event", "everything", "error"] {
                assert_eq!(report["tables"][table], "fits", "{report:#}");
            }
        }
        let after = number(&store, EVENTS).await;
        assert!(after > before + 20, "{before} rows, then {after}");
        let metrics = request(Method::GET, &format!("{ops}/metrics"), &[], "")
            .await
            .text;
        assert!(
            metrics.contains("event_grpc_clickhouse_up{server=\"logs\"} 0"),
            "{metrics}"
        );

        engine.restart().await.unwrap();
        stop.store(true, Ordering::Relaxed);
        let sent = sending.await.unwrap();
        eventually(&audit, POSTS, sent).await;
        eventually(&store, EVENTS, sent).await;
        until_ready_says(&ops, all_is_well).await;
        assert_eq!(number(&store, "SELECT count() FROM DB.error").await, 0);
        app.stop().await;
    })
    .await;
    engine.stop().await.unwrap();
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_at_start_delays_its_own_tables_only() {
    in_database("away", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let away = Address::parse("http://127.0.0.1:1").unwrap();
        let servers = BTreeMap::from([("logs".to_owned(), away)]);
        let config = config(Some(&store), servers, Path::new(""));
        let strict = Config {
            strict: true,
            ..config.clone()
        };
        let error = App::start(strict, &PIPELINE)
            .await
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("database audit (server logs)"), "{error}");

        let app = App::start(config, &PIPELINE).await.unwrap();
        let http = format!("http://{}", app.http_address());
        let ops = format!("http://{}", app.ops_address());
        assert_eq!(send_event(&http, 1).await, 200);
        eventually(&store, EVENTS, 1).await;
        until_ready_says(&ops, |report| {
            report["clickhouse"]["logs"]["down"].is_string() && report["clickhouse"]["main"] == "up"
        })
        .await;
        app.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_engine_holds_every_database() {
    let directory = tempfile::tempdir().unwrap();
    let config = config(None, BTreeMap::new(), directory.path());
    let app = App::start(config, &PIPELINE).await.unwrap();
    let http = format!("http://{}", app.http_address());
    assert_eq!(send_event(&http, 1).await, 200);
    send_post(app.broker().as_ref(), 1).await;
    let databases = app.databases().clone();
    eventually(databases.main(), EVENTS, 1).await;
    eventually(databases.main(), "SELECT count() FROM audit.post FINAL", 1).await;
    let books = "SELECT count() FROM system.tables WHERE name = 'schema_migrations'";
    assert_eq!(number(databases.main(), books).await, 2);
    let stand_ins = databases.stand_ins();
    assert_eq!(stand_ins, BTreeMap::from([("logs", vec!["audit"])]));
    app.stop().await;
}
