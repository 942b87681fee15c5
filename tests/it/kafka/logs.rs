//! Logs of partitions as a consumer sees them: a topic that is made again, and partitions that go and come back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{
    Address, Broker, Deliveries, Delivery, KafkaAddress, KafkaOptions, Link, Outgoing,
    RabbitOptions, Topology,
};
use event_grpc::contract::{Batch, Pipeline, Queue};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::sink::clickhouse::{ClickHouse, migrate};
use tokio::time::{Instant, sleep, timeout};

use super::support::{brokers, in_topics, on_kafka};
use super::topics;
use crate::app::support::started_of;
use crate::app::{cart, header};
use crate::broker::fixture::text;
use crate::broker::rabbit::until;
use crate::clickhouse::support::{in_database, number};
use crate::support::topology::Vhost;

const EVENTS: &str = "grpc_clickhouse_event_q";

/// How long a group may take to notice something.
const PATIENCE: Duration = Duration::from_secs(90);

fn id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

async fn connected(vhost: &Vhost, brokers: &str, pipeline: &'static Pipeline) -> Arc<dyn Broker> {
    let rabbit = Address::parse(&vhost.url()).unwrap();
    let kafka = KafkaAddress::parse(brokers).unwrap();
    let options = (RabbitOptions::default(), KafkaOptions::default());
    let topology = Topology::of(pipeline, |_| true);
    let broker = event_grpc::broker::connect(rabbit, Some(&kafka), &topology, options).unwrap();
    until(broker.as_ref(), |link| *link == Link::Up).await;
    broker
}

/// Publishes these bodies, each until it is confirmed.
async fn publish(broker: &dyn Broker, bodies: impl Iterator<Item = String>) {
    let end = Instant::now() + PATIENCE;
    for body in bodies {
        let message = || Outgoing::new("grpc_event.tx", "AddToCartEvent", body.clone());
        while let Err(error) = broker.publish(message()).await {
            assert!(error.retry_helps() && Instant::now() < end, "{error}");
            sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn next(deliveries: &Deliveries) -> Delivery {
    let next = timeout(PATIENCE, deliveries.next()).await;
    next.expect("a message comes").expect("it goes on")
}

/// Takes and acknowledges messages until each of these bodies has come.
async fn all(deliveries: &Deliveries, bodies: impl Iterator<Item = String>) {
    let mut left: BTreeSet<String> = bodies.collect();
    while !left.is_empty() {
        let Ok(delivery) = timeout(PATIENCE, deliveries.next()).await else {
            panic!("these don't come: {left:?}");
        };
        let delivery = delivery.unwrap();
        left.remove(text(&delivery));
        _ = delivery.ack.ack().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_again_is_read_from_its_first_record() {
    let Some(brokers) = brokers() else { return };
    let (vhost, id) = (Vhost::create(), id());
    let broker = connected(&vhost, &brokers, in_topics(&id, 1, &[(EVENTS, false)])).await;
    let deliveries = broker.consume(EVENTS).unwrap();
    let before = || (0..50).map(|n| format!("before-{n}"));
    publish(broker.as_ref(), before()).await;
    all(&deliveries, before()).await;
    topics::delete(&brokers, &format!("test-{id}.{EVENTS}")).await;
    // They have offsets that were settled before.
    let since = || (0..10).map(|n| format!("since-{n}"));
    publish(broker.as_ref(), since()).await;
    all(&deliveries, since()).await;
    drop(deliveries);
    broker.close(Duration::from_secs(5)).await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_left_while_they_were_paused_are_read_when_they_come_back() {
    let Some(brokers) = brokers() else { return };
    let vhost = Vhost::create();
    let pipeline = of_prefetch(4, in_topics(&id(), 4, &[(EVENTS, false)]));
    let one = connected(&vhost, &brokers, pipeline).await;
    let of_one = one.consume(EVENTS).unwrap();
    let first = || (0..24).map(|n| format!("first-{n}"));
    publish(one.as_ref(), first()).await;
    // It holds all that it may, for so long that its partitions are paused.
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(next(&of_one).await);
    }
    sleep(Duration::from_secs(2)).await;
    let two = connected(&vhost, &brokers, pipeline).await;
    let of_two = two.consume(EVENTS).unwrap();
    sleep(Duration::from_secs(5)).await;
    for delivery in held {
        _ = delivery.ack.ack().await;
    }
    // The other one has some of them now, and goes.
    let moved = next(&of_two).await;
    _ = moved.ack.ack().await;
    drop(of_two);
    two.close(Duration::from_secs(5)).await;
    let second = || (0..24).map(|n| format!("second-{n}"));
    publish(one.as_ref(), second()).await;
    all(&of_one, second()).await;
    drop(of_one);
    one.close(Duration::from_secs(5)).await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_share_a_prefetch_are_stored_when_it_is_used_up_and_not_when_they_are_old()
{
    let Some(brokers) = brokers() else { return };
    let vhost = Vhost::create();
    let pipeline = in_topics(&id(), 4, &[(EVENTS, false)]);
    let pipeline = changed(pipeline, |queue| Queue {
        // Four partitions wait for two minutes.
        batch: Batch {
            bytes: 64 << 10,
            delay_ms: 30_000,
            ..queue.batch
        },
        ..*queue
    });
    in_database("kafka_lanes", async |store: ClickHouse| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (app, seen) = started_of(on_kafka(&store, &vhost, &brokers), pipeline).await;
        for n in 0..200 {
            let events = (0..20).map(|k| cart(&format!("e-{n}-{k}"), "1760000000123"));
            let request = Events {
                header: header(),
                events: events.collect(),
            };
            assert_eq!(seen.dispatch(request).await.unwrap().accepted, 20);
        }
        let end = Instant::now() + Duration::from_secs(60);
        let stored = async || number(&store, "SELECT count() FROM DB.event FINAL").await;
        // The last ones are less than a prefetch.
        while stored().await < 3000 {
            assert!(Instant::now() < end, "{} of 4000", stored().await);
            sleep(Duration::from_millis(200)).await;
        }
        drop(seen);
        app.stop().await;
        assert_eq!(stored().await, 4000);
    })
    .await;
    vhost.delete();
}

/// The pipeline with this prefetch of the queue.
fn of_prefetch(prefetch: u16, pipeline: &'static Pipeline) -> &'static Pipeline {
    changed(pipeline, |queue| Queue { prefetch, ..*queue })
}

/// The pipeline with the queue changed.
fn changed(
    pipeline: &'static Pipeline,
    change: impl Fn(&'static Queue) -> Queue,
) -> &'static Pipeline {
    let queues = pipeline.queues.iter().map(|queue| match queue.name {
        EVENTS => change(queue),
        _ => Queue { ..*queue },
    });
    let queues: Vec<Queue> = queues.collect();
    Box::leak(Box::new(Pipeline {
        queues: queues.leak(),
        ..*pipeline
    }))
}
