//! Alerts about the broker and its queues.

use super::alert::Needs::{Kafka, Nothing};
use super::alert::Severity::{Critical, Warning};
use super::alert::{Alert, Group};

pub(super) const GROUP: Group = Group {
    name: "broker",
    title: "Broker and queues",
    alerts: ALERTS,
};

const ALERTS: &[Alert] = &[
    Alert {
        name: "BrokerDown",
        severity: Critical,
        lasts: "1m",
        expr: "max by (job, instance) (event_grpc_broker_connection{state=\"down\"}) == 1",
        summary: "{{ $labels.instance }} is not connected to RabbitMQ",
        meaning: "Its requests are answered with UNAVAILABLE or 503, and senders try again. What was acknowledged is in RabbitMQ or \
                  comes back from it.",
        look: &[
            "`/readyz`: `broker` has the reason",
            "RabbitMQ's log, `rabbitmqctl status`, the network between them",
        ],
        act: &[
            "start RabbitMQ, or mend the way to it; the connection is made again by itself",
            "after a change of the password: `EVENT_GRPC_AMQP_URL`, and a restart",
        ],
        needs: Nothing,
    },
    Alert {
        name: "BrokerBlocked",
        severity: Critical,
        lasts: "1m",
        expr: "max by (job, instance) (event_grpc_broker_connection{state=\"blocked\"}) == 1",
        summary: "RabbitMQ takes no messages from {{ $labels.instance }}",
        meaning: "RabbitMQ is short of disk or memory and stops every publisher. Requests are refused; what waits is still \
                  consumed, which makes room.",
        look: &[
            "`rabbitmqctl status`: alarms",
            "which queue is long: the dashboard of queues",
            "free disk at each node",
        ],
        act: &[
            "free or add disk; RabbitMQ goes on by itself",
            "if the queues are long, see why they aren't consumed",
        ],
        needs: Nothing,
    },
    Alert {
        name: "BrokerFlaps",
        severity: Warning,
        lasts: "0m",
        expr: "sum by (job, instance) (increase(event_grpc_broker_connections_lost_total[30m])) > 5",
        summary: "{{ $labels.instance }} lost its connections to RabbitMQ {{ $value | humanize }} times in half an hour",
        meaning: "Each time requests wait or are refused, and messages that were held are delivered again.",
        look: &[
            "RabbitMQ's log: missed heartbeats, memory, restarts",
            "what stands between them: idle timeouts of proxies and firewalls",
        ],
        act: &[
            "raise the idle timeout of the proxy beyond the heartbeat of AMQP",
            "mend the network or the node",
        ],
        needs: Nothing,
    },
    Alert {
        name: "ExchangeShut",
        severity: Critical,
        lasts: "2m",
        expr: "event_grpc_exchange_shut == 1",
        summary: "RabbitMQ takes no messages for the exchange {{ $labels.exchange }} from {{ $labels.instance }}",
        meaning: "Requests whose events go there are refused; all others are accepted.",
        look: &[
            "`/readyz`: `exchanges` has the reason",
            "`rabbitmqctl list_permissions`, `list_exchanges`",
        ],
        act: &[
            "give the account the right to write there, or import `generated/definitions.json`; it is tried again by itself",
        ],
        needs: Nothing,
    },
    Alert {
        name: "TopologyDiffers",
        severity: Warning,
        lasts: "15m",
        expr: "max by (job, subject) (event_grpc_degraded{reason=\"topology\"}) == 1",
        summary: "{{ $labels.subject }} is declared otherwise at RabbitMQ",
        meaning: "It is used as it is. A queue of another type, or without a binding, may not keep what this pipeline promises.",
        look: &["`/readyz`: `topology` has both declarations"],
        act: &["replace it as [cutover.md](../../../docs/cutover.md) says"],
        needs: Nothing,
    },
    Alert {
        name: "QueueUnconsumed",
        severity: Critical,
        lasts: "5m",
        expr: "max by (job, subject) (event_grpc_degraded{reason=~\"queue_without_consumer|queue_not_consumed\"}) == 1",
        summary: "nobody consumes {{ $labels.subject }}, and messages wait in it",
        meaning: "No instance consumes the queue, and neither a paused table nor a breaker says why. Its messages wait, and fill \
                  the disk of RabbitMQ in the end.",
        look: &[
            "`/readyz`: `queues` says `off` with the reason, `not_consumed` with what RabbitMQ answered",
            "whether another client holds the queue exclusively",
        ],
        act: &[
            "configure its destination (`--postgres-url`, variables of its request)",
            "give the account the right to read the queue",
        ],
        needs: Nothing,
    },
    Alert {
        name: "QueueOld",
        severity: Warning,
        lasts: "5m",
        expr: "max by (job, queue) (event_grpc_queue_oldest_seconds) > on (queue) group_left () event_grpc:queue_age_limit:seconds",
        summary: "the oldest message of {{ $labels.queue }} is {{ $value | humanizeDuration }} old",
        meaning: "Rows come late. The limit of each queue is made of its batch delay, and of its topic's retention if it is in \
                  Kafka (`recording.yaml`). If its store is down, another alert says so.",
        look: &[
            "`event_grpc_flush_seconds` and `event_grpc_store_errors_total` of its table",
            "`event_grpc_queue_ready_messages`: does it grow?",
            "`event_grpc_runtime_busy_seconds_total` of the instances",
        ],
        act: &[
            "add instances, or raise `workers` and `prefetch` of the queue",
            "divide it into partitions, if one is not enough ([scale.md](../../../docs/scale.md))",
        ],
        needs: Nothing,
    },
    Alert {
        name: "QueueStopped",
        severity: Critical,
        lasts: "1m",
        expr: "event_grpc_queue_stopped == 1",
        summary: "the circuit breaker of {{ $labels.queue }} at {{ $labels.instance }} is open",
        meaning: "More of its events would become dead letters than `breaker` allows, so the queue is stopped and its messages wait: \
                  most often a release of a sender, or of this pipeline, is wrong.",
        look: &[
            "`event-grpc dlq list --since 1h`: class and reason",
            "what was deployed last",
        ],
        act: &[
            "put the release back, or mend the declaration; the breaker tries a few messages and closes by itself",
            "if the events are bad and shall be dead letters: raise `breaker` of the queue",
        ],
        needs: Nothing,
    },
    Alert {
        name: "OrphanedQueue",
        severity: Warning,
        lasts: "30m",
        expr: "max by (job, subject) (event_grpc_degraded{reason=\"orphaned_queue\"}) == 1",
        summary: "messages wait in {{ $labels.subject }}, which is no longer declared",
        meaning: "The queue was retired or renamed, and nobody consumes what is left in it, or something is still bound to it.",
        look: &[
            "`event-grpc plan --against-live`, which lists what was retired and is still there",
        ],
        act: &[
            "let an instance of the build before empty it, then `event-grpc apply` ([changes.md](../../../docs/changes.md))",
        ],
        needs: Nothing,
    },
    Alert {
        name: "ReturnedOften",
        severity: Warning,
        lasts: "0m",
        expr: "sum by (job, queue) (increase(event_grpc_renewed_messages_total[30m])) > 0",
        summary: "messages of {{ $labels.queue }} come back again and again",
        meaning: "Instances give them back or end while they hold them. They are republished before a delivery limit would drop them.",
        look: &[
            "[EventGrpcRestarts](intake.md#eventgrpcrestarts), `event_grpc_settled_total{outcome=\"returned\"}`",
            "`rabbitmqctl list_queues name effective_policy_definition`",
        ],
        act: &[
            "find what ends the instances",
            "import `generated/definitions.json`, whose policy lifts the limit",
        ],
        needs: Nothing,
    },
    Alert {
        name: "Unsettled",
        severity: Warning,
        lasts: "0m",
        expr: "event_grpc_unacknowledged_age_seconds > 1200",
        summary: "{{ $labels.instance }} has held a message of {{ $labels.queue }} for {{ $value | humanizeDuration }}",
        meaning: "RabbitMQ ends a consumer that holds a message for 30 minutes (`consumer_timeout`), and delivers everything again.",
        look: &[
            "`event-grpc status`: is the table or target paused?",
            "the log: inserts that are repeated, requests that are slow",
        ],
        act: &[
            "mend the destination",
            "if it is meant to be so slow, raise `consumer_timeout` at RabbitMQ",
        ],
        needs: Nothing,
    },
    Alert {
        name: "KafkaDown",
        severity: Critical,
        lasts: "1m",
        expr: "event_grpc_kafka_up == 0",
        summary: "{{ $labels.instance }} gets no answer from Kafka",
        meaning: "Requests whose events go into topics are refused; what is in RabbitMQ goes on.",
        look: &[
            "the log, which has librdkafka's reason",
            "the brokers and the network between them",
        ],
        act: &["start the brokers; the connection is made again by itself"],
        needs: Kafka,
    },
    Alert {
        name: "KafkaRetention",
        severity: Critical,
        lasts: "0m",
        expr: "max by (job, queue) (event_grpc_kafka_retention_used) >= 0.75",
        summary: "messages of {{ $labels.queue }} have waited for {{ $value | humanizePercentage }} of the topic's retention",
        meaning: "Kafka deletes messages at the end of the retention, stored or not. This is the one way to lose acknowledged events.",
        look: &["why the queue isn't consumed: [EventGrpcQueueOld](#eventgrpcqueueold)"],
        act: &[
            "raise `retention.ms` of the topic at once (`kafka-configs --alter`)",
            "then mend what holds it up",
        ],
        needs: Kafka,
    },
    Alert {
        name: "KafkaDeleted",
        severity: Critical,
        lasts: "0m",
        expr: "max by (job, queue) (increase(event_grpc_kafka_deleted_unread_total[1h])) > 0",
        summary: "Kafka has deleted messages of {{ $labels.queue }} that were not stored",
        meaning: "They are lost, unless their senders still have them.",
        look: &["the log: how many, and when"],
        act: &[
            "raise `retention.ms` of the topic",
            "let senders send again what they have: ids keep it from being stored twice",
        ],
        needs: Kafka,
    },
];
