//! Dashboard of clients: who sends what, and what is denied.

use super::super::dashboard::Dashboard;
use super::lines;

pub(super) const DASHBOARD: Dashboard = Dashboard {
    name: "clients",
    title: "Clients",
    variables: &[("client", "event_grpc_client_events_total")],
    rows: &[
        (
            "Events",
            &[
                lines(
                    "Events by client",
                    "eps",
                    &[(
                        "topk(20, sum by (client) (rate(event_grpc_client_events_total{job=~\"$job\", client=~\"$client\"}[5m])))",
                        "client {{client}}",
                    )],
                ),
                lines(
                    "Rejected events",
                    "eps",
                    &[(
                        "sum by (client) (rate(event_grpc_client_events_total{job=~\"$job\", client=~\"$client\", outcome=\"rejected\"}[5m])) > 0",
                        "client {{client}}",
                    )],
                ),
                lines(
                    "Events that a client may not send",
                    "eps",
                    &[(
                        "sum by (client) (rate(event_grpc_client_events_not_allowed_total{job=~\"$job\", client=~\"$client\"}[5m])) > 0",
                        "client {{client}}",
                    )],
                ),
                lines(
                    "Denied requests of known clients",
                    "reqps",
                    &[(
                        "sum by (client, reason) (rate(event_grpc_client_denied_total{job=~\"$job\", client=~\"$client\"}[5m])) > 0",
                        "client {{client}} {{reason}}",
                    )],
                ),
            ],
        ),
        (
            "Access",
            &[
                lines(
                    "Denied requests",
                    "reqps",
                    &[(
                        "sum by (source, reason) (rate(event_grpc_access_denied_total{job=~\"$job\"}[5m])) > 0",
                        "{{source}} {{reason}}",
                    )],
                ),
                lines(
                    "Key files that are bad",
                    "short",
                    &[(
                        "max by (instance, file) (event_grpc_access_file_bad{job=~\"$job\"})",
                        "{{instance}} {{file}}",
                    )],
                ),
                lines(
                    "Still sent: retired types",
                    "eps",
                    &[(
                        "sum by (type) (rate(event_grpc_retired_events_total{job=~\"$job\"}[5m])) > 0",
                        "{{type}}",
                    )],
                ),
                lines(
                    "Still sent: unknown fields",
                    "rowsps",
                    &[(
                        "sum by (type, field) (rate(event_grpc_unknown_fields_total{job=~\"$job\"}[5m])) > 0",
                        "{{type}} {{field}}",
                    )],
                ),
            ],
        ),
    ],
};
