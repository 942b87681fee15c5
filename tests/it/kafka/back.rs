//! The way back from Kafka: what waits in a queue's topics goes to RabbitMQ, each message once, and never while somebody
//! consumes them.

use std::time::Duration;

use event_grpc::app::Config;
use event_grpc::broker::{
    Address, BackError, Broker, Cutover, DrainError, HeaderValue, KafkaAddress, KafkaOptions, Link,
    Outgoing, Properties, Rabbit, RabbitOptions, Topology, move_back,
};
use event_grpc::contract::headers::{PROTOBUF, RETRY_COUNT, RETRY_EXCHANGE, RETRY_ROUTING_KEY};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use prost::Message as _;

use super::support::{brokers, in_topics, on_kafka};
use crate::app::support::{config, eventually, started_of};
use crate::app::{cart, header};
use crate::broker::rabbit::until;
use crate::clickhouse::support::in_database;
use crate::support::topology::Vhost;

const EVENTS: &str = "grpc_clickhouse_event_q";

/// More than are moved at once.
const COUNT: u64 = 450;

fn message(exchange: &'static str, key: &'static str, body: Vec<u8>) -> Outgoing {
    let properties = Properties {
        content_type: Some(PROTOBUF.into()),
        ..Properties::default()
    };
    Outgoing::new(exchange, key, body).with(properties)
}

fn events(id: &str) -> Vec<u8> {
    let events = Events {
        header: header(),
        events: vec![cart(id, "1760000000123")],
    };
    events.encode_to_vec()
}

/// Publishes events, one that goes round a second time, and one that nobody can read, while nobody consumes them.
async fn leave_behind(broker: &dyn Broker) {
    until(broker, |link| *link == Link::Up).await;
    for n in 0..COUNT {
        let sent = message("grpc_event.tx", "AddToCartEvent", events(&format!("e-{n}")));
        broker.publish(sent).await.unwrap();
    }
    let mut again = message("", EVENTS, events("again"));
    let text = |text: &str| HeaderValue::Text(text.to_owned());
    for (name, value) in [
        (RETRY_COUNT, HeaderValue::Integer(1)),
        (RETRY_EXCHANGE, text("grpc_event.tx")),
        (RETRY_ROUTING_KEY, text("AddToCartEvent")),
    ] {
        again.properties.set_header(name, value);
    }
    broker.publish(again).await.unwrap();
    let unreadable = message("grpc_event.tx", "AddToCartEvent", vec![0x2a, 0xff]);
    broker.publish(unreadable).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_a_topic_goes_back_to_rabbitmq_and_nothing_is_taken_from_who_consumes_it() {
    let Some(brokers) = brokers() else { return };
    let vhost = Vhost::create();
    let id = uuid::Uuid::now_v7().simple().to_string();
    let (before, topic) = (
        in_topics(&id, 3, &[(EVENTS, false)]),
        format!("test-{id}.{EVENTS}"),
    );
    in_database("kafka_back", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let kafka = KafkaAddress::parse(&brokers).unwrap();
        let address = Address::parse(&vhost.url()).unwrap();
        let cutover = Cutover::dial(&address).await.unwrap();
        let back = async |topic: &str| move_back(&cutover, &kafka, topic, EVENTS).await;

        let options = (RabbitOptions::default(), KafkaOptions::default());
        let topology = Topology::of(before, |_| true);
        let former = event_grpc::broker::connect(address.clone(), Some(&kafka), &topology, options);
        let former = former.unwrap();
        leave_behind(former.as_ref()).await;
        former.close(Duration::from_secs(5)).await;
        let refused = back(&topic).await;
        assert!(
            matches!(refused, Err(BackError::NoQueue(EVENTS))),
            "{refused:?}"
        );

        let today = Rabbit::connect(
            address,
            Topology::of(&PIPELINE, |_| true),
            RabbitOptions::default(),
        );
        until(&today, |link| *link == Link::Up).await;
        today.close(Duration::from_secs(5)).await;
        let missing = back("there-is-none").await;
        let missing = matches!(missing, Err(BackError::Kafka(DrainError::Missing(_))));
        assert!(missing, "a topic that isn't there");
        assert_eq!(back(&topic).await.unwrap(), COUNT + 2);
        assert_eq!(back(&topic).await.unwrap(), 0);

        let on_rabbit = Config {
            amqp_url: Some(vhost.url()),
            ..config(&store)
        };
        let (app, seen) = started_of(on_rabbit, &PIPELINE).await;
        eventually(&store, "SELECT count() FROM DB.event FINAL", COUNT + 1).await;
        // It knows where it was published first.
        let letter = "SELECT count() FROM DB.error_event FINAL WHERE class = 'malformed' \
             AND exchange = 'grpc_event.tx' AND routing_key = 'AddToCartEvent'";
        eventually(&store, letter, 1).await;
        drop(seen);
        app.stop().await;

        // An instance of the former build consumes the topic.
        let (app, seen) = started_of(on_kafka(&store, &vhost, &brokers), before).await;
        let mut consumed = back(&topic).await;
        for _ in 0..100 {
            if consumed.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            consumed = back(&topic).await;
        }
        let consumed = matches!(consumed, Err(BackError::Kafka(DrainError::Consumed { .. })));
        assert!(consumed, "a topic with a consumer");
        drop(seen);
        app.stop().await;
        assert_eq!(back(&topic).await.unwrap(), 0);
        cutover.close().await;
    })
    .await;
    vhost.delete();
}
