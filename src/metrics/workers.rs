//! Metrics of workers: what became of messages and of the events in them.

use metrics::{Counter, Gauge, Histogram};

use super::label::{Label, QUEUE, TABLE, TYPE, Values, label, listed};
use super::{Group, Metric};
use crate::dead_letter::Class;

/// Message that is settled for good.
pub const ACKNOWLEDGED: &str = "acknowledged";
/// Message of which a copy is in the queue; event in that copy.
pub const RETRIED: &str = "retried";
/// Message that was given back.
pub const RETURNED: &str = "returned";
/// Message whose acknowledgement may not have reached the broker.
pub const LOST: &str = "lost";
/// Event that is in its table, or accepted by the HTTP API.
pub const STORED: &str = "stored";
/// Event that is a dead letter.
pub const DEAD_LETTERED: &str = "dead_lettered";

const ENDING: Label = listed("outcome", &[ACKNOWLEDGED, RETRIED, RETURNED, LOST]);

const SCHEMA: Label = listed("schema", &["same", "older", "newer", "none"]);

const UNIT_ENDING: Label = listed("outcome", &[STORED, DEAD_LETTERED, RETRIED]);

const INTO: Label = label(
    "into",
    Values::Open("the table or HTTP request of the queue"),
);

const CLASS: Label = listed("class", &Class::NAMES);

const WHY: Label = listed("why", &["suspect", "spread", "heavy", "divided"]);

const EVENT_TYPE: Label = label(
    "type",
    Values::Open("the event type, as the table's schema calls it, or other"),
);

const FIELD: Label = label(
    "field",
    Values::Open("a JSON pointer to the field, or other"),
);

const COLUMN: Label = label("column", Values::Open("the column of the table"));

/// Messages by ending.
pub const SETTLED: Metric<Counter, 2> = Metric::counter(
    "event_grpc_settled_total",
    "messages",
    &[QUEUE, ENDING],
    "Messages by how they ended: done (acknowledged), acknowledged with a copy of a part of it in the queue (retried), \
     given back as it came (returned), or not known whether the broker was told (lost).",
);

/// Messages by the relation of their schema to that of this build.
pub const CONSUMED_SCHEMAS: Metric<Counter, 2> = Metric::counter(
    "event_grpc_consumed_schemas_total",
    "messages",
    &[QUEUE, SCHEMA],
    "Messages that workers received, redelivered ones included, by the schema that they were made under: that of this build \
     (same), of one of its ancestors (older), one that this build doesn't know (newer), or none.",
);

/// Events of acknowledged messages by outcome.
pub const SETTLED_UNITS: Metric<Counter, 4> = Metric::counter(
    "event_grpc_settled_units_total",
    "events",
    &[QUEUE, INTO, TYPE, UNIT_ENDING],
    "Events and JSON objects of acknowledged messages by what became of them.",
);

/// Dead letters.
pub const DEAD_LETTERS: Metric<Counter, 2> = Metric::counter(
    "event_grpc_dead_letters_total",
    "messages",
    &[QUEUE, CLASS],
    "Dead letters that workers published, by class. One may hold many events that failed alike.",
)
.known_from_start();

/// State of a queue's circuit breaker.
pub const QUEUE_STOPPED: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_queue_stopped",
    "",
    &[QUEUE],
    "1 while the queue's circuit breaker is open: more of its events would be dead letters than breaker allows.",
)
.known_from_start();

/// State of a table that accepts nothing.
pub const TABLE_PAUSED: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_table_paused",
    "",
    &[TABLE],
    "1 while nothing is consumed for the table, since its destination accepts nothing.",
)
.known_from_start();

/// Restarts of a table's workers.
pub const RESTARTS: Metric<Counter, 1> = Metric::counter(
    "event_grpc_restarts_total",
    "restarts",
    &[TABLE],
    "Restarts of a table's workers and batcher after one of them broke down. Every one is a defect of this build.",
)
.known_from_start();

/// Duration of a flush.
pub const FLUSH_SECONDS: Metric<Histogram, 1> = Metric::histogram(
    "event_grpc_flush_seconds",
    "seconds",
    &[TABLE],
    "Time that storing a batch took, attempts that failed and the waits between them included.",
);

/// Time until rows are there.
pub const VISIBLE_SECONDS: Metric<Histogram, 1> = Metric::histogram(
    "event_grpc_visible_seconds",
    "seconds",
    &[TABLE],
    "Time from the acceptance of a message until its rows are in the table, or its events dead letters, as its timestamp has \
     it: AMQP's are of whole seconds, so that it is up to a second too long. Buckets from 0.25 seconds to a day.",
);

/// Rows of a batch.
pub const BATCH_ROWS: Metric<Histogram, 1> = Metric::histogram(
    "event_grpc_batch_rows",
    "rows",
    &[TABLE],
    "Rows of a batch that was sent, all shards together. Buckets from 1 to 500,000.",
);

/// Bytes of a batch.
pub const BATCH_BYTES: Metric<Histogram, 1> = Metric::histogram(
    "event_grpc_batch_bytes",
    "bytes",
    &[TABLE],
    "Column data of a batch that was sent, before compression. Buckets from 1 KiB to 64 MiB.",
);

/// Age of what is held.
pub const HELD_AGE: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_unacknowledged_age_seconds",
    "seconds",
    &[QUEUE],
    "How long this process holds the message that it has held for the longest, and hasn't settled; 0 if it holds none.",
);

/// Age of the oldest message.
pub const OLDEST: Metric<Gauge, 1> = Metric::gauge(
    "event_grpc_queue_oldest_seconds",
    "seconds",
    &[QUEUE],
    "Age, since its acceptance, of the oldest message of the queue that this process holds. If it holds none and RabbitMQ has \
     messages ready: how long it has seen them wait, which may be less than their age. Otherwise 0.",
);

/// Batches of which something was set aside.
pub const SET_ASIDE: Metric<Counter, 2> = Metric::counter(
    "event_grpc_set_aside_total",
    "batches",
    &[TABLE, WHY],
    "Batches of which a part was stored apart from the rest: events that an insert failed at before (suspect), rows beyond \
     the 50 fullest partitions (spread), what the block had no room for (heavy), or the parts of a block that failed \
     (divided).",
);

/// Rows with unknown fields.
pub const UNKNOWN_FIELDS: Metric<Counter, 2> = Metric::counter(
    "event_grpc_unknown_fields_total",
    "rows",
    &[EVENT_TYPE, FIELD],
    "Rows with a field that this build doesn't know and keeps, once for each table that keeps it.",
);

/// Texts over a column's limit.
pub const TEXT_OVER_LIMIT: Metric<Counter, 2> = Metric::counter(
    "event_grpc_text_over_limit_total",
    "texts",
    &[TABLE, COLUMN],
    "Texts that are longer than the limit of their column.",
);

/// Longest text over a column's limit.
pub const TEXT_LARGEST: Metric<Gauge, 2> = Metric::gauge(
    "event_grpc_text_largest_bytes",
    "bytes",
    &[TABLE, COLUMN],
    "The longest text over the limit of its column that this process has seen.",
);

pub(super) const GROUP: Group = Group {
    title: "Workers",
    metrics: &[
        CONSUMED_SCHEMAS.declaration(),
        SETTLED.declaration(),
        SETTLED_UNITS.declaration(),
        DEAD_LETTERS.declaration(),
        QUEUE_STOPPED.declaration(),
        TABLE_PAUSED.declaration(),
        RESTARTS.declaration(),
        FLUSH_SECONDS.declaration(),
        VISIBLE_SECONDS.declaration(),
        BATCH_ROWS.declaration(),
        BATCH_BYTES.declaration(),
        HELD_AGE.declaration(),
        OLDEST.declaration(),
        SET_ASIDE.declaration(),
        UNKNOWN_FIELDS.declaration(),
        TEXT_OVER_LIMIT.declaration(),
        TEXT_LARGEST.declaration(),
    ],
};
