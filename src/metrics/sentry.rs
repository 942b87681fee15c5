//! Metrics of reports to Sentry.

use metrics::Counter;

use super::label::{Label, listed};
use super::{Group, Metric};

/// Taken by Sentry.
pub const SENT: &str = "sent";

/// Not sent: the same was reported shortly before.
pub const REPEATED: &str = "repeated";

/// Not sent: there were too many, or Sentry wanted no more.
pub const DROPPED: &str = "dropped";

/// Sentry didn't answer, or didn't take it.
pub const FAILED: &str = "failed";

const OUTCOME: Label = listed("outcome", &[SENT, REPEATED, DROPPED, FAILED]);

/// Reports.
pub const REPORTS: Metric<Counter, 1> = Metric::counter(
    "event_grpc_sentry_reports_total",
    "reports",
    &[OUTCOME],
    "Errors and panics for Sentry: taken by it (sent), left out because the same place had reported within ten minutes \
     (repeated) or because there were too many or Sentry asked for a pause (dropped), or not taken (failed).",
)
.known_from_start();

pub(super) const GROUP: Group = Group {
    title: "Sentry",
    metrics: &[REPORTS.declaration()],
};
