//! Metrics of what is still sent of retired event types and fields.

use metrics::Counter;

use super::label::{Label, Values, label};
use super::{Group, Metric};

const TYPE: Label = label("type", Values::Open("the retired event type"));

const MESSAGE: Label = label("message", Values::Open("the message's full name"));

const FIELD: Label = label("field", Values::Open("the retired field of the message"));

/// Events of retired types that are not stored.
pub const RETIRED_EVENTS: Metric<Counter, 1> = Metric::counter(
    "event_grpc_retired_events_total",
    "events",
    &[TYPE],
    "Events of retired types with `late: discard` that intake accepted or workers received, and that are not stored.",
);

/// Rows without a retired field.
pub const RETIRED_FIELDS: Metric<Counter, 2> = Metric::counter(
    "event_grpc_retired_fields_total",
    "rows",
    &[MESSAGE, FIELD],
    "Rows whose event, header or message had a retired field with `late: discard`, which is not kept; once for each table that \
     keeps unknown fields.",
);

/// The metrics of this file.
pub(super) const GROUP: Group = Group {
    title: "What is retired",
    metrics: &[RETIRED_EVENTS.declaration(), RETIRED_FIELDS.declaration()],
};
