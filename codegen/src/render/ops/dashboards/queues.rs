//! Dashboard of queues: backlog, flow and consumers.

use super::super::dashboard::Dashboard;
use super::lines;

pub(super) const DASHBOARD: Dashboard = Dashboard {
    name: "queues",
    title: "Queues",
    variables: &[("queue", "event_grpc_consumers")],
    rows: &[
        (
            "Backlog",
            &[
                lines(
                    "Backlog: ready and held",
                    "short",
                    &[(
                        "event_grpc:queue_backlog:messages{job=~\"$job\", queue=~\"$queue\"}",
                        "{{queue}}",
                    )],
                ),
                lines(
                    "Oldest message",
                    "s",
                    &[(
                        "max by (queue) (event_grpc_queue_oldest_seconds{job=~\"$job\", queue=~\"$queue\"})",
                        "{{queue}}",
                    )],
                ),
                lines(
                    "Ready at the broker",
                    "short",
                    &[(
                        "max by (queue) (event_grpc_queue_ready_messages{job=~\"$job\", queue=~\"$queue\"})",
                        "{{queue}}",
                    )],
                ),
                lines(
                    "Held longest",
                    "s",
                    &[(
                        "max by (queue) (event_grpc_unacknowledged_age_seconds{job=~\"$job\", queue=~\"$queue\"})",
                        "{{queue}}",
                    )],
                ),
            ],
        ),
        (
            "Flow",
            &[
                lines(
                    "Published",
                    "mps",
                    &[(
                        "sum by (queue, outcome) (rate(event_grpc_queue_published_total{job=~\"$job\", queue=~\"$queue\"}[5m])) > 0",
                        "{{queue}} {{outcome}}",
                    )],
                ),
                lines(
                    "Delivered",
                    "mps",
                    &[
                        (
                            "sum by (queue) (rate(event_grpc_broker_delivered_total{job=~\"$job\", queue=~\"$queue\"}[5m]))",
                            "{{queue}}",
                        ),
                        (
                            "sum by (queue) (rate(event_grpc_broker_redelivered_total{job=~\"$job\", queue=~\"$queue\"}[5m])) > 0",
                            "{{queue}} again",
                        ),
                    ],
                ),
                lines(
                    "Settled",
                    "mps",
                    &[(
                        "sum by (queue, outcome) (rate(event_grpc_settled_total{job=~\"$job\", queue=~\"$queue\"}[5m])) > 0",
                        "{{queue}} {{outcome}}",
                    )],
                ),
                lines(
                    "Dead letters",
                    "mps",
                    &[(
                        "event_grpc:dead_letters:rate5m{job=~\"$job\", queue=~\"$queue\"} > 0",
                        "{{queue}} {{class}}",
                    )],
                ),
            ],
        ),
        (
            "Who consumes",
            &[
                lines(
                    "Consumers at the broker",
                    "short",
                    &[(
                        "max by (queue) (event_grpc_queue_consumers{job=~\"$job\", queue=~\"$queue\"})",
                        "{{queue}}",
                    )],
                ),
                lines(
                    "Connections to RabbitMQ",
                    "short",
                    &[(
                        "sum by (role, state) (event_grpc_broker_connection{job=~\"$job\"})",
                        "{{role}} {{state}}",
                    )],
                ),
                lines(
                    "Breakers that are open",
                    "short",
                    &[(
                        "sum by (queue) (event_grpc_queue_stopped{job=~\"$job\", queue=~\"$queue\"}) > 0",
                        "{{queue}}",
                    )],
                ),
                lines(
                    "Kafka: retention used",
                    "percentunit",
                    &[(
                        "max by (queue) (event_grpc_kafka_retention_used{job=~\"$job\", queue=~\"$queue\"})",
                        "{{queue}}",
                    )],
                ),
            ],
        ),
    ],
};
