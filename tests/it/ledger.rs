//! `event-grpc ledger` against servers in processes of their own, on RabbitMQ and in memory: what is accounted for, what
//! vanished, and what a killed process took along.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use event_grpc::broker::{Address, Broker, Link, Rabbit, RabbitOptions, Settled, Topology};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::ClickHouse;
use http::Method;
use serde_json::{Value, json};

use crate::app::support::eventually;
use crate::clickhouse::support::{in_database, run_there};
use crate::http::request;
use crate::support::server::{Server, clickhouse_url, command, migrate};
use crate::support::topology::Vhost;

const QUEUE: &str = "grpc_clickhouse_event_q";
const ANY_PORT: &str = "127.0.0.1:0";
const ROWS: &str = "SELECT count() FROM DB.event FINAL";

/// Output of the ledger.
struct Answer {
    good: bool,
    out: String,
}

async fn ledger(arguments: &[&str]) -> Answer {
    let mut command = command("ledger");
    let output = command.args(arguments).output().await.unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(!out.is_empty(), "{arguments:?}: {err}");
    Answer {
        good: output.status.success(),
        out,
    }
}

/// Output as JSON: the line of a queue, and everything.
async fn line(queue: &str, arguments: &[&str]) -> (Value, Value) {
    let answer = ledger(&[arguments, &["--json"]].concat()).await;
    let all: Value = serde_json::from_str(&answer.out).expect(&answer.out);
    assert_eq!(all["explained"], answer.good, "{all}");
    let lines = all["queues"].as_array().unwrap();
    let line = lines.iter().find(|line| line["queue"] == queue);
    (line.unwrap().clone(), all)
}

/// The same once the queue has settled all that it delivered, or after half a minute.
async fn settled(queue: &str, arguments: &[&str]) -> (Value, Value) {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let (line, all) = self::line(queue, arguments).await;
        if line["acknowledged"] == line["delivered"] || Instant::now() > end {
            return (line, all);
        }
    }
}

/// A server that is connected.
async fn started(directory: &Path, ops: &str, serve: &[&str]) -> Server {
    let server = Server::start_at(directory, ops, serve).await;
    for _ in 0..200 {
        let url = format!("{}/readyz", server.ops);
        if request(Method::GET, &url, &[], "").await.status == 200 {
            return server;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the server doesn't get ready");
}

/// Sends events, each in a request of its own and so in a message of its own.
async fn send(server: &Server, ids: &[&str]) {
    for id in ids {
        let event = json!({ "id": id, "timestamp": "1760000000000", "addToCartEvent": { "productId": "42" } });
        let body = json!({ "header": { "userId": "7" }, "events": [event] }).to_string();
        let json = [("content-type", "application/json")];
        let url = format!("{}/event/dispatch", server.http);
        let answer = request(Method::POST, &url, &json, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

/// Takes one message out of a queue, as nobody should.
async fn drop_one(url: &str) {
    let topology = Topology::of(&PIPELINE, |_| true);
    let address = Address::parse(url).unwrap();
    let thief = Rabbit::connect(address, topology, RabbitOptions::default());
    thief
        .status()
        .wait_for(|s| s.link == Link::Up)
        .await
        .unwrap();
    let deliveries = thief.consume(QUEUE).unwrap();
    let delivery = deliveries.next().await.unwrap();
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    drop(deliveries);
    thief.close(Duration::from_secs(5)).await;
}

/// Waits until so many messages of the queue are ready and none is held.
async fn paused(arguments: &[&str], ready: i64) {
    let wanted = json!({ "low": ready, "high": ready });
    let none = json!({ "low": 0, "high": 0 });
    let mut found = Value::Null;
    for _ in 0..100 {
        found = line(QUEUE, arguments).await.0;
        if found["ready"] == wanted && found["held"] == none {
            return;
        }
        assert_ne!(found["verdict"], "missing", "{found}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{found}");
}

async fn on_rabbitmq(name: &str, test: impl AsyncFnOnce(&ClickHouse, &str, &[&str], &Path)) {
    let vhost = Vhost::create();
    let directory = tempfile::tempdir().unwrap();
    in_database(name, async |store: ClickHouse| {
        let (clickhouse, amqp) = (clickhouse_url(&store), vhost.url());
        migrate(&clickhouse).await;
        let serve = ["--amqp-url", &amqp, "--clickhouse-url", &clickhouse];
        test(&store, &amqp, &serve, directory.path()).await;
    })
    .await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_quiet_balances_and_one_that_vanished_is_missing() {
    on_rabbitmq("ledger", async |store, amqp, serve, directory| {
        let server = started(directory, ANY_PORT, serve).await;
        let opening = directory.join("opening.json");
        let opening = opening.to_str().unwrap();
        let asks = ["--instance", &server.ops, "--amqp-url", amqp];
        let constraint =
            "ALTER TABLE event ADD CONSTRAINT c CHECK NOT startsWith(event_id, 'poison')";
        run_there(store, constraint).await;
        send(&server, &["a", "b", "poison", "c"]).await;
        eventually(store, ROWS, 3).await;
        eventually(store, "SELECT count() FROM DB.error_event FINAL", 1).await;

        let (line, all) = self::line(QUEUE, &[&asks[..], &["--save", opening]].concat()).await;
        assert_eq!(all["quiet"], true, "{all}");
        let counts = [
            &line["published"],
            &line["acknowledged"],
            &line["unanswered"],
        ];
        assert_eq!(counts, [&json!(4), &json!(4), &json!(0)], "{line}");
        let lines = all["queues"].as_array().unwrap();
        let odd = lines.iter().find(|line| line["verdict"] != "balanced");
        assert_eq!(odd, None, "every queue balances");
        let events = all["events"].as_array().unwrap();
        let carts = json!({
            "type": "AddToCartEvent", "into": "event", "received": 4, "accepted": 4,
            "stored": 3, "dead_lettered": 1, "retried": 0
        });
        assert!(events.contains(&carts), "{events:#?}");

        run_there(store, "RENAME TABLE event TO away").await;
        send(&server, &["d", "e", "f"]).await;
        let since = [&asks[..], &["--opening", opening]].concat();
        paused(&since, 3).await;
        drop_one(amqp).await;
        run_there(store, "RENAME TABLE away TO event").await;
        eventually(store, ROWS, 5).await;

        let (line, all) = self::line(QUEUE, &since).await;
        assert_eq!(line["remainder"], json!({ "low": 1, "high": 1 }), "{line}");
        let counts = [&line["published"], &line["acknowledged"]];
        assert_eq!(counts, [&json!(3), &json!(2)], "{line}");
        let lines = all["queues"].as_array().unwrap();
        let odd = lines.iter().filter(|line| line["verdict"] != "balanced");
        assert_eq!(odd.count(), 1, "only this one: {all}");
        let told = ledger(&since).await;
        let said = told.out.contains(&format!("\n{QUEUE}: 1 missing: "));
        assert!(!told.good && said, "{}", told.out);
        server.kill().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_instance_had_counted_is_not_explained() {
    on_rabbitmq("ledger_killed", async |store, amqp, serve, directory| {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let ops = free.local_addr().unwrap().to_string();
        drop(free);
        let server = started(directory, &ops, serve).await;
        let opening = directory.join("opening.json");
        let opening = opening.to_str().unwrap();
        let url = server.ops.clone();
        let asks = ["--instance", &url, "--amqp-url", amqp];
        let saved = ledger(&[&asks[..], &["--save", opening]].concat()).await;
        assert!(saved.good, "{}", saved.out);
        run_there(store, "RENAME TABLE event TO away").await;
        send(&server, &["a", "b", "c"]).await;
        server.kill().await;
        run_there(store, "RENAME TABLE away TO event").await;
        let server = started(directory, &ops, serve).await;
        eventually(store, ROWS, 3).await;

        let since = [&asks[..], &["--opening", opening]].concat();
        let (line, _) = self::line(QUEUE, &since).await;
        assert_eq!(line["verdict"], "unknown", "{line}");
        assert_eq!(
            line["remainder"],
            json!({ "low": -3, "high": -3 }),
            "{line}"
        );
        let told = ledger(&since).await;
        let restarted = format!("3 too many, not explained (instance {url} restarted");
        assert!(told.good && told.out.contains(&restarted), "{}", told.out);
        // Without the opening it is what was there before.
        let (line, _) = self::line(QUEUE, &asks).await;
        assert_eq!(line["verdict"], "surplus", "{line}");
        server.kill().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_in_memory_is_its_instances_to_tell() {
    let directory = tempfile::tempdir().unwrap();
    in_database("ledger_memory", async |store: ClickHouse| {
        let clickhouse = clickhouse_url(&store);
        migrate(&clickhouse).await;
        let serve = ["--clickhouse-url", &clickhouse];
        let server = started(directory.path(), ANY_PORT, &serve).await;
        send(&server, &["a", "b"]).await;
        eventually(&store, ROWS, 2).await;
        let (line, all) = settled(QUEUE, &["--instance", &server.ops]).await;
        let counts = [
            &line["published"],
            &line["delivered"],
            &line["acknowledged"],
        ];
        assert_eq!(counts, [&json!(2); 3], "{line}");
        assert_eq!(line["verdict"], "balanced", "{all}");
        server.stop().await;
    })
    .await;
}
