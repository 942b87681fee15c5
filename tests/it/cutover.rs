//! The takeover of a running classic topology as `docs/cutover.md` tells it, while producers go on.

mod alone;
mod old;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use event_grpc::access::Unverified;
use event_grpc::app::environment::Environment;
use event_grpc::app::{App, Config};
use event_grpc::broker::{Address, Cutover, CutoverError, Found, QueueSpec, Topology};
use event_grpc::contract::{Exchange, ExchangeKind, QueueKind, Route};
use event_grpc::generated::PIPELINE;
use event_grpc::ops::access::Options;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use serde_json::Value;

use crate::app::support::eventually;
use crate::clickhouse::support::{in_database, number};
use crate::http::request;
use crate::support::topology::Vhost;

/// Runs `event-grpc cutover` with nothing of the environment but where RabbitMQ is.
fn cutover(vhost: &Vhost, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_event-grpc"));
    command.arg("cutover").args(arguments);
    command.env("EVENT_GRPC_AMQP_URL", vhost.url());
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr)
    );
    (status.success(), text)
}

/// Runs the command for one queue and kills it after a while, wherever it is then.
async fn break_off(vhost: &Vhost, queue: &str, time_limit: Duration) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_event-grpc"));
    command.args(["cutover", "--queue", queue]);
    command.env("EVENT_GRPC_AMQP_URL", vhost.url());
    let mut child = command.spawn().unwrap();
    tokio::time::sleep(time_limit).await;
    // It may have ended.
    child.kill().ok();
    child.wait().unwrap();
    // The broker sees that the connection is gone.
    tokio::time::sleep(Duration::from_millis(500)).await;
}

fn config(vhost: &Vhost, store: &ClickHouse, strict: bool) -> Config {
    Config {
        grpc_listen: ([127, 0, 0, 1], 0).into(),
        http_listen: ([127, 0, 0, 1], 0).into(),
        ops: Options::at(([127, 0, 0, 1], 0).into()),
        doors: event_grpc::listen::Limits::default(),
        senders: event_grpc::access::Config::default(),
        tls: None,
        amqp_url: Some(vhost.url()),
        kafka: None,
        clickhouse: Some(store.address().clone()),
        clickhouse_servers: BTreeMap::new(),
        postgres: None,
        data: PathBuf::new(),
        engine_path: None,
        engine_port: None,
        engine_drop: Vec::new(),
        executable: None,
        environment: Environment::default(),
        unverified: Unverified::default(),
        strict,
        notice: Duration::ZERO,
        drain: Duration::from_secs(10),
        switches: None,
        replay: Duration::from_secs(60),
        traces: None,
    }
}

/// Answer of `/readyz` once an instance is ready.
async fn until_ready(url: &str) -> Value {
    let mut report = Value::Null;
    for _ in 0..100 {
        let answer = request(http::Method::GET, url, &[], "").await;
        report = serde_json::from_str(&answer.text).unwrap();
        if answer.status == 200 {
            return report;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{report:#}");
}

/// The names of the vhost's queues with their kind.
fn queues(vhost: &Vhost) -> BTreeMap<String, String> {
    let rows = vhost.list("list_queues", "name type");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.iter()
        .map(|row| (text(&row["name"]), text(&row["type"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_classic_topology_is_taken_over_and_nothing_is_lost() {
    let vhost = Vhost::create();
    let names = old::declare(&vhost.url()).await;
    let producers = old::Producers::start(&vhost.url());
    let consumer = old::Consumer::start(&vhost.url(), "post_log_events_q").await;
    producers.reach(500).await;

    in_database("cutover", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();

        // 1. What differs.
        let (good, said) = cutover(&vhost, &["--check"]);
        assert!(!good, "{said}");
        for name in &names {
            let line = format!("differs     queue {name}: it should be a durable quorum queue");
            assert!(said.contains(&line), "{said}");
        }
        vhost.import_the_definitions().await;
        assert_eq!(
            queues(&vhost)["post_log_events_q"],
            "classic",
            "what is there stays"
        );
        // An instance works with the queues as they are, and says where help is.
        let app = App::start(config(&vhost, &store, false), &PIPELINE)
            .await
            .unwrap();
        let url = format!("http://{}/readyz", app.ops_address());
        eventually(
            &store,
            "SELECT toUInt64(count() > 100) FROM DB.event FINAL",
            1,
        )
        .await;
        let report = until_ready(&url).await;
        let problem = report["topology"].to_string();
        for part in [
            "queue `post_log_events_q`",
            "inequivalent arg 'x-queue-type'",
            "docs/cutover.md",
        ] {
            assert!(problem.contains(part), "{report:#}");
        }
        app.stop().await;
        let strict = App::start(config(&vhost, &store, true), &PIPELINE).await;
        let error = strict.err().expect("a strict start").to_string();
        assert!(error.contains("docs/cutover.md"), "{error}");

        // 2. As long as somebody consumes a queue it stays.
        let (good, said) = cutover(&vhost, &["--queue", "post_log_events_q"]);
        assert!(
            !good && said.contains("still consumed (consumers: 1)"),
            "{said}"
        );
        assert_eq!(queues(&vhost)["post_log_events_q"], "classic");

        // 3. The old consumers end, and messages wait.
        let done = consumer.stop().await;
        assert!(!done.is_empty());
        producers.reach(producers.count() + 1000).await;

        // 4. The queues are replaced, under the producers' hands; the first attempts are broken off.
        for time_limit in [20, 60, 150, 400] {
            break_off(
                &vhost,
                "post_log_events_q",
                Duration::from_millis(time_limit),
            )
            .await;
        }
        let (good, said) = cutover(&vhost, &[]);
        assert!(good, "{said}");
        for name in names.iter().filter(|name| **name != "post_log_events_q") {
            assert!(
                said.contains(&format!("replaced    queue {name}, ")),
                "{said}"
            );
        }
        let (good, said) = cutover(&vhost, &["--check"]);
        assert!(good, "{said}");
        for (name, kind) in queues(&vhost) {
            assert_eq!(kind, "quorum", "{name}");
            assert!(!name.contains("cutover"), "{name}");
        }

        // 5. The new consumers begin.
        producers.reach(producers.count() + 200).await;
        let app = App::start(config(&vhost, &store, true), &PIPELINE)
            .await
            .unwrap();
        producers.reach(producers.count() + 200).await;
        let sent = producers.stop().await;
        eventually(
            &store,
            "SELECT count() FROM DB.event FINAL",
            sent.events as u64,
        )
        .await;
        // Messages that the old consumer has acknowledged are its own; the rest is ours.
        let posts = "SELECT uniqExact(event_id) FROM DB.post_log_event";
        let mine: BTreeSet<String> = sent.posts.difference(&done).cloned().collect();
        for id in &done {
            assert!(sent.posts.contains(id), "{id}");
        }
        eventually(&store, posts, mine.len() as u64).await;
        let ids: Vec<String> = store
            .rows(&format!(
                "SELECT DISTINCT event_id FROM {}.post_log_event",
                store.address().database()
            ))
            .await
            .unwrap();
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>(), mine);
        assert_eq!(
            number(&store, "SELECT count() FROM DB.error_event").await,
            0
        );
        app.stop().await;
    })
    .await;
    vhost.delete();
}

const EXCHANGE: Exchange = Exchange {
    name: "back.dx",
    kind: ExchangeKind::Direct,
    derived: false,
};

fn spec(kind: QueueKind) -> QueueSpec {
    QueueSpec {
        name: "back_q",
        kind,
        topic: None,
        foreign: None,
        bindings: &[Route {
            exchange: "back.dx",
            routing_key: "back",
        }],
        prefetch: 10,
        prefetch_bytes: 16 << 20,
        awaited: true,
        partition: None,
        keyed: false,
    }
}

fn topology(kind: QueueKind) -> Topology {
    Topology {
        exchanges: vec![EXCHANGE],
        queues: vec![spec(kind)],
        unrouted: "",
        renamed: &[],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_replaced_there_and_back_and_after_being_broken_off() {
    let vhost = Vhost::create();
    let cutover = Cutover::dial(&Address::parse(&vhost.url()).unwrap())
        .await
        .unwrap();
    assert_eq!(cutover.exchange(&EXCHANGE).await.unwrap(), Found::Missing);
    assert_eq!(
        cutover.queue(&spec(QueueKind::Quorum)).await.unwrap(),
        Found::Missing
    );
    let replace = async |kind| cutover.replace(&topology(kind), &spec(kind)).await;
    assert_eq!(replace(QueueKind::Classic).await.unwrap(), 0);
    assert_eq!(cutover.exchange(&EXCHANGE).await.unwrap(), Found::Fits);
    old::publish(&vhost.url(), "back.dx", "back", 500).await;

    for (kind, now) in [
        (QueueKind::Quorum, "quorum"),
        (QueueKind::Classic, "classic"),
        (QueueKind::Quorum, "quorum"),
    ] {
        let found = cutover.queue(&spec(kind)).await.unwrap();
        assert!(matches!(found, Found::Differs(_)), "{found:?}");
        assert_eq!(replace(kind).await.unwrap(), 1000, "there and back");
        assert_eq!(cutover.queue(&spec(kind)).await.unwrap(), Found::Fits);
        assert_eq!(
            queues(&vhost),
            BTreeMap::from([("back_q".to_owned(), now.to_owned())])
        );
    }

    // Broken off when the stand-in held everything and the queue was gone.
    old::rename(
        &vhost.url(),
        "back_q",
        "event_grpc.cutover.back_q",
        "back.dx",
        "back",
    )
    .await;
    assert_eq!(
        cutover.queue(&spec(QueueKind::Quorum)).await.unwrap(),
        Found::Unfinished
    );
    old::publish(&vhost.url(), "back.dx", "back", 7).await;
    assert_eq!(replace(QueueKind::Quorum).await.unwrap(), 507);
    assert_eq!(
        cutover.queue(&spec(QueueKind::Quorum)).await.unwrap(),
        Found::Fits
    );

    // An exchange of another kind is nothing that can be replaced under producers.
    let fanout = Exchange {
        kind: ExchangeKind::Fanout,
        ..EXCHANGE
    };
    let found = cutover.exchange(&fanout).await.unwrap();
    assert!(matches!(found, Found::Differs(_)), "{found:?}");
    let other = Topology {
        exchanges: vec![fanout],
        ..topology(QueueKind::Classic)
    };
    let refused = cutover.replace(&other, &spec(QueueKind::Classic)).await;
    assert!(
        matches!(refused, Err(CutoverError::Exchange { .. })),
        "{refused:?}"
    );
    cutover.close().await;
    vhost.delete();
}
