//! Kafka beside a broker in memory: the common promises, against a real cluster.

use std::sync::Arc;
use std::time::Duration;

use event_grpc::broker::{
    Broker, Embedded, KafkaAddress, KafkaClientError, KafkaOptions, Link, Outgoing, Router,
    Settled, Topology,
};
use event_grpc::contract::Topic;

use super::conformance;
use super::fixture::{Fixture, receive};
use super::rabbit::until;
use crate::kafka::support::brokers;

/// A cluster that has the queues `one`, `two` and `narrow`, beside a broker that has the rest; none where there is no
/// Kafka.
async fn start() -> Option<(Arc<dyn Broker>, Fixture)> {
    let mut names = Fixture::new();
    for queue in &mut names.topology.queues {
        if queue.name != names.lost {
            queue.topic = Some(Topic {
                name: queue.name,
                partitions: 1,
                replicas: 1,
                retention_ms: 3_600_000,
                bridged: false,
            });
        }
    }
    let memory = |topology: &Topology| -> Result<Arc<dyn Broker>, KafkaClientError> {
        Ok(Arc::new(Embedded::new(topology, 8 << 20)))
    };
    let address = KafkaAddress::parse(&brokers()?).unwrap();
    let options = KafkaOptions::default();
    let router = Router::connect(&address, names.topology.clone(), options, memory).unwrap();
    until(&router, |link| *link == Link::Up).await;
    Some((Arc::new(router), names))
}

macro_rules! promises {
    ($($promise:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                if let Some((broker, names)) = start().await {
                    conformance::$promise(Arc::clone(&broker), &names).await;
                    broker.close(Duration::from_secs(5)).await;
                }
            }
        )*
    };
}

promises!(
    topic_patterns_route,
    direct_and_fanout_route,
    what_no_binding_matches_is_kept,
    order_is_kept,
    prefetch_is_a_limit,
    unsettled_messages_come_again,
    a_stopped_consumer_keeps_what_it_holds,
    properties_and_large_bodies_arrive,
    a_retry_takes_the_place_of_its_original,
    impossible_wishes_are_refused,
);

#[tokio::test(flavor = "multi_thread")]
async fn workers_share_a_consumer() {
    let Some((broker, names)) = start().await else {
        return;
    };
    // The group takes a moment to form, and the workers are done after a second of silence.
    let one = broker.consume(names.one).unwrap();
    let first = Outgoing::new(names.direct, "one", "first");
    broker.publish(first).await.unwrap();
    assert_eq!(receive(&one).await.ack.ack().await, Settled::Done);
    drop(one);
    conformance::workers_share_a_consumer(Arc::clone(&broker), &names).await;
    broker.close(Duration::from_secs(5)).await;
}
