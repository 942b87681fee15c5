//! Metrics of the broker, RabbitMQ or in memory: connections, exchanges, and the messages of queues.

use metrics::{Counter, Gauge, Histogram};

use super::label::{EXCHANGE, Label, QUEUE, listed};
use super::{Group, Metric};

/// Message that is in the queue for certain.
pub const CONFIRMED: &str = "confirmed";
/// Message that may be in the queue or not.
pub const UNANSWERED: &str = "unanswered";
/// Message that is not in the queue for certain.
pub const REFUSED: &str = "refused";
/// Message that is being published.
pub const UNCONFIRMED: &str = "unconfirmed";
/// Message that is delivered and not settled.
pub const HELD: &str = "held";
/// Message that waits in the memory of this process.
pub const READY: &str = "ready";

const PUBLISHED_AS: Label = listed("outcome", &[CONFIRMED, UNANSWERED, REFUSED]);

const STATE: Label = listed("state", &[UNCONFIRMED, HELD, READY]);

const FAILED_FOR: Label = listed(
    "reason",
    &[
        "down",
        "blocked",
        "refused",
        "unknown",
        "too_large",
        "headers_too_large",
        "too_long",
        "shut",
        "no_exchange",
        "unroutable",
        "closed",
        "given_up",
    ],
);

const ROLE: Label = listed("role", &["publish", "consume"]);

const LINK: Label = listed("state", &["up", "down", "blocked"]);

/// State of the broker's connection.
pub const UP: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_broker_up",
    "",
    &[],
    "1 if the broker is connected and takes messages, 0 if not.",
);

/// State of each connection.
pub const CONNECTION: Metric<Gauge, 2> = Metric::gauge(
    "event_grpc_broker_connection",
    "",
    &[ROLE, LINK],
    "1 for the state that the connection to RabbitMQ has now, 0 for the others, by what the connection is for. All are 0 \
     if the broker is in memory.",
)
.known_from_start();

/// Lost connections.
pub const CONNECTIONS_LOST: Metric<Counter, 1> = Metric::counter(
    "event_grpc_broker_connections_lost_total",
    "connections",
    &[ROLE],
    "Connections to RabbitMQ that were up and ended, this server's own shutdown excepted.",
)
.known_from_start();

/// Time until a message is confirmed.
pub const CONFIRM_SECONDS: Metric<Histogram, 1> = Metric::histogram(
    "event_grpc_broker_confirm_seconds",
    "seconds",
    &[EXCHANGE],
    "Time from handing a message to the broker until the broker confirmed it. In memory: until it was settled.",
);

/// Published messages.
pub const PUBLISHED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_broker_published_total",
    "messages",
    &[EXCHANGE],
    "Messages that were handed to the broker. The exchange is empty for those that go straight into a queue.",
);

/// Confirmed messages.
pub const PUBLISH_CONFIRMED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_broker_confirmed_total",
    "messages",
    &[EXCHANGE],
    "Messages that the broker has confirmed.",
);

/// Messages that were not confirmed.
pub const PUBLISH_FAILED: Metric<Counter, 2> = Metric::counter(
    "event_grpc_broker_publish_failed_total",
    "messages",
    &[EXCHANGE, FAILED_FOR],
    "Messages that the broker has not confirmed, by reason; given_up means that nobody waited for the answer any more.",
)
.known_from_start();

/// State of an exchange that accepts no messages.
pub const EXCHANGE_SHUT: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_exchange_shut",
    "",
    &[EXCHANGE],
    "1 while the broker accepts no messages for the exchange; requests for it are refused.",
)
.known_from_start();

/// Messages published into a queue.
pub const QUEUE_PUBLISHED: Metric<Counter, 2> = Metric::counter(
    "event_grpc_queue_published_total",
    "messages",
    &[QUEUE, PUBLISHED_AS],
    "Messages that this process published into the queue: there for certain (confirmed), not there for certain (refused), \
     or either (unanswered).",
);

/// Messages of a queue that are with this process.
pub const QUEUE_MESSAGES: Metric<Gauge, 2> = Metric::gauge(
    "event_grpc_queue_messages",
    "messages",
    &[QUEUE, STATE],
    "Messages of the queue that are with this process now: being published (unconfirmed), delivered and not settled \
     (held), and waiting where the broker is in memory (ready).",
);

/// Deliveries.
pub const DELIVERED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_broker_delivered_total",
    "messages",
    &[QUEUE],
    "Messages that the broker delivered to this process, redelivered ones included.",
);

/// Redeliveries.
pub const REDELIVERED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_broker_redelivered_total",
    "messages",
    &[QUEUE],
    "Messages that the broker delivered to this process and that it had delivered before.",
);

/// Consumers of a queue.
pub const CONSUMERS: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_consumers",
    "consumers",
    &[QUEUE],
    "Consumers of this process on the queue: 1, or 0 while it is paused, stopped or can't be consumed.",
);

/// Ready messages, as the broker says.
pub const QUEUE_READY: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_queue_ready_messages",
    "messages",
    &[QUEUE],
    "Messages that are ready in the queue, as RabbitMQ says, which every instance asks every 10 seconds: a figure of the broker, \
     the same at each instance. What consumers hold is not included: add event_grpc_queue_messages of state held of all \
     instances for the whole backlog. It stays as it was while RabbitMQ can't be asked. Absent if the broker is in memory.",
);

/// Consumers, as the broker says.
pub const QUEUE_CONSUMERS: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_queue_consumers",
    "consumers",
    &[QUEUE],
    "Consumers of the queue, those of all instances and of others, as RabbitMQ says: a figure of the broker, the same at each \
     instance. It stays as it was while RabbitMQ can't be asked. Absent if the broker is in memory.",
);

/// When the broker was asked last.
pub const QUEUES_ASKED: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_queues_asked_timestamp_seconds",
    "seconds",
    &[],
    "When RabbitMQ last told the depths of all queues, in seconds since the epoch. Absent if the broker is in memory.",
);

/// Messages that no AMQP client can read.
pub const UNREADABLE: Metric<Counter, 1> = Metric::counter(
    "event_grpc_unreadable_messages_total",
    "messages",
    &[QUEUE],
    "Messages whose AMQP properties an AMQP client can't read. They are dead letters of class unreadable.",
)
.known_from_start();

/// Messages that were put into their queue anew.
pub const RENEWED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_renewed_messages_total",
    "messages",
    &[QUEUE],
    "Messages that came back so often that they were put into their queue anew, before a delivery limit drops them.",
)
.known_from_start();

/// Messages that were dropped.
pub const BEST_EFFORT_DROPPED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_best_effort_dropped_total",
    "messages",
    &[QUEUE],
    "Messages for HTTP APIs that were dropped since their queue in memory is full. There are none with RabbitMQ.",
)
.known_from_start();

pub(super) const GROUP: Group = Group {
    title: "Broker",
    metrics: &[
        UP.declaration(),
        CONNECTION.declaration(),
        CONNECTIONS_LOST.declaration(),
        CONFIRM_SECONDS.declaration(),
        PUBLISHED.declaration(),
        PUBLISH_CONFIRMED.declaration(),
        PUBLISH_FAILED.declaration(),
        EXCHANGE_SHUT.declaration(),
        QUEUE_PUBLISHED.declaration(),
        QUEUE_MESSAGES.declaration(),
        DELIVERED.declaration(),
        REDELIVERED.declaration(),
        CONSUMERS.declaration(),
        QUEUE_READY.declaration(),
        QUEUE_CONSUMERS.declaration(),
        QUEUES_ASKED.declaration(),
        UNREADABLE.declaration(),
        RENEWED.declaration(),
        BEST_EFFORT_DROPPED.declaration(),
    ],
};
