//! Messages of a key are in one partition, in their order; what has no key is in the queue itself.

use std::collections::BTreeMap;
use std::time::Duration;

use event_grpc::broker::{Broker as _, Deliveries, Outgoing, Rabbit, Settled};
use event_grpc::contract::{Destination, Pipeline, Queue, key_hash};
use event_grpc::generated::PIPELINE;

use super::{QUEUE, connected, pipeline};
use crate::support::topology::Vhost;

const KEYS: u64 = 12;
/// So many that a consumer would change its prefetch, if it weren't for the order.
const EACH: u64 = 20;

/// The pipeline with partitions that are forwarded: their order is promised.
fn forwarded(count: u16) -> &'static Pipeline {
    let whole = pipeline(count);
    let request = PIPELINE.requests.first().unwrap();
    let queues = whole.queues.iter().map(|queue| Queue {
        into: match queue.partition {
            Some(_) => Destination::Request(request),
            None => queue.into,
        },
        ..*queue
    });
    Box::leak(Box::new(Pipeline {
        queues: Vec::leak(queues.collect()),
        ..*whole
    }))
}

/// A message of a key, which says which one it is.
fn message(key: u64, number: u64) -> Outgoing {
    let hash = key_hash(key.to_string().as_bytes());
    let body = format!("{key} {number}");
    Outgoing::new("grpc_event.tx", "AddToCartEvent", body).in_partition(Some(hash))
}

/// So many messages of a queue, in the order in which they come, acknowledged.
async fn taken(broker: &Rabbit, queue: &str, count: usize) -> Vec<String> {
    let deliveries: Deliveries = broker.consume(queue).unwrap();
    let mut bodies = Vec::new();
    while bodies.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(20), deliveries.next());
        let delivery = next.await.expect(queue).unwrap();
        bodies.push(String::from_utf8(delivery.body.to_vec()).unwrap());
        assert!(delivery.properties.headers.is_empty(), "{delivery:?}");
        assert_eq!(delivery.ack.ack().await, Settled::Done);
    }
    let more = tokio::time::timeout(Duration::from_millis(300), deliveries.next());
    assert!(more.await.is_err(), "{queue} has more than {count}");
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_a_key_are_in_one_partition_in_their_order() {
    let vhost = Vhost::create();
    let broker = connected(&vhost, forwarded(4)).await;
    let mut expected: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for number in 0..EACH {
        for key in 0..KEYS {
            broker.publish(message(key, number)).await.unwrap();
            let partition = key_hash(key.to_string().as_bytes()) % 4;
            let in_it = expected.entry(partition).or_default();
            in_it.push(format!("{key} {number}"));
        }
    }
    assert!(expected.len() > 1, "one partition has all keys");
    for partition in 0..4 {
        let wanted = expected.remove(&partition).unwrap_or_default();
        let queue = format!("{QUEUE}.{partition}");
        assert_eq!(taken(&broker, &queue, wanted.len()).await, wanted);
    }
    assert!(taken(&broker, QUEUE, 0).await.is_empty());
    broker.close(Duration::from_secs(5)).await;
    vhost.delete();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_publish_and_what_is_counted_otherwise_is_in_the_queue_itself() {
    let vhost = Vhost::create();
    let broker = connected(&vhost, pipeline(4)).await;
    let mut wanted = Vec::new();
    // An instance that knows eight partitions, before and after it has declared them; others that know of none.
    let eight = connected(&vhost, pipeline(8)).await;
    let of_four = connected(&vhost, pipeline(4)).await;
    for number in 0..EACH {
        let body = format!("other {number}");
        let plain = Outgoing::new("grpc_event.tx", "AddToCartEvent", body.clone());
        broker.publish(plain).await.unwrap();
        wanted.push(body);
    }
    assert_eq!(taken(&broker, QUEUE, wanted.len()).await, wanted);
    // Both kinds of slots lead to partitions as long as both are bound.
    for key in 0..KEYS {
        eight.publish(message(key, 0)).await.unwrap();
        of_four.publish(message(key, 1)).await.unwrap();
    }
    let mut found = Vec::new();
    for partition in 0..8_u64 {
        let hash = |key: &u64| key_hash(key.to_string().as_bytes());
        let of_eight = (0..KEYS).filter(|key| hash(key) % 8 == partition);
        let of_four = (0..KEYS).filter(|key| hash(key) % 4 == partition);
        let count = of_eight.count() + of_four.count();
        let queue = format!("{QUEUE}.{partition}");
        found.extend(taken(&eight, &queue, count).await);
    }
    assert_eq!(found.len() as u64, 2 * KEYS);
    for broker in [broker, eight, of_four] {
        broker.close(Duration::from_secs(5)).await;
    }
    vhost.delete();
}
