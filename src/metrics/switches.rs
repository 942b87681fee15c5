//! Metrics of switches: what they refuse, and the file that they are in.

use metrics::{Counter, Gauge};

use super::label::{Label, Values, label, listed};
use super::{Group, Metric};

const SWITCH: Label = label(
    "switch",
    Values::Open("the name of a switch in the switch file"),
);

const READ_AS: Label = listed("outcome", &["taken", "bad"]);

/// Events and messages that a switch refused.
pub const REFUSED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_switched_off_total",
    "events",
    &[SWITCH],
    "Events, and messages of webhooks, that were refused because a switch is off, or keeps a share of users that theirs isn't \
     in. They are kept nowhere.",
);

/// Switches that are in force.
pub const IN_FORCE: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_switch_in_force",
    "",
    &[SWITCH],
    "1 while a switch is in force. /readyz says what it does and since when.",
);

/// Reads of the file.
pub const READ: Metric<Counter, 1> = Metric::counter(
    "event_grpc_switch_file_read_total",
    "reads",
    &[READ_AS],
    "The switch file changed and was read again: put into force (taken), or refused, so that the one before stays in force \
     (bad).",
)
.known_from_start();

/// State of the file.
pub const BAD: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_switch_file_bad",
    "",
    &[],
    "1 while the switch file can't be used as it is, and the one before is in force. /readyz and the log have the reason.",
)
.known_from_start();

pub(super) const GROUP: Group = Group {
    title: "Switches",
    metrics: &[
        REFUSED.declaration(),
        IN_FORCE.declaration(),
        READ.declaration(),
        BAD.declaration(),
    ],
};
