//! Logs of partitions as a consumer sees them: a topic that is made again, and partitions that go and come back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{
    Address, Broker, Deliveries, Delivery, KafkaAddress, KafkaOptions, Link, Outgoing,
    RabbitOptions, Topology,
};
use event_grpc::contract::{Pipeline, Queue};
use tokio::time::{Instant, sleep, timeout};

use super::support::{brokers, in_topics};
use super::topics;
use crate::broker::fixture::text;
use crate::broker::rabbit::until;
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
        delivery.ack.ack().await;
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
        delivery.ack.ack().await;
    }
    // The other one has some of them now, and goes.
    let moved = next(&of_two).await;
    moved.ack.ack().await;
    drop(of_two);
    two.close(Duration::from_secs(5)).await;
    let second = || (0..24).map(|n| format!("second-{n}"));
    publish(one.as_ref(), second()).await;
    all(&of_one, second()).await;
    drop(of_one);
    one.close(Duration::from_secs(5)).await;
    vhost.delete();
}

/// The pipeline with this prefetch of the queue.
fn of_prefetch(prefetch: u16, pipeline: &'static Pipeline) -> &'static Pipeline {
    let queues = pipeline.queues.iter().map(|queue| match queue.name {
        EVENTS => Queue { prefetch, ..*queue },
        _ => Queue { ..*queue },
    });
    let queues: Vec<Queue> = queues.collect();
    Box::leak(Box::new(Pipeline {
        queues: queues.leak(),
        ..*pipeline
    }))
}
