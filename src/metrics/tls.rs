//! Metrics of TLS on the listeners: handshakes, and the files of certificates.

use metrics::{Counter, Gauge};

use super::connections::DOOR;
use super::label::{Label, listed};
use super::{Group, Metric};

const HANDSHAKE: Label = listed(
    "outcome",
    &[
        "done",
        "timeout",
        "gone",
        "plain",
        "incompatible",
        "client_certificate",
        "alert",
        "invalid",
    ],
);

const RELOAD: Label = listed("outcome", &["loaded", "refused"]);

/// Handshakes.
pub const HANDSHAKES: Metric<Counter, 2> = Metric::counter(
    "event_grpc_tls_handshakes_total",
    "handshakes",
    &[DOOR, HANDSHAKE],
    "TLS handshakes: completed (done); not completed in time (timeout); the client left (gone), spoke HTTP without TLS \
     (plain), has no version, cipher or protocol in common (incompatible), showed no client certificate where one is \
     required, or a bad one (client_certificate), refused this server's certificate or gave up with another alert (alert), \
     or sent what is no TLS (invalid).",
)
.known_from_start();

/// Changes of the files.
pub const RELOADS: Metric<Counter, 1> = Metric::counter(
    "event_grpc_tls_reloads_total",
    "changes",
    &[RELOAD],
    "Changes of the files of certificates and keys: taken into use (loaded), or not usable, so that those read before stay \
     in use (refused).",
)
.known_from_start();

/// Expiry of the certificate in use.
pub const CERTIFICATE_EXPIRY: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_tls_certificate_expiry_seconds",
    "seconds",
    &[],
    "When the listeners' certificate in use expires, in seconds since 1970. It is not there without TLS.",
);

pub(super) const GROUP: Group = Group {
    title: "TLS",
    metrics: &[
        HANDSHAKES.declaration(),
        RELOADS.declaration(),
        CERTIFICATE_EXPIRY.declaration(),
    ],
};
