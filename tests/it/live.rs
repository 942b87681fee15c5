//! The comparison of a build with the servers that run, and carrying its difference out.

mod postgres;
mod renamed;
mod retired;

use std::process::Command;
use std::time::Duration;

use event_grpc::broker::{Address, Cutover, Sample};
use event_grpc::contract::{Pipeline, Retired, RetiredQueue, Route};
use event_grpc::generated::PIPELINE;
use event_grpc::ops::live::{Kind, Plan, letters, retire};
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use lapin::options::{
    BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::{Value, json};

use crate::clickhouse::support::{in_database, run_there};
use crate::support::topology::Vhost;

const BEFORE: Route = Route {
    exchange: "beat.dx",
    routing_key: "before",
};
const ELSEWHERE: Route = Route {
    exchange: "before.dx",
    routing_key: "before",
};

/// The pipeline, after a queue and an exchange of before were retired.
fn pipeline() -> &'static Pipeline {
    static RETIRED: Retired = Retired {
        queues: &[RetiredQueue {
            name: "before_q",
            bindings: &[BEFORE, ELSEWHERE],
        }],
        unbound: &[],
        exchanges: &["before.dx"],
        ..Retired::NONE
    };
    Box::leak(Box::new(Pipeline {
        retired: RETIRED,
        ..PIPELINE
    }))
}

async fn connect(vhost: &Vhost) -> (Connection, Channel) {
    let url = vhost.url();
    let connected = Connection::connect(&url, ConnectionProperties::default());
    let connection = connected.await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let confirming = channel.confirm_select(ConfirmSelectOptions::default());
    confirming.await.unwrap();
    (connection, channel)
}

async fn dial(vhost: &Vhost) -> Cutover {
    let address = Address::parse(&vhost.url()).unwrap();
    Cutover::dial(&address).await.unwrap()
}

/// A classic queue, as a build of before declared it.
async fn declare(channel: &Channel, queue: &str, bindings: &[Route]) {
    declare_as(channel, queue, "classic", bindings).await;
}

/// A queue of this type.
async fn declare_as(channel: &Channel, queue: &str, kind: &str, bindings: &[Route]) {
    let durable = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    let mut arguments = FieldTable::default();
    if kind != "classic" {
        let kind = AMQPValue::LongString(kind.into());
        arguments.insert("x-queue-type".into(), kind);
    }
    let declared = channel.queue_declare(queue.into(), durable, arguments);
    declared.await.unwrap();
    for route in bindings {
        let options = QueueBindOptions::default();
        let bound = channel.queue_bind(
            queue.into(),
            route.exchange.into(),
            route.routing_key.into(),
            options,
            FieldTable::default(),
        );
        bound.await.unwrap();
    }
}

async fn publish(channel: &Channel, exchange: &str, key: &str, body: &str) {
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2);
    let options = BasicPublishOptions::default();
    let body = body.as_bytes();
    let sent = channel.basic_publish(exchange.into(), key.into(), options, body, properties);
    sent.await.unwrap().await.unwrap();
}

/// Waits until a queue has so many messages ready, and no consumer.
async fn until_ready(server: &Cutover, queue: &str, messages: u32) {
    for _ in 0..100 {
        if server.depth(queue).await.unwrap() == Some((messages, 0)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", server.depth(queue).await);
}

/// Lines of a plan of one kind.
fn lines(plan: &Plan, kind: Kind) -> Vec<String> {
    let findings = plan.findings.iter().filter(|finding| finding.kind == kind);
    findings
        .map(|finding| format!("{}: {}", finding.what, finding.how))
        .collect()
}

async fn steps(server: &Cutover, pipeline: &'static Pipeline) -> (bool, Vec<String>) {
    let mut steps = Vec::new();
    let told = |step: retire::Step| steps.push(format!("{} {}", step.done, step.what));
    let good = retire::carry_out(server, pipeline, true, told)
        .await
        .unwrap();
    (good, steps)
}

/// The same without what is deleted.
async fn unbound(server: &Cutover, pipeline: &'static Pipeline) -> (bool, Vec<String>) {
    let mut steps = Vec::new();
    let told = |step: retire::Step| steps.push(format!("{} {}", step.done, step.what));
    let good = retire::carry_out(server, pipeline, false, told)
        .await
        .unwrap();
    (good, steps)
}

/// Runs a command of the program; its exit status and what it says.
fn event_grpc(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_event-grpc"));
    command.args(arguments);
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.code(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_tells_what_would_become_a_dead_letter_and_takes_nothing() {
    let vhost = Vhost::create();
    let server = dial(&vhost).await;
    steps(&server, &PIPELINE).await;
    let (_connection, channel) = connect(&vhost).await;
    let queue = "post_log_events_q";
    let good = json!({
        "event_id": "1", "source": "test", "platform": "web", "profile_id": "p", "shortcode": "s",
        "event_timestamp": "2026-11-26 10:11:12", "metrics": {}, "dimensions": {},
    });
    let mut bad = good.clone();
    bad["event_timestamp"] = json!("yesterday");
    let (good, bad) = (good.to_string(), bad.to_string());
    for body in ["no json", &good, &bad, &good] {
        publish(&channel, "beat.dx", "post_log_events", body).await;
    }
    until_ready(&server, queue, 4).await;
    let bounds = Sample {
        messages: 3,
        bytes: 1 << 20,
    };
    // More than once, since each time they are delivered again.
    for _ in 0..3 {
        let mut plan = Plan::default();
        letters::sample(&server, &PIPELINE, bounds, &mut plan)
            .await
            .unwrap();
        let found = lines(&plan, Kind::Letters);
        assert_eq!(found.len(), 2, "{found:#?}");
        let of_queue = format!("queue {queue}: 1 of 3 events or objects in the first 3 messages");
        assert!(
            found.iter().all(|line| line.starts_with(&of_queue)),
            "{found:#?}"
        );
        let named = |line: &String| line.contains("event_timestamp");
        assert!(found.iter().any(named), "{found:#?}");
        until_ready(&server, queue, 4).await;
    }
    // In their order, too.
    let mut bodies = Vec::new();
    let all = Sample {
        messages: 10,
        bytes: 1 << 20,
    };
    let shown = server
        .sample(queue, all, |delivery| bodies.push(delivery.body))
        .await;
    assert_eq!(shown.unwrap(), 4);
    assert_eq!(bodies[0], "no json");
    assert_eq!(bodies[2], bad);
    // And so many bytes and no more.
    let few = Sample {
        messages: 10,
        bytes: 5,
    };
    assert_eq!(server.sample(queue, few, drop).await.unwrap(), 1);
    server.close().await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_and_pending_migrations_are_shown_and_nothing_is_changed() {
    in_database("live", async |store: ClickHouse| {
        let mut url = std::env::var("EVENT_GRPC_TEST_CLICKHOUSE_URL").unwrap();
        url.push('/');
        url.push_str(store.address().database());
        let plan = |format: &str| {
            let arguments = ["plan", "--against-live", "--format", format];
            event_grpc(&arguments, &[("EVENT_GRPC_CLICKHOUSE_URL", &url)])
        };
        let first = PIPELINE.migrations[0].name;
        let (status, said) = plan("text");
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains(&format!("migration {first}")), "{said}");
        let (_, again) = plan("text");
        assert_eq!(said, again);

        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (status, said) = plan("text");
        assert_eq!(status, Some(0), "{said}");
        assert!(said.contains("unseen    rabbitmq: queues and exchanges"), "{said}");

        run_there(&store, "ALTER TABLE event ADD COLUMN by_hand String").await;
        let (status, said) = plan("json");
        assert_eq!(status, Some(2), "{said}");
        let said: Value = serde_json::from_str(&said).unwrap();
        let findings = said["findings"].as_array().unwrap();
        let drift = findings.iter().find(|finding| finding["kind"] == "differs");
        let drift = drift.expect("the column");
        assert_eq!(drift["what"], "table event");
        assert!(drift["how"].as_str().unwrap().contains("`by_hand`"), "{drift}");
        run_there(&store, "ALTER TABLE event DROP COLUMN by_hand").await;

        // What a pending migration would touch.
        run_there(&store, "INSERT INTO event (event_id) SELECT toString(number) FROM numbers(7)").await;
        let forget = format!("ALTER TABLE schema_migrations DELETE WHERE name = '{first}' SETTINGS mutations_sync = 2");
        run_there(&store, &forget).await;
        let (status, said) = plan("text");
        assert_eq!(status, Some(2), "{said}");
        assert!(said.contains("touches table event (7 rows, 1 MiB on disk, 1 parts)"), "{said}");
    })
    .await;
    let nowhere = [("EVENT_GRPC_CLICKHOUSE_URL", "http://127.0.0.1:1/none")];
    let (status, said) = event_grpc(&["plan", "--against-live"], &nowhere);
    assert_eq!(status, Some(1), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn apply_changes_nothing_without_yes_and_is_carried_out_by_one_at_a_time() {
    let vhost = Vhost::create();
    let server = dial(&vhost).await;
    in_database("apply", async |store: ClickHouse| {
        let mut url = std::env::var("EVENT_GRPC_TEST_CLICKHOUSE_URL").unwrap();
        url.push('/');
        url.push_str(store.address().database());
        let amqp = vhost.url();
        let servers = [
            ("EVENT_GRPC_CLICKHOUSE_URL", url.as_str()),
            ("EVENT_GRPC_AMQP_URL", amqp.as_str()),
        ];
        let (status, said) = event_grpc(&["apply"], &servers);
        assert_eq!(status, Some(2), "{said}");
        assert!(
            said.contains("nothing was changed; --yes carries it out"),
            "{said}"
        );
        assert!(vhost.list("list_queues", "name").is_empty());

        let lock = server.lock("event_grpc.apply").await.unwrap();
        let (status, said) = event_grpc(&["apply", "--yes"], &servers);
        assert_eq!(status, Some(1), "{said}");
        assert!(
            said.contains("another event-grpc apply is under way"),
            "{said}"
        );
        lock.release().await;

        let (status, said) = event_grpc(&["apply", "--yes"], &servers);
        assert_eq!(status, Some(0), "{said}");
        assert!(said.contains("applied   migration "), "{said}");
        assert_eq!(
            vhost.list("list_queues", "name").len(),
            PIPELINE.queues.len()
        );
        let (status, said) = event_grpc(&["apply", "--yes"], &servers);
        assert_eq!(status, Some(0), "{said}");
        assert!(!said.contains("applied"), "{said}");
        let (status, said) = event_grpc(&["plan", "--against-live"], &servers);
        assert_eq!(status, Some(0), "{said}");
    })
    .await;
    server.close().await;
    vhost.delete();
}
