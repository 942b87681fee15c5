//! The pipeline with queues in Kafka, and instances of it.

use event_grpc::app::Config;
use event_grpc::broker::KafkaAddress;
use event_grpc::contract::{Pipeline, Queue, Topic};
use event_grpc::generated::PIPELINE;
use event_grpc::sink::clickhouse::ClickHouse;

use crate::app::support::config;
use crate::support::topology::Vhost;

/// Addresses of the cluster that `cargo xtask services` runs; none where Java isn't installed.
pub(crate) fn brokers() -> Option<String> {
    std::env::var("EVENT_GRPC_TEST_KAFKA").ok()
}

/// The pipeline with these queues in topics with names of their own; those behind a bridge are marked.
pub(crate) fn in_kafka(partitions: u16, queues: &[(&str, bool)]) -> &'static Pipeline {
    let id = uuid::Uuid::now_v7().simple().to_string();
    in_topics(&id, partitions, queues)
}

/// The same with topics of this id.
pub(crate) fn in_topics(id: &str, partitions: u16, queues: &[(&str, bool)]) -> &'static Pipeline {
    let topic = |queue: &Queue| {
        let (name, bridged) = queues.iter().find(|(name, _)| *name == queue.name)?;
        Some(Topic {
            name: format!("test-{id}.{name}").leak(),
            partitions,
            replicas: 1,
            retention_ms: 3_600_000,
            bridged: *bridged,
        })
    };
    let queues: Vec<Queue> = PIPELINE
        .queues
        .iter()
        .map(|queue| Queue {
            topic: topic(queue),
            ..*queue
        })
        .collect();
    Box::leak(Box::new(Pipeline {
        queues: queues.leak(),
        ..PIPELINE
    }))
}

/// Configuration of an instance on RabbitMQ and Kafka.
pub(crate) fn on_kafka(store: &ClickHouse, vhost: &Vhost, brokers: &str) -> Config {
    on_kafka_at(store, &vhost.url(), brokers)
}

/// The same, by the URL of RabbitMQ.
pub(crate) fn on_kafka_at(store: &ClickHouse, url: &str, brokers: &str) -> Config {
    Config {
        amqp_url: Some(url.to_owned()),
        kafka: Some(KafkaAddress::parse(brokers).unwrap()),
        ..config(store)
    }
}
