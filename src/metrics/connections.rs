//! Metrics of the listeners, their connections, and the requests that they refuse.

use metrics::{Counter, Gauge};

use super::label::{Label, listed};
use super::{Group, Metric};

pub(super) const DOOR: Label = listed("door", &["grpc", "http", "ops"]);

const NOT_ACCEPTED: Label = listed("reason", &["limit", "address", "descriptors"]);

const CLOSED_FOR: Label = listed(
    "reason",
    &[
        "idle", "age", "evicted", "farewell", "unread", "silent", "head", "broken",
    ],
);

const REFUSED_FOR: Label = listed(
    "reason",
    &[
        // Before there is more than a head.
        "head_too_large",
        "malformed",
        // Before a handler of a source sees it.
        "path",
        "retired",
        "method",
        "call",
        "media_type",
        "version",
        "origin",
        // At the operations listener.
        "host",
        "cross_site",
        "no_token",
        "wrong_token",
        "certificate",
        // While it is read.
        "share",
        "slow",
        "given_up",
        "broken",
        "encoding",
        "not_packed",
        "framing",
        // What the source says: see `event_grpc_requests_total`.
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
        "invalid",
        "unavailable",
        "late",
        "internal",
    ],
);

/// Open connections.
pub const OPEN: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_connections",
    "connections",
    &[DOOR],
    "Open connections of a port.",
);

/// Connections that were not accepted.
pub const REFUSED: Metric<Counter, 2> = Metric::counter(
    "event_grpc_connections_refused_total",
    "connections",
    &[DOOR, NOT_ACCEPTED],
    "Connections that were not accepted: the port is full (limit), the address has too many (address), or the process has \
     no file descriptors left (descriptors).",
)
.known_from_start();

/// Connections that were closed by the server, or broke.
pub const CLOSED: Metric<Counter, 2> = Metric::counter(
    "event_grpc_connections_closed_total",
    "connections",
    &[DOOR, CLOSED_FOR],
    "Connections that the server closed: without a request for long (idle), old (age), to make room for others (evicted), \
     not gone after the server's farewell (farewell), whose client didn't read (unread), said nothing (silent) or only half \
     a head (head); and those that ended with an error (broken).",
)
.known_from_start();

/// Requests that were refused.
pub const REQUESTS_REFUSED: Metric<Counter, 2> = Metric::counter(
    "event_grpc_refused_total",
    "requests",
    &[DOOR, REFUSED_FOR],
    "Requests that were refused by a port, by reason. The log has each at debug, with its peer.",
)
.known_from_start();

pub(super) const GROUP: Group = Group {
    title: "Connections",
    metrics: &[
        OPEN.declaration(),
        REFUSED.declaration(),
        CLOSED.declaration(),
        REQUESTS_REFUSED.declaration(),
    ],
};
