//! Alert: when it fires, how bad it is, and its page of the runbook.

use serde::Serialize;

/// Alert as it is declared. What it needs is in [`Needs`], so that a pipeline has no alert that can't fire.
pub(super) struct Alert {
    /// Name without the prefix that all have.
    pub(super) name: &'static str,
    pub(super) severity: Severity,
    /// How long it has to be so.
    pub(super) lasts: &'static str,
    pub(super) expr: &'static str,
    /// What happens, in one line; with the labels of the series.
    pub(super) summary: &'static str,
    /// What it means for events, in a sentence or two.
    pub(super) meaning: &'static str,
    /// What to look at.
    pub(super) look: &'static [&'static str],
    /// What to do.
    pub(super) act: &'static [&'static str],
    pub(super) needs: Needs,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// Somebody should be woken: events are refused, or wait and will be lost to a limit in the end.
    Critical,
    /// Somebody should look in working hours.
    Warning,
}

/// What a pipeline must have for an alert to make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// Nothing.
    Nothing,
    /// Queues in Kafka.
    Kafka,
    /// HTTP APIs.
    Requests,
}

/// Group of alerts, with a page of the runbook.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) alerts: &'static [Alert],
}
