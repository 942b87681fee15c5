//! Metrics of ClickHouse and PostgreSQL.

use metrics::{Counter, Gauge};

use super::label::{FAULT, Label, TABLE, Values, label};
use super::{Group, Metric};

const SERVER: Label = label(
    "server",
    Values::Open("the name of the server in pipeline.yaml"),
);

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
.from_start();

pub(super) const GROUP: Group = Group {
    title: "Stores",
    metrics: &[
        CLICKHOUSE_UP.declaration(),
        POSTGRES_UP.declaration(),
        TABLE_FITS.declaration(),
        ROWS_STORED.declaration(),
        INSERTS.declaration(),
        ERRORS.declaration(),
    ],
};
