//! Metrics of the process.

use metrics::{Counter, Gauge};

use super::{Group, Metric};

/// Start time, which tells one process from the next.
pub const STARTED: Metric<Gauge, 0> = Metric::gauge(
    "process_start_time_seconds",
    "seconds",
    &[],
    "When the process started, in seconds since the epoch. Counters are of one start.",
);

/// Panics in workers.
pub const PANICS: Metric<Counter, 0> = Metric::counter(
    "event_grpc_panics_total",
    "panics",
    &[],
    "Panics in workers, each of which costs its message a retry. Every one is a defect of this build.",
)
.from_start();

pub(super) const GROUP: Group = Group {
    title: "Process",
    metrics: &[STARTED.declaration(), PANICS.declaration()],
};
