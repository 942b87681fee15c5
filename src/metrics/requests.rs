//! Metrics of HTTP requests to other services.

use metrics::{Counter, Gauge, Histogram};

use super::label::{FAULT, Label, QUEUE, TARGET, listed};
use super::{Group, Metric};

const OUTCOME: Label = listed("outcome", &["taken", "dead_letter"]);

/// Objects by outcome.
pub const FORWARDED: Metric<Counter, 3> = Metric::counter(
    "event_grpc_forwarded_total",
    "requests",
    &[QUEUE, TARGET, OUTCOME],
    "JSON objects that the target has taken, or that are dead letters.",
);

/// Failed attempts.
pub const ERRORS: Metric<Counter, 2> = Metric::counter(
    "event_grpc_forward_errors_total",
    "attempts",
    &[TARGET, FAULT],
    "Attempts that failed, by fault: the target accepts nothing (destination), it may work in a moment \
     (transient), or this request is refused (content).",
)
.from_start();

/// Time until an object is decided.
pub const SECONDS: Metric<Histogram, 1> = Metric::histogram(
    "event_grpc_forward_seconds",
    "seconds",
    &[TARGET],
    "Time from the first attempt for an object until the target has taken it or it is a dead letter.",
);

/// State of a target that accepts nothing.
pub const TARGET_PAUSED: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_target_paused",
    "",
    &[TARGET],
    "1 while the target accepts nothing; it is tried with one request a second.",
)
.from_start();

pub(super) const GROUP: Group = Group {
    title: "HTTP requests to other services",
    metrics: &[
        FORWARDED.declaration(),
        ERRORS.declaration(),
        SECONDS.declaration(),
        TARGET_PAUSED.declaration(),
    ],
};
