//! Dashboard of everything at a glance.

use super::super::dashboard::Dashboard;
use super::{lines, stat, table};

pub(super) const DASHBOARD: Dashboard = Dashboard {
    name: "overview",
    title: "Overview",
    variables: &[],
    rows: &[
        (
            "Now",
            &[
                stat(
                    "Events accepted",
                    "eps",
                    &[(
                        "sum(event_grpc:events_accepted:rate5m{job=~\"$job\"})",
                        "a second",
                    )],
                ),
                stat(
                    "Rows stored",
                    "rowsps",
                    &[(
                        "sum(event_grpc:rows_stored:rate5m{job=~\"$job\"})",
                        "a second",
                    )],
                ),
                stat(
                    "Messages that wait",
                    "short",
                    &[(
                        "sum(event_grpc:queue_backlog:messages{job=~\"$job\"})",
                        "messages",
                    )],
                ),
                stat(
                    "Dead letters of an hour",
                    "short",
                    &[(
                        "sum(increase(event_grpc_dead_letters_total{job=~\"$job\"}[1h]))",
                        "messages",
                    )],
                ),
                stat(
                    "Instances that want traffic",
                    "short",
                    &[("sum(event_grpc_heartbeat{job=~\"$job\"})", "instances")],
                ),
                stat(
                    "Things out of order",
                    "short",
                    &[("sum(event_grpc_degraded{job=~\"$job\"})", "things")],
                ),
            ],
        ),
        (
            "Out of order",
            &[
                table(
                    "What is out of order",
                    "short",
                    &[(
                        "max by (instance, reason, subject) (event_grpc_degraded{job=~\"$job\"}) == 1",
                        "",
                    )],
                ),
                table(
                    "Builds",
                    "short",
                    &[("event_grpc_build_info{job=~\"$job\"}", "")],
                ),
            ],
        ),
        (
            "Traffic",
            &[
                lines(
                    "Events by source",
                    "eps",
                    &[(
                        "event_grpc:events_accepted:rate5m{job=~\"$job\"}",
                        "{{source}}",
                    )],
                ),
                lines(
                    "Rows by table",
                    "rowsps",
                    &[("event_grpc:rows_stored:rate5m{job=~\"$job\"}", "{{table}}")],
                ),
                lines(
                    "Requests by answer",
                    "reqps",
                    &[(
                        "sum by (outcome) (event_grpc:requests:rate5m{job=~\"$job\"})",
                        "{{outcome}}",
                    )],
                ),
                lines(
                    "From acceptance to row, 99 %",
                    "s",
                    &[(
                        "event_grpc:visible_seconds:p99_15m{job=~\"$job\"}",
                        "{{table}}",
                    )],
                ),
            ],
        ),
        (
            "Processes",
            &[
                lines(
                    "Processors",
                    "short",
                    &[(
                        "rate(process_cpu_seconds_total{job=~\"$job\"}[5m])",
                        "{{instance}}",
                    )],
                ),
                lines(
                    "Memory",
                    "bytes",
                    &[(
                        "process_resident_memory_bytes{job=~\"$job\"}",
                        "{{instance}}",
                    )],
                ),
                lines(
                    "Runtime busy",
                    "percentunit",
                    &[(
                        "rate(event_grpc_runtime_busy_seconds_total{job=~\"$job\"}[5m]) / event_grpc_runtime_threads{job=~\"$job\"}",
                        "{{instance}}",
                    )],
                ),
                lines(
                    "File descriptors",
                    "short",
                    &[
                        ("process_open_fds{job=~\"$job\"}", "{{instance}} open"),
                        ("process_max_fds{job=~\"$job\"}", "{{instance}} limit"),
                    ],
                ),
            ],
        ),
    ],
};
