//! Metrics of taps: what operators look at.

use metrics::{Counter, Gauge};

use super::label::{Label, listed};
use super::{Group, Metric};

/// Taken for the reader of a tap.
pub const TAKEN: &str = "taken";

/// Passed over: there were more than the tap looks at in a second.
pub const PASSED_OVER: &str = "passed_over";

/// Passed over: the reader is slow.
pub const UNREAD: &str = "unread";

const OUTCOME: Label = listed("outcome", &[TAKEN, PASSED_OVER, UNREAD]);

/// Open taps.
pub const OPEN: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_taps",
    "taps",
    &[],
    "Open taps: operators who look at events as they go by.",
);

/// Events that taps selected.
pub const EVENTS: Metric<Counter, 1> = Metric::counter(
    "event_grpc_tap_events_total",
    "events",
    &[OUTCOME],
    "Events that taps selected by stage and names: taken, passed over because there were more in a second than a tap \
     looks at, or because its reader is slow. The events themselves are not affected.",
);

pub(super) const GROUP: Group = Group {
    title: "Taps",
    metrics: &[OPEN.declaration(), EVENTS.declaration()],
};
