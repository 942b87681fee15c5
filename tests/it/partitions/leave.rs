//! A queue with partitions that Kafka carries from now on: what waits in them goes along.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_grpc::broker::{Address, Broker as _, Cutover, CutoverError, Outgoing, Topology};
use event_grpc::contract::{Pipeline, Queue, Topic};
use futures_util::FutureExt as _;

use super::{QUEUE, connected, pipeline};
use crate::support::topology::Vhost;

/// The pipeline with the queue in a topic.
fn in_a_topic() -> &'static Pipeline {
    let topic = Topic {
        name: "never-asked-for",
        partitions: 4,
        replicas: 1,
        retention_ms: 3_600_000,
        bridged: false,
    };
    let plain = pipeline(0);
    let queues = plain.queues.iter().map(|queue| Queue {
        topic: (queue.name == QUEUE).then_some(topic),
        ..*queue
    });
    let queues: Vec<Queue> = queues.collect();
    Box::leak(Box::new(Pipeline {
        queues: queues.leak(),
        ..*plain
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_partitions_goes_to_kafka_with_their_queue() {
    let vhost = Vhost::create();
    let broker = connected(&vhost, pipeline(4)).await;
    let send = async |slot, body: &str| {
        let message = Outgoing::new("grpc_event.tx", "AddToCartEvent", body.to_owned());
        broker.publish(message.in_partition(slot)).await.unwrap();
    };
    for slot in 0..8 {
        send(Some(slot), &format!("of-{slot}")).await;
    }
    let consumed = broker.consume(&format!("{QUEUE}.2")).unwrap();
    _ = consumed.next().await.unwrap().ack.requeue().await;

    let topology = Topology::of(in_a_topic(), |_| true);
    let mut queues = topology.queues.iter();
    let queue = queues.find(|queue| queue.name == QUEUE).unwrap();
    let server = Cutover::dial(&Address::parse(&vhost.url()).unwrap())
        .await
        .unwrap();
    let moved = Arc::new(Mutex::new(Vec::new()));
    let publish = {
        let moved = Arc::clone(&moved);
        move |message: Outgoing| {
            let body = String::from_utf8(message.body.to_vec()).unwrap();
            moved.lock().unwrap().push(body);
            async { Ok(()) }.boxed()
        }
    };
    let refused = server.leave(queue, &publish).await;
    assert!(
        matches!(refused, Err(CutoverError::Consumed { .. })),
        "{refused:?}"
    );
    assert!(moved.lock().unwrap().is_empty());
    drop(consumed);
    broker.close(Duration::from_secs(5)).await;
    assert_eq!(server.leave(queue, &publish).await.unwrap(), Some(8));
    let mut bodies = moved.lock().unwrap().clone();
    bodies.sort_unstable();
    let all: Vec<String> = (0..8).map(|slot| format!("of-{slot}")).collect();
    assert_eq!(bodies, all);
    for index in 0..4 {
        let gone = server.depth(&format!("{QUEUE}.{index}")).await.unwrap();
        assert_eq!(gone, None);
    }
    assert_eq!(server.leave(queue, &publish).await.unwrap(), None);
    server.close().await;
    vhost.delete();
}
