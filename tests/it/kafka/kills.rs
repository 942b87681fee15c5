//! An instance that is killed again and again while it stores: each event is in the table once, even without `FINAL`.

use std::process::{Command, Stdio};
use std::time::Duration;

use event_grpc::app::App;
use event_grpc::broker::{
    Address, Broker, KafkaAddress, KafkaOptions, Outgoing, RabbitOptions, Topology,
};
use event_grpc::contract::Pipeline;
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use prost::Message as _;
use rand::Rng as _;
use tokio::time::{Instant, sleep};

use super::support::{brokers, in_topics, on_kafka};
use crate::app::support::{eventually, everybody};
use crate::app::{cart, header};
use crate::broker::rabbit::until;
use crate::clickhouse::support::{address, in_database, number};
use crate::support::topology::Vhost;

const EVENTS: &str = "grpc_clickhouse_event_q";

/// What the killed process is told: the id of the topics, the virtual host and the database.
const TOLD: &str = "EVENT_GRPC_TEST_KILLED";

fn pipeline(id: &str) -> &'static Pipeline {
    in_topics(id, 3, &[(EVENTS, false)])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_killed_stores_each_event_once_without_final() {
    let Some(brokers) = brokers() else { return };
    let vhost = Vhost::create();
    let id = uuid::Uuid::now_v7().simple().to_string();
    in_database("kafka_kills", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let topology = Topology::of(pipeline(&id), |_| true);
        let kafka = KafkaAddress::parse(&brokers).unwrap();
        let options = (RabbitOptions::default(), KafkaOptions::default());
        let rabbit = Address::parse(&vhost.url()).unwrap();
        let broker = event_grpc::broker::connect(rabbit, Some(&kafka), &topology, options).unwrap();
        until(broker.as_ref(), |link| {
            *link == event_grpc::broker::Link::Up
        })
        .await;
        let told = format!("{id} {} {}", vhost.url(), store.address().database());
        let (mut sent, mut kills) = (0, 0);
        while kills < 6 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "kafka::kills::the_process_that_is_killed"])
                .env(TOLD, &told)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // It is killed a while after it has begun to store, at whatever it is doing then.
            let rows = "SELECT count() FROM DB.event";
            let before = number(&store, rows).await;
            let begun = Instant::now();
            while number(&store, rows).await == before {
                assert!(
                    begun.elapsed() < Duration::from_secs(90),
                    "it stores nothing"
                );
                publish(broker.as_ref(), sent).await;
                sent += 1;
                sleep(Duration::from_millis(50)).await;
            }
            let end = Instant::now() + Duration::from_millis(rand::rng().random_range(0..1500));
            while Instant::now() < end {
                for _ in 0..5 {
                    publish(broker.as_ref(), sent).await;
                    sent += 1;
                }
                sleep(Duration::from_millis(30)).await;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        let config = on_kafka(&store, &vhost, &brokers);
        let app = App::start(named(config, &brokers), pipeline(&id))
            .await
            .unwrap();
        let all = 10 * sent;
        eventually(&store, "SELECT uniqExact(event_id) FROM DB.event", all).await;
        assert_eq!(
            number(&store, "SELECT count() FROM DB.event").await,
            all,
            "without FINAL"
        );
        app.stop().await;
        broker.close(Duration::from_secs(5)).await;
    })
    .await;
    vhost.delete();
}

/// Not a test of its own: the process that the test above kills.
#[tokio::test(flavor = "multi_thread")]
async fn the_process_that_is_killed() {
    let (Ok(told), Some(brokers)) = (std::env::var(TOLD), brokers()) else {
        return;
    };
    let [id, vhost, database] = told.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let config = super::support::on_kafka_at(
        &ClickHouse::new(address().with_database(database.to_owned())).unwrap(),
        vhost,
        &brokers,
    );
    let config = event_grpc::app::Config {
        unverified: everybody(&PIPELINE),
        ..named(config, &brokers)
    };
    let app = App::start(config, pipeline(id)).await.unwrap();
    std::future::pending::<()>().await;
    app.stop().await;
}

/// The same member of the group each time, so that it gets its partitions back at once.
pub(super) fn named(config: event_grpc::app::Config, brokers: &str) -> event_grpc::app::Config {
    let kafka = KafkaAddress::parse(brokers)
        .unwrap()
        .with_instance(Some("killed".to_owned()));
    event_grpc::app::Config {
        kafka: Some(kafka),
        ..config
    }
}

async fn publish(broker: &dyn Broker, n: u64) {
    let events = (0..10).map(|k| cart(&format!("e-{n}-{k}"), "1760000000123"));
    let events = Events {
        header: header(),
        events: events.collect(),
    };
    let properties = event_grpc::broker::Properties {
        content_type: Some("application/x-protobuf".into()),
        ..Default::default()
    };
    let message = Outgoing::new("grpc_event.tx", "AddToCartEvent", events.encode_to_vec());
    broker.publish(message.with(properties)).await.unwrap();
}
