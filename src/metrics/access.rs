//! Metrics of access: requests without proof or permission, and the files that decide on them.

use metrics::{Counter, Gauge};

use super::label::{Label, SOURCE, Values, label, listed};
use super::{Group, Metric};

/// Reasons for which a sender may not send.
pub const DENIED_FOR: &[&str] = &[
    "missing",
    "malformed",
    "unknown",
    "revoked",
    "expired",
    "token",
    "client",
    "source",
    "origin",
    "in_url",
    "bytes",
    "events",
    "failures",
    "no_keys",
];

const DENIED_AS: Label = listed("reason", DENIED_FOR);

const CLIENT: Label = label(
    "client",
    Values::Open("the name of a client in the key file"),
);

const FILE: Label = listed("file", &["keys", "jwks"]);

const READ_AS: Label = listed("outcome", &["taken", "bad"]);

/// Requests that were denied.
pub const DENIED: Metric<Counter, 2> = Metric::counter(
    "event_grpc_access_denied_total",
    "requests",
    &[SOURCE, DENIED_AS],
    "Requests of senders that may not send. Without proof: no key or token (missing), none that can be read (malformed), no \
     such key (unknown), a revoked one (revoked), an expired one (expired), a bad token (token), a client that isn't in \
     the key file (client). Without permission: for the source (source), the page (origin), a key in a URL (in_url). Over \
     the client's rate (bytes, events) or that of failed attempts of an address (failures). The source wants keys, and \
     there is no key file (no_keys).",
)
.known_from_start();

/// Requests of known clients that were denied.
pub const CLIENT_DENIED: Metric<Counter, 2> = Metric::counter(
    "event_grpc_client_denied_total",
    "requests",
    &[CLIENT, DENIED_AS],
    "Of the requests that were denied, those of a client whose key or token was right: revoked or expired, without \
     permission, or over its rate.",
);

/// Events that a client may not send.
pub const NOT_ALLOWED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_client_events_not_allowed_total",
    "events",
    &[CLIENT],
    "Events of types that their client may not send; each of them is rejected alone.",
);

/// Files that were read.
pub const READ: Metric<Counter, 2> = Metric::counter(
    "event_grpc_access_files_read_total",
    "reads",
    &[FILE, READ_AS],
    "Key files and JWKS files that changed and were read again: put into force (taken), or refused, so that the one before \
     stays in force (bad).",
)
.known_from_start();

/// State of the files.
pub const BAD: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_access_file_bad",
    "",
    &[FILE],
    "1 while a file can't be used as it is, and the one before is in force. /readyz and the log have the reason.",
)
.known_from_start();

pub(super) const GROUP: Group = Group {
    title: "Access",
    metrics: &[
        DENIED.declaration(),
        CLIENT_DENIED.declaration(),
        NOT_ALLOWED.declaration(),
        READ.declaration(),
        BAD.declaration(),
    ],
};
