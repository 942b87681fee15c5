//! Metrics of ClickHouse and PostgreSQL.

use metrics::{Counter, Gauge};

use super::label::{FAULT, Label, TABLE, Values, label, listed};
use super::{Group, Metric};

const SERVER: Label = label(
    "server",
    Values::Open("the name of the server in pipeline.yaml"),
);

const BUDGET: Label = listed("state", &["used", "limit"]);

/// State of a ClickHouse server.
pub const CLICKHOUSE_UP: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_clickhouse_up",
    "",
    &[SERVER],
    "1 if the ClickHouse server answers, 0 if not. It is asked every second.",
);

/// State of PostgreSQL.
pub const POSTGRES_UP: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_postgres_up",
    "",
    &[],
    "1 if PostgreSQL answers, 0 if not. It is asked every second. Absent without PostgreSQL.",
);

/// State of a table's schema.
pub const TABLE_FITS: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_table_fits",
    "",
    &[TABLE],
    "1 if the table is there with the columns and engine that this build needs, 0 if not. It is looked at every second.",
);

/// Parts of a table.
pub const PARTS: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_clickhouse_parts",
    "parts",
    &[TABLE],
    "Active parts of the table, as ClickHouse says, which every instance asks every 15 seconds: a figure of the server, the same \
     at each instance. For a table in a cluster, those of one replica, by shard.",
);

/// Parts of the fullest partition.
pub const PARTITION_PARTS: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_clickhouse_partition_parts",
    "parts",
    &[TABLE],
    "Active parts of the partition of the table that has the most. ClickHouse delays inserts beyond parts_to_delay_insert (1,000) \
     and refuses them beyond parts_to_throw_insert (3,000). A figure of the server.",
);

/// Bytes of a table.
pub const TABLE_BYTES: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_clickhouse_table_bytes",
    "bytes",
    &[TABLE],
    "Bytes on disk of the table's active parts. A figure of the server.",
);

/// Merges of a table.
pub const MERGES: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_clickhouse_merges",
    "merges",
    &[TABLE],
    "Merges and mutations of the table's parts that are under way. A figure of the server.",
);

/// Free space of a server.
pub const DISK_FREE: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_clickhouse_disk_free_ratio",
    "ratio",
    &[SERVER],
    "Free part of the fullest disk of the ClickHouse server.",
);

/// Budget of inserts.
pub const INSERT_BUDGET: Metric<Gauge, 2> = Metric::gauge(
    "event_grpc_insert_budget_bytes",
    "bytes",
    &[SERVER, BUDGET],
    "Budget of the blocks that this process inserts into the ClickHouse server at the same time: what is used, and the limit. \
     Small blocks don't count.",
);

/// Stored rows.
pub const ROWS_STORED: Metric<Counter, 1> = Metric::counter(
    "event_grpc_rows_stored_total",
    "rows",
    &[TABLE],
    "Rows that were stored.",
);

/// Successful inserts.
pub const INSERTS: Metric<Counter, 1> = Metric::counter(
    "event_grpc_inserts_total",
    "inserts",
    &[TABLE],
    "Inserts, or transactions of PostgreSQL, that succeeded.",
);

/// Failed inserts.
pub const ERRORS: Metric<Counter, 2> = Metric::counter(
    "event_grpc_store_errors_total",
    "inserts",
    &[TABLE, FAULT],
    "Inserts that failed, by fault: the destination accepts nothing (destination); it may work in a moment (transient); the \
     connection ended before there was an answer (unanswered); the block is too much for it (excess); the rows are refused \
     (content); it can't keep up with so many inserts (pressure).",
)
.known_from_start();

pub(super) const GROUP: Group = Group {
    title: "Stores",
    metrics: &[
        CLICKHOUSE_UP.declaration(),
        POSTGRES_UP.declaration(),
        TABLE_FITS.declaration(),
        PARTS.declaration(),
        PARTITION_PARTS.declaration(),
        TABLE_BYTES.declaration(),
        MERGES.declaration(),
        DISK_FREE.declaration(),
        INSERT_BUDGET.declaration(),
        ROWS_STORED.declaration(),
        INSERTS.declaration(),
        ERRORS.declaration(),
    ],
};
