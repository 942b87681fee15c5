//! Metrics of traces: what became of recorded spans.

use metrics::Counter;

use super::label::{Label, listed};
use super::{Group, Metric};

/// Taken by the collector.
pub const EXPORTED: &str = "exported";

/// Dropped: too many waited to be exported.
pub const QUEUE_FULL: &str = "queue_full";

/// Dropped: the collector didn't answer, or couldn't take them.
pub const UNSENT: &str = "unsent";

/// Dropped: the collector refused them.
pub const REFUSED: &str = "refused";

const OUTCOME: Label = listed("outcome", &[EXPORTED, QUEUE_FULL, UNSENT, REFUSED]);

/// Recorded spans.
pub const SPANS: Metric<Counter, 1> = Metric::counter(
    "event_grpc_trace_spans_total",
    "spans",
    &[OUTCOME],
    "Recorded spans: taken by the collector (exported), or dropped: because too many waited (queue_full), because the \
     collector didn't answer or couldn't take them after four attempts (unsent), or because it refused them (refused). Events \
     are not affected.",
)
.known_from_start();

pub(super) const GROUP: Group = Group {
    title: "Traces",
    metrics: &[SPANS.declaration()],
};
