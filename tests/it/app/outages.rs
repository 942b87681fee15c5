//! RabbitMQ and ClickHouse while a table comes and goes, and while this build panics at a unit.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{
    Address, Broker, HeaderValue, Link, Outgoing, Properties, Rabbit, RabbitOptions, Topology,
};
use event_grpc::contract::{
    Append, Batch, Block, ColumnSpec, Context, Destination, Exchange, ExchangeKind, IdFrom, Input,
    Layout, Message, Pipeline, Queue, QueueKind, Route, RowError, Shape, Storage, Table, headers,
};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::{Event, Events};
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use event_grpc::sink::requests::Requests;
use event_grpc::sink::{Store, Stores};
use event_grpc::worker::{self, HoldLimits, Pace, Setup, States};
use prost::Message as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::support::eventually;
use super::{cart, header};
use crate::clickhouse::support::{in_database, number, run_there};
use crate::support::topology::Vhost;

/// A connection that is up, with the topology declared.
pub(crate) async fn connected(vhost: &Vhost, pipeline: &'static Pipeline) -> Arc<Rabbit> {
    let address = Address::parse(&vhost.url()).unwrap();
    let topology = Topology::of(pipeline, |_| true);
    let broker = Rabbit::connect(address, topology, RabbitOptions::default());
    let up = broker
        .status()
        .wait_for(|s| s.link == Link::Up)
        .await
        .is_ok();
    assert!(up);
    Arc::new(broker)
}

/// Workers that don't hold messages for long.
pub(crate) fn workers(
    broker: &Arc<Rabbit>,
    store: &ClickHouse,
    pipeline: &'static Pipeline,
    queues: &[&str],
) -> (Setup, JoinSet<()>) {
    let store: Arc<dyn Store> = Arc::new(store.clone());
    let setup = Setup {
        pipeline,
        broker: Arc::clone(broker) as Arc<dyn Broker>,
        stores: Stores::new(pipeline.tables, |_| Some(Arc::clone(&store))),
        requests: Requests::default(),
        pace: Pace::Eager,
        hold_limits: HoldLimits {
            grace: Duration::from_millis(60),
            probe: Duration::from_millis(20),
            ..HoldLimits::default()
        },
        states: States::default(),
        stop: CancellationToken::new(),
        give_up: CancellationToken::new(),
    };
    let wanted = |queue: &&Queue| queues.contains(&queue.name);
    let queues: Vec<&Queue> = pipeline.queues.iter().filter(wanted).collect();
    let tasks = worker::start(&setup, &queues).unwrap();
    (setup, tasks)
}

/// Ends workers, and then the connection.
pub(crate) async fn ended(setup: Setup, mut tasks: JoinSet<()>, broker: &Rabbit) {
    setup.stop.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    broker.close(Duration::from_secs(5)).await;
}

fn events(events: Vec<Event>) -> Outgoing {
    let request = Events {
        header: header(),
        events,
    };
    let properties = Properties {
        content_type: Some(headers::PROTOBUF.into()),
        ..Properties::default()
    };
    let message = Outgoing::new("grpc_event.tx", "AddToCartEvent", request.encode_to_vec());
    message.with(properties)
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_outages_and_a_poison_event_cost_that_event_alone() {
    let vhost = Vhost::create();
    in_database("outages", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let broker = connected(&vhost, &PIPELINE).await;
        let queues = ["grpc_clickhouse_event_q", "grpc_clickhouse_event_error_q"];
        let (setup, tasks) = workers(&broker, &store, &PIPELINE, &queues);
        for n in 0..50 {
            run_there(&store, "RENAME TABLE event TO away").await;
            for m in 0..4 {
                let event = cart(&format!("e-{n}-{m}"), "1760000000000");
                broker.publish(events(vec![event])).await.unwrap();
            }
            while !setup.states.paused().contains_key("event") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // Sometimes within the grace, sometimes long after it.
            tokio::time::sleep(Duration::from_millis(20 + 40 * (n % 10))).await;
            run_there(&store, "RENAME TABLE away TO event").await;
            while setup.states.paused().contains_key("event") {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        let stored = "SELECT uniqExact(event_id) FROM DB.event";
        eventually(&store, stored, 200).await;
        assert_eq!(
            number(&store, "SELECT count() FROM DB.error_event").await,
            0
        );

        let poison = "ALTER TABLE event ADD CONSTRAINT c CHECK NOT startsWith(event_id, 'poison')";
        run_there(&store, poison).await;
        let ids = (0..50).map(|n| {
            if n == 17 {
                "poison".into()
            } else {
                format!("good-{n}")
            }
        });
        let batch = ids.map(|id| cart(&id, "1760000000000")).collect();
        broker.publish(events(batch)).await.unwrap();
        eventually(&store, stored, 249).await;
        let refused =
            "SELECT count() FROM DB.error_event WHERE class = 'refused' AND event_id = 'poison'";
        eventually(&store, refused, 1).await;
        assert_eq!(
            number(&store, "SELECT count() FROM DB.error_event").await,
            1
        );
        ended(setup, tasks, &broker).await;
    })
    .await;
    vhost.delete();
}

static TABLE: Table = Table {
    name: "fragile",
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
    let id = message.body["id"].as_str().unwrap_or_default();
    let [ids] = block.columns::<1>()?;
    ids.text(id)?;
    assert_ne!(id, "fragile", "this build can't do it");
    block.grew(1);
    Ok(())
}

/// A pipeline of one table, one queue and its error queue.
pub(crate) fn fragile() -> &'static Pipeline {
    let queue = |name, binding: &'static Route, dead_letter| Queue {
        name,
        kind: QueueKind::Quorum,
        topic: None,
        foreign: None,
        bindings: std::slice::from_ref(binding),
        workers: 2,
        prefetch: 20,
        retries: 1,
        breaker: 50,
        batch: Batch {
            rows: 10,
            bytes: 1 << 20,
            delay_ms: 100,
        },
        dead_letter,
        input: Input::Json(&SHAPE),
        id: IdFrom::MessageId,
        into: Destination::Table(&TABLE),
        derived: false,
        partition: None,
        partition_by: None,
    };
    const IN: Route = Route {
        exchange: "fragile.dx",
        routing_key: "unit",
    };
    const DEAD: Route = Route {
        exchange: "fragile.dx",
        routing_key: "error",
    };
    let exchange = |name, kind, derived| Exchange {
        name,
        kind,
        derived,
    };
    let queues = [
        queue("fragile_q", &IN, Some(DEAD)),
        queue("fragile_error_q", &DEAD, None),
    ];
    let exchanges = [
        exchange("fragile.dx", ExchangeKind::Direct, false),
        exchange("fragile.unrouted", ExchangeKind::Fanout, true),
    ];
    Box::leak(Box::new(Pipeline {
        fingerprint: "test",
        schemas: "",
        descriptors: &[],
        sources: &[],
        exchanges: Box::leak(Box::new(exchanges)),
        queues: Box::leak(Box::new(queues)),
        tables: Box::leak(Box::new([&TABLE])),
        databases: &[],
        requests: &[],
        migrations: &[],
        postgres_migrations: &[],
        migrations_table: "schema_migrations",
        personal: &[],
        unrouted: "fragile.unrouted",
        retired: event_grpc::contract::Retired::NONE,
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_costs_its_unit_its_retries_and_nothing_else() {
    let vhost = Vhost::create();
    in_database("panics", async |store: ClickHouse| {
        run_there(
            &store,
            "CREATE TABLE fragile (id String) ENGINE = MergeTree ORDER BY id",
        )
        .await;
        let pipeline = fragile();
        let broker = connected(&vhost, pipeline).await;
        let (setup, tasks) = workers(&broker, &store, pipeline, &["fragile_q"]);
        let body = r#"[{"id":"a"},{"id":"fragile"},{"id":"b"}]"#;
        broker
            .publish(Outgoing::new("fragile.dx", "unit", body))
            .await
            .unwrap();
        broker
            .publish(Outgoing::new("fragile.dx", "unit", r#"{"id":"c"}"#))
            .await
            .unwrap();
        eventually(&store, "SELECT uniqExact(id) FROM DB.fragile", 3).await;
        let dead = broker.consume("fragile_error_q").unwrap();
        let letter = tokio::time::timeout(Duration::from_secs(30), dead.next());
        let letter = letter.await.unwrap().unwrap();
        assert_eq!(&letter.body[..], br#"{"id":"fragile"}"#);
        let text = |text: &str| HeaderValue::Text(text.to_owned());
        let told = |name| letter.properties.header(name).unwrap().clone();
        assert_eq!(told(headers::DEAD_CLASS), text("panic"));
        assert_eq!(told(headers::DEAD_EXCHANGE), text("fragile.dx"));
        assert_eq!(told(headers::DEAD_ROUTING_KEY), text("unit"));
        assert_eq!(told(headers::DEAD_ATTEMPTS), HeaderValue::Integer(2));
        let times =
            [headers::DEAD_FIRST_FAILED, headers::DEAD_LAST_FAILED].map(|name| match told(name) {
                HeaderValue::Integer(time) => time,
                other => panic!("{other:?}"),
            });
        assert!(times[1] - times[0] > 2000, "{times:?}");
        assert_eq!(
            number(&store, "SELECT count() FROM DB.fragile").await,
            3,
            "no unit went twice"
        );
        drop(letter);
        drop(dead);
        ended(setup, tasks, &broker).await;
    })
    .await;
    vhost.delete();
}
