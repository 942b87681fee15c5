//! Dashboard of tables: rows, inserts, and what the servers say.

use super::super::dashboard::Dashboard;
use super::lines;

pub(super) const DASHBOARD: Dashboard = Dashboard {
    name: "tables",
    title: "Tables",
    variables: &[("table", "event_grpc_table_fits")],
    rows: &[
        (
            "Rows",
            &[
                lines(
                    "Rows stored",
                    "rowsps",
                    &[(
                        "event_grpc:rows_stored:rate5m{job=~\"$job\", table=~\"$table\"}",
                        "{{table}}",
                    )],
                ),
                lines(
                    "From acceptance to row",
                    "s",
                    &[
                        (
                            "histogram_quantile(0.5, sum by (table, le) (rate(event_grpc_visible_seconds_bucket{job=~\"$job\", table=~\"$table\"}[5m])))",
                            "{{table}} 50 %",
                        ),
                        (
                            "histogram_quantile(0.99, sum by (table, le) (rate(event_grpc_visible_seconds_bucket{job=~\"$job\", table=~\"$table\"}[5m])))",
                            "{{table}} 99 %",
                        ),
                    ],
                ),
                lines(
                    "Rows of a batch",
                    "short",
                    &[(
                        "sum by (table) (rate(event_grpc_batch_rows_sum{job=~\"$job\", table=~\"$table\"}[5m])) / sum by (table) (rate(event_grpc_batch_rows_count{job=~\"$job\", table=~\"$table\"}[5m]))",
                        "{{table}}",
                    )],
                ),
                lines(
                    "Bytes of a batch",
                    "bytes",
                    &[(
                        "sum by (table) (rate(event_grpc_batch_bytes_sum{job=~\"$job\", table=~\"$table\"}[5m])) / sum by (table) (rate(event_grpc_batch_bytes_count{job=~\"$job\", table=~\"$table\"}[5m]))",
                        "{{table}}",
                    )],
                ),
            ],
        ),
        (
            "Inserts",
            &[
                lines(
                    "Inserts",
                    "ops",
                    &[(
                        "sum by (table) (rate(event_grpc_inserts_total{job=~\"$job\", table=~\"$table\"}[5m]))",
                        "{{table}}",
                    )],
                ),
                lines(
                    "Time of a flush, 99 %",
                    "s",
                    &[(
                        "histogram_quantile(0.99, sum by (table, le) (rate(event_grpc_flush_seconds_bucket{job=~\"$job\", table=~\"$table\"}[5m])))",
                        "{{table}}",
                    )],
                ),
                lines(
                    "Inserts that failed",
                    "ops",
                    &[(
                        "sum by (table, fault) (rate(event_grpc_store_errors_total{job=~\"$job\", table=~\"$table\"}[5m])) > 0",
                        "{{table}} {{fault}}",
                    )],
                ),
                lines(
                    "Set aside",
                    "cps",
                    &[(
                        "sum by (table, why) (rate(event_grpc_set_aside_total{job=~\"$job\", table=~\"$table\"}[5m])) > 0",
                        "{{table}} {{why}}",
                    )],
                ),
            ],
        ),
        (
            "At the server",
            &[
                lines(
                    "Parts of the fullest partition",
                    "short",
                    &[(
                        "max by (table) (event_grpc_clickhouse_partition_parts{job=~\"$job\", table=~\"$table\"})",
                        "{{table}}",
                    )],
                ),
                lines(
                    "Merges",
                    "short",
                    &[(
                        "max by (table) (event_grpc_clickhouse_merges{job=~\"$job\", table=~\"$table\"})",
                        "{{table}}",
                    )],
                ),
                lines(
                    "Bytes on disk",
                    "bytes",
                    &[(
                        "max by (table) (event_grpc_clickhouse_table_bytes{job=~\"$job\", table=~\"$table\"})",
                        "{{table}}",
                    )],
                ),
                lines(
                    "Free disk",
                    "percentunit",
                    &[(
                        "min by (server) (event_grpc_clickhouse_disk_free_ratio{job=~\"$job\"})",
                        "{{server}}",
                    )],
                ),
                lines(
                    "Servers that answer",
                    "short",
                    &[
                        (
                            "min by (server) (event_grpc_clickhouse_up{job=~\"$job\"})",
                            "{{server}}",
                        ),
                        ("min(event_grpc_postgres_up{job=~\"$job\"})", "PostgreSQL"),
                    ],
                ),
                lines(
                    "Tables that are paused or don't fit",
                    "short",
                    &[
                        (
                            "max by (table) (event_grpc_table_paused{job=~\"$job\", table=~\"$table\"}) > 0",
                            "{{table}} paused",
                        ),
                        (
                            "min by (table) (event_grpc_table_fits{job=~\"$job\", table=~\"$table\"}) == 0",
                            "{{table}} fits",
                        ),
                    ],
                ),
            ],
        ),
    ],
};
