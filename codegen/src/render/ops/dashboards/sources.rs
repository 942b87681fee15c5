//! Dashboard of sources: requests, room and connections.

use super::super::dashboard::Dashboard;
use super::lines;

pub(super) const DASHBOARD: Dashboard = Dashboard {
    name: "sources",
    title: "Sources",
    variables: &[("source", "event_grpc_pool_limit_bytes")],
    rows: &[
        (
            "Requests",
            &[
                lines(
                    "Events accepted, by source",
                    "eps",
                    &[(
                        "sum by (source) (rate(event_grpc_events_total{job=~\"$job\", source=~\"$source\"}[5m]))",
                        "{{source}}",
                    )],
                ),
                lines(
                    "Events by type",
                    "eps",
                    &[(
                        "topk(15, sum by (type) (rate(event_grpc_events_total{job=~\"$job\", source=~\"$source\"}[5m])))",
                        "{{type}}",
                    )],
                ),
                lines(
                    "Requests by answer",
                    "reqps",
                    &[(
                        "sum by (source, outcome) (rate(event_grpc_requests_total{job=~\"$job\", source=~\"$source\"}[5m]))",
                        "{{source}} {{outcome}}",
                    )],
                ),
                lines(
                    "Quarantined",
                    "eps",
                    &[(
                        "sum by (source, outcome) (rate(event_grpc_quarantined_total{job=~\"$job\", source=~\"$source\"}[5m]))",
                        "{{source}} {{outcome}}",
                    )],
                ),
            ],
        ),
        (
            "Room",
            &[
                lines(
                    "Pool: bytes used",
                    "percentunit",
                    &[(
                        "event_grpc_pool_bytes{job=~\"$job\", source=~\"$source\"} / event_grpc_pool_limit_bytes{job=~\"$job\", source=~\"$source\"}",
                        "{{instance}} {{source}}",
                    )],
                ),
                lines(
                    "Pool: requests",
                    "short",
                    &[
                        (
                            "event_grpc_pool_waiting{job=~\"$job\", source=~\"$source\"}",
                            "{{instance}} {{source}} waiting",
                        ),
                        (
                            "event_grpc_pool_preparing{job=~\"$job\", source=~\"$source\"}",
                            "{{instance}} {{source}} preparing",
                        ),
                    ],
                ),
                lines(
                    "Time to confirm",
                    "s",
                    &[
                        (
                            "histogram_quantile(0.5, sum by (le) (rate(event_grpc_broker_confirm_seconds_bucket{job=~\"$job\"}[5m])))",
                            "50 %",
                        ),
                        (
                            "histogram_quantile(0.99, sum by (le) (rate(event_grpc_broker_confirm_seconds_bucket{job=~\"$job\"}[5m])))",
                            "99 %",
                        ),
                    ],
                ),
                lines(
                    "Publishing that failed",
                    "mps",
                    &[(
                        "sum by (exchange, reason) (rate(event_grpc_broker_publish_failed_total{job=~\"$job\"}[5m])) > 0",
                        "{{exchange}} {{reason}}",
                    )],
                ),
            ],
        ),
        (
            "Connections",
            &[
                lines(
                    "Open connections",
                    "short",
                    &[(
                        "sum by (door) (event_grpc_connections{job=~\"$job\"})",
                        "{{door}}",
                    )],
                ),
                lines(
                    "Refused connections",
                    "cps",
                    &[(
                        "sum by (door, reason) (rate(event_grpc_connections_refused_total{job=~\"$job\"}[5m])) > 0",
                        "{{door}} {{reason}}",
                    )],
                ),
                lines(
                    "Refused requests",
                    "reqps",
                    &[(
                        "sum by (door, reason) (rate(event_grpc_refused_total{job=~\"$job\"}[5m])) > 0",
                        "{{door}} {{reason}}",
                    )],
                ),
                lines(
                    "TLS handshakes",
                    "cps",
                    &[(
                        "sum by (door, outcome) (rate(event_grpc_tls_handshakes_total{job=~\"$job\"}[5m])) > 0",
                        "{{door}} {{outcome}}",
                    )],
                ),
            ],
        ),
    ],
};
