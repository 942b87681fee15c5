//! A message at which the connection to ClickHouse ends, or ClickHouse does, however often it is sent.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{Broker, Delivery, Embedded, HeaderValue, Outgoing, Topology};
use event_grpc::contract::{
    Append, Batch, Block, ColumnSpec, Context, Destination, Exchange, ExchangeKind, IdFrom, Input,
    Layout, Message, Pipeline, Queue, QueueKind, Route, RowError, Shape, Storage, Table, headers,
};
use event_grpc::sink::clickhouse::ClickHouse;
use event_grpc::sink::requests::Requests;
use event_grpc::sink::{Store, Stores};
use event_grpc::worker::{self, HoldLimits, Pace, Setup, States};
use tokio_util::sync::CancellationToken;

use super::line::{Line, MARKER};
use crate::app::support::eventually;
use crate::clickhouse::support::{in_database, run_there};

static TABLE: Table = Table {
    name: "units",
    storage: Storage::ClickHouse(None),
    columns: &[ColumnSpec::new("id", "String", Layout::Text)],
    append: Append::Json(append),
    ddl: "",
};

static SHAPE: Shape = Shape {
    name: "test.Unit",
    fields: &[],
    dense: &[],
    any_of: &[],
    retired: &[],
};

fn append(block: &mut Block, message: &Message<'_>, _: &Context) -> Result<(), RowError> {
    let [ids] = block.columns::<1>()?;
    ids.text(message.body["id"].as_str().unwrap_or_default())?;
    block.grew(1);
    Ok(())
}

const IN: Route = Route {
    exchange: "units.dx",
    routing_key: "unit",
};
const DEAD: Route = Route {
    exchange: "units.dx",
    routing_key: "error",
};

fn pipeline() -> &'static Pipeline {
    let queue = |name, binding: &'static Route, dead_letter| Queue {
        name,
        kind: QueueKind::Quorum,
        topic: None,
        foreign: None,
        bindings: std::slice::from_ref(binding),
        workers: 2,
        prefetch: 100,
        retries: 2,
        breaker: 50,
        batch: Batch {
            rows: 20,
            bytes: 1 << 20,
            delay_ms: 50,
        },
        dead_letter,
        input: Input::Json(&SHAPE),
        id: IdFrom::MessageId,
        into: Destination::Table(&TABLE),
        derived: false,
        partition: None,
        partition_by: None,
    };
    let exchange = |name, kind, derived| Exchange {
        name,
        kind,
        derived,
    };
    Box::leak(Box::new(Pipeline {
        fingerprint: "test",
        schemas: "",
        descriptors: &[],
        sources: &[],
        exchanges: Box::leak(Box::new([
            exchange("units.dx", ExchangeKind::Direct, false),
            exchange("units.unrouted", ExchangeKind::Fanout, true),
        ])),
        queues: Box::leak(Box::new([
            queue("units_q", &IN, Some(DEAD)),
            queue("units_error_q", &DEAD, None),
        ])),
        tables: Box::leak(Box::new([&TABLE])),
        databases: &[],
        requests: &[],
        migrations: &[],
        postgres_migrations: &[],
        migrations_table: "schema_migrations",
        personal: &[],
        unrouted: "units.unrouted",
        retired: event_grpc::contract::Retired::NONE,
    }))
}

/// Sends a poison among good units over a line that ends at it, and gives its dead letter and how often the line ended.
async fn poisoned(name: &str, away: Duration) -> (Delivery, u32) {
    let mut found = None;
    in_database(name, async |store: ClickHouse| {
        run_there(
            &store,
            "CREATE TABLE units (id String) ENGINE = MergeTree ORDER BY id",
        )
        .await;
        let line = Line::before(&store, away).await;
        let pipeline = pipeline();
        let broker = Arc::new(Embedded::new(&Topology::of(pipeline, |_| true), 16 << 20));
        let reached: Arc<dyn Store> = Arc::new(line.over(&store));
        let setup = Setup {
            pipeline,
            broker: Arc::clone(&broker) as Arc<dyn Broker>,
            stores: Stores::new(pipeline.tables, |_| Some(Arc::clone(&reached))),
            requests: Requests::default(),
            pace: Pace::Full,
            hold_limits: HoldLimits {
                grace: Duration::from_millis(200),
                probe: Duration::from_millis(50),
                jitter: || 0.0,
            },
            states: States::default(),
            stop: CancellationToken::new(),
            give_up: CancellationToken::new(),
        };
        let mut tasks = worker::start(&setup, &[&pipeline.queues[0]]).unwrap();
        let publish = |id: String| {
            let broker = Arc::clone(&broker);
            let body = format!(r#"{{"id":"{id}"}}"#);
            tokio::spawn(async move {
                broker
                    .publish(Outgoing::new("units.dx", "unit", body))
                    .await
            })
        };
        let dead = broker.consume("units_error_q").unwrap();
        let mut sent = 0;
        // Good ones come before it, with it and after it.
        for _ in 0..30 {
            publish(format!("good-{sent}"));
            sent += 1;
        }
        publish(format!("{MARKER}-1"));
        let mut letter = Box::pin(tokio::time::timeout(Duration::from_secs(60), dead.next()));
        let letter = loop {
            tokio::select! {
                letter = &mut letter => break letter.expect("a letter").unwrap(),
                () = tokio::time::sleep(Duration::from_millis(100)) => {
                    publish(format!("good-{sent}"));
                    sent += 1;
                }
            }
        };
        eventually(&store, "SELECT uniqExact(id) FROM DB.units", sent).await;
        found = Some((letter, line.ends()));
        setup.stop.cancel();
        setup.give_up.cancel();
        while tasks.join_next().await.is_some() {}
    })
    .await;
    found.unwrap()
}

fn class(letter: &Delivery) -> HeaderValue {
    letter
        .properties
        .header(headers::DEAD_CLASS)
        .unwrap()
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_that_ends_the_connection_is_a_dead_letter_and_the_others_are_stored() {
    let (letter, ends) = poisoned("cut", Duration::ZERO).await;
    assert_eq!(
        &letter.body[..],
        format!(r#"{{"id":"{MARKER}-1"}}"#).as_bytes()
    );
    assert_eq!(class(&letter), HeaderValue::Text("unanswered".into()));
    assert!(ends < 30, "{ends}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_at_which_the_server_goes_away_is_one_too() {
    // For longer than messages are held.
    let (letter, ends) = poisoned("dies", Duration::from_millis(600)).await;
    assert_eq!(class(&letter), HeaderValue::Text("unanswered".into()));
    assert!(ends < 15, "{ends}");
}
