//! Recording rules: rates that dashboards share, and the age that each queue may reach.

use serde::Serialize;

use super::quoted;
use crate::model::{Model, Queue};

/// Age that any queue may reach, in seconds.
const USUAL: u64 = 300;

/// Batch delays that a queue may take, if that is longer.
const DELAYS: u64 = 20;

/// Share of a topic's retention that a queue in Kafka may take, if that is shorter.
const OF_RETENTION: u64 = 4;

/// Rules that sum up others, by name.
const SUMS: &[(&str, &str)] = &[
    (
        "event_grpc:events_accepted:rate5m",
        "sum by (job, source) (rate(event_grpc_events_total[5m]))",
    ),
    (
        "event_grpc:requests:rate5m",
        "sum by (job, source, outcome) (rate(event_grpc_requests_total[5m]))",
    ),
    (
        "event_grpc:rows_stored:rate5m",
        "sum by (job, table) (rate(event_grpc_rows_stored_total[5m]))",
    ),
    (
        "event_grpc:dead_letters:rate5m",
        "sum by (job, queue, class) (rate(event_grpc_dead_letters_total[5m]))",
    ),
    // What is ready at the broker, and what all instances hold: what an autoscaler needs. A queue behind a bridge is in RabbitMQ
    // and in Kafka, and what is held of a topic is a part of its lag.
    (
        "event_grpc:queue_backlog:messages",
        "(max by (job, queue) (event_grpc_queue_ready_messages) + on (job, queue) max by (job, queue) (event_grpc_kafka_lag) \
         or max by (job, queue) (event_grpc_queue_ready_messages) or max by (job, queue) (event_grpc_kafka_lag) \
         or sum by (job, queue) (event_grpc_queue_messages{state=\"ready\"})) \
         + on (job, queue) (0 * max by (job, queue) (event_grpc_kafka_lag) \
         or sum by (job, queue) (event_grpc_queue_messages{state=\"held\"}))",
    ),
    (
        "event_grpc:visible_seconds:p99_15m",
        "histogram_quantile(0.99, sum by (job, table, le) (rate(event_grpc_visible_seconds_bucket[15m])))",
    ),
];

/// What the template sees.
#[derive(Debug, Serialize)]
pub(super) struct Recording {
    sums: Vec<Rule>,
    limits: Vec<Limit>,
}

#[derive(Debug, Serialize)]
struct Rule {
    name: &'static str,
    expr: String,
}

#[derive(Debug, Serialize)]
struct Limit {
    queue: String,
    seconds: u64,
}

impl Recording {
    pub(super) fn of(model: &Model) -> Self {
        let sums = SUMS.iter().map(|(name, expr)| Rule {
            name,
            expr: quoted(expr),
        });
        let limits = model.queues.iter().flat_map(|queue| {
            let seconds = limit(queue);
            let partitions = queue.partition_names().into_iter();
            let names = std::iter::once(queue.name.clone()).chain(partitions);
            names.map(move |name| Limit {
                queue: quoted(&name),
                seconds,
            })
        });
        Recording {
            sums: sums.collect(),
            limits: limits.collect(),
        }
    }
}

/// Age that the oldest message of a queue may reach, in seconds.
fn limit(queue: &Queue) -> u64 {
    let delay = u64::from(queue.batch.delay_ms) / 1_000;
    let limit = USUAL.max(DELAYS * delay);
    match &queue.topic {
        Some(topic) => limit.min(topic.retention_ms / 1_000 / OF_RETENTION).max(1),
        None => limit,
    }
}
