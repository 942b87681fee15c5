//! Metrics of what is out of order.

use metrics::Gauge;

use super::label::{Label, Values, label, listed};
use super::{Group, Metric};

/// Reasons, each with what it is about in `docs/operations.md`.
pub const REASONS: &[&str] = &[
    "broker_down",
    "broker_blocked",
    "topology",
    "exchange_shut",
    "queue_not_consumed",
    "queue_without_consumer",
    "queue_stopped",
    "queue_late",
    "returned_often",
    "orphaned_queue",
    "server_down",
    "table_misfit",
    "table_paused",
    "target_paused",
    "certificate",
    "key_file",
    "switch_file",
    "exposed",
    "unverified",
    "trace_export",
    "resting",
];

const REASON: Label = listed("reason", REASONS);

const SUBJECT: Label = label(
    "subject",
    Values::Open(
        "the name of the queue, table, exchange, server, target or file, or empty if there is one only",
    ),
);

/// What is out of order.
pub const DEGRADED: Metric<Gauge, 2> = Metric::gauge(
    "event_grpc_degraded",
    "",
    &[REASON, SUBJECT],
    "1 while something is out of order here, and 0 after that, by reason and what it is about; events may be accepted all the \
     same. It is looked at every 5 seconds. `/readyz` and `event-grpc status` say more, and what to do.",
);

/// Whether the instance wants traffic.
pub const BEATING: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_heartbeat",
    "",
    &[],
    "1 while the instance wants traffic, 0 while it has not been connected yet, rests or ends.",
);

pub(super) const GROUP: Group = Group {
    title: "Health",
    metrics: &[BEATING.declaration(), DEGRADED.declaration()],
};
