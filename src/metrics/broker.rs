//! Metrics of the broker, RabbitMQ or in memory: connections, exchanges, and the messages of queues.

use metrics::{Counter, Gauge};

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

/// State of the broker's connection.
pub const UP: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_broker_up",
    "",
    &[],
    "1 if the broker is connected and takes messages, 0 if not.",
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
.from_start();

/// State of an exchange that accepts no messages.
pub const EXCHANGE_SHUT: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_exchange_shut",
    "",
    &[EXCHANGE],
    "1 while the broker accepts no messages for the exchange; requests for it are refused.",
)
.from_start();

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

/// Messages that no AMQP client can read.
pub const UNREADABLE: Metric<Counter, 1> = Metric::counter(
    "event_grpc_unreadable_messages_total",
    "messages",
    &[QUEUE],
    "Messages whose AMQP properties an AMQP client can't read. They are dead letters of class unreadable.",
)
.from_start();

/// Messages that were put into their queue anew.
pub const RENEWED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_renewed_messages_total",
    "messages",
    &[QUEUE],
    "Messages that came back so often that they were put into their queue anew, before a delivery limit drops them.",
)
.from_start();

/// Messages that were dropped.
pub const BEST_EFFORT_DROPPED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_best_effort_dropped_total",
    "messages",
    &[QUEUE],
    "Messages for HTTP APIs that were dropped since their queue in memory is full. There are none with RabbitMQ.",
)
.from_start();

pub(super) const GROUP: Group = Group {
    title: "Broker",
    metrics: &[
        UP.declaration(),
        PUBLISHED.declaration(),
        PUBLISH_CONFIRMED.declaration(),
        PUBLISH_FAILED.declaration(),
        EXCHANGE_SHUT.declaration(),
        QUEUE_PUBLISHED.declaration(),
        QUEUE_MESSAGES.declaration(),
        DELIVERED.declaration(),
        REDELIVERED.declaration(),
        CONSUMERS.declaration(),
        UNREADABLE.declaration(),
        RENEWED.declaration(),
        BEST_EFFORT_DROPPED.declaration(),
    ],
};
