//! Metrics of Kafka: the connection, and what of each topic isn't settled.

use metrics::{Counter, Gauge};

use super::label::QUEUE;
use super::{Group, Metric};

/// State of the connection.
pub const UP: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_kafka_up",
    "",
    &[],
    "1 if Kafka answers, 0 if not, or if no queue is in Kafka.",
);

/// Lag of a queue.
pub const LAG: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_kafka_lag",
    "messages",
    &[QUEUE],
    "Messages in the queue's topics that no instance has settled, in all partitions. Each instance says the same.",
);

/// Age of the oldest unread message.
pub const RETENTION_USED: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_kafka_retention_used",
    "ratio",
    &[QUEUE],
    "Part of the topic's retention that the oldest unsettled message has used up: at 1 Kafka deletes it, stored or not. \
     In steps of a quarter.",
);

/// Messages that Kafka deleted.
pub const DELETED_UNREAD: Metric<Counter, 1> = Metric::counter(
    "event_grpc_kafka_deleted_unread_total",
    "messages",
    &[QUEUE],
    "Messages that Kafka deleted by retention before they were settled, as this instance saw it.",
)
.known_from_start();

/// Records without a value.
pub const TOMBSTONES: Metric<Counter, 1> = Metric::counter(
    "event_grpc_kafka_tombstones_total",
    "records",
    &[QUEUE],
    "Records without a value that this instance passed over in a topic of other services: tombstones, of which there is \
     nothing to store.",
);

/// Assigned partitions.
pub const PARTITIONS: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_kafka_partitions",
    "partitions",
    &[QUEUE],
    "Partitions of the queue's topics that this instance consumes, those of retries included.",
);

pub(super) const GROUP: Group = Group {
    title: "Kafka",
    metrics: &[
        UP.declaration(),
        LAG.declaration(),
        RETENTION_USED.declaration(),
        DELETED_UNREAD.declaration(),
        TOMBSTONES.declaration(),
        PARTITIONS.declaration(),
    ],
};
