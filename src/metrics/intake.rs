//! Metrics of intake: requests, events, and the pool that bounds them.

use metrics::{Counter, Gauge, Histogram};

use super::label::{Label, SOURCE, TYPE, Values, label, listed};
use super::{Group, Metric};

/// Outcome of an event whose sender was told that it is safe.
pub const ACCEPTED: &str = "accepted";

/// Outcome of an event that intake found unfit for any table.
pub const REJECTED: &str = "rejected";

/// Outcome of a webhook that is a dead letter.
pub const KEPT: &str = "kept";

/// Name under which clients beyond the limit of names are counted.
pub const OTHER_CLIENTS: &str = "other";

const ANSWER: Label = listed(
    "outcome",
    &[
        ACCEPTED,
        "kept",
        "invalid",
        "full",
        "too_large",
        "too_heavy",
        "no_room",
        "unauthorized",
        "forbidden",
        "over_rate",
        "replayed",
        "off",
        "switched_off",
        "unavailable",
        "late",
        "internal",
        "gone",
    ],
);

const EVENT: Label = listed("outcome", &[ACCEPTED, "kept"]);

const CLIENT: Label = label(
    "client",
    Values::Open(
        "the proved name of the sender; empty if it is unknown, `other` beyond 1,000 names",
    ),
);

const BY_CLIENT: Label = listed("outcome", &[ACCEPTED, KEPT, REJECTED]);

const QUARANTINED_AS: Label = listed(
    "outcome",
    &[
        "kept",
        "failed",
        "dropped",
        "counted",
        "postponed",
        "given_up",
    ],
);

const OF: Label = label(
    "of",
    Values::Open("the source of a webhook, or the queue of a message"),
);

/// Requests by answer.
pub const REQUESTS: Metric<Counter, 2> = Metric::counter(
    "event_grpc_requests_total",
    "requests",
    &[SOURCE, ANSWER],
    "Requests by their answer: accepted; kept (a webhook that is a dead letter); gone (the client left before it was \
     answered); otherwise why it was refused.",
)
.known_from_start();

/// Valid events.
pub const EVENTS_RECEIVED: Metric<Counter, 2> = Metric::counter(
    "event_grpc_events_received_total",
    "events",
    &[SOURCE, TYPE],
    "Well-formed events of known types that came in, whatever their request was answered.",
);

/// Events by outcome at intake.
pub const EVENTS: Metric<Counter, 3> = Metric::counter(
    "event_grpc_events_total",
    "events",
    &[SOURCE, TYPE, EVENT],
    "Events whose senders were told that they are safe: published (accepted), or a dead letter (kept).",
);

/// Events by client.
pub const CLIENT_EVENTS: Metric<Counter, 2> = Metric::counter(
    "event_grpc_client_events_total",
    "events",
    &[CLIENT, BY_CLIENT],
    "Events, or messages of webhooks, by the client that sent them: safe (accepted), a dead letter of a webhook (kept), or \
     refused at intake (rejected).",
);

/// Quarantined events.
pub const QUARANTINED: Metric<Counter, 2> = Metric::counter(
    "event_grpc_quarantined_total",
    "events",
    &[SOURCE, QUARANTINED_AS],
    "Events, or messages of webhooks, that intake found unfit for any table: made a dead letter (kept); not confirmed by \
     the broker (failed); over the rate (dropped) or the number of one request (counted) that are kept; to be sent again by \
     their sender (postponed); given up by a sender that left (given_up).",
)
.known_from_start();

/// Messages without the declared id.
pub const IDS_MISSING: Metric<Counter, 1> = Metric::counter(
    "event_grpc_ids_missing_total",
    "messages",
    &[OF],
    "Webhooks and JSON messages without the header or field that their id should be made of.",
);

/// Requests that wait for the pool.
pub const POOL_WAITING: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_pool_waiting",
    "requests",
    &[SOURCE],
    "Requests that wait for a place in the pool of their source.",
);

/// Requests that are being prepared.
pub const POOL_PREPARING: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_pool_preparing",
    "requests",
    &[SOURCE],
    "Requests that a worker of the pool prepares for publishing.",
);

/// Weight of the requests in flight.
pub const POOL_BYTES: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_pool_bytes",
    "bytes",
    &[SOURCE],
    "Estimated memory of the requests in flight, within the budget of their source's pool.",
);

/// Budget of a pool.
pub const POOL_LIMIT: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_pool_limit_bytes",
    "bytes",
    &[SOURCE],
    "Budget of the source's pool: event_grpc_pool_bytes reaches it and no more. Requests beyond it wait, then are refused.",
);

/// Time until the broker confirms a message.
pub const PUBLISH_SECONDS: Metric<Histogram, 0> = Metric::histogram(
    "event_grpc_publish_seconds",
    "seconds",
    &[],
    "Time from publishing a message of app events until the broker confirmed it. In memory: until its rows were stored.",
);

pub(super) const GROUP: Group = Group {
    title: "Intake",
    metrics: &[
        REQUESTS.declaration(),
        EVENTS_RECEIVED.declaration(),
        EVENTS.declaration(),
        CLIENT_EVENTS.declaration(),
        QUARANTINED.declaration(),
        IDS_MISSING.declaration(),
        POOL_WAITING.declaration(),
        POOL_PREPARING.declaration(),
        POOL_BYTES.declaration(),
        POOL_LIMIT.declaration(),
        PUBLISH_SECONDS.declaration(),
    ],
};
