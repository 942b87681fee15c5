//! Alerts about stores, tables, dead letters and HTTP APIs.

use super::alert::Needs::{Nothing, Requests};
use super::alert::Severity::{Critical, Warning};
use super::alert::{Alert, Group};

pub(super) const GROUP: Group = Group {
    name: "stores",
    title: "Stores and tables",
    alerts: ALERTS,
};

const ALERTS: &[Alert] = &[
    Alert {
        name: "ClickHouseDown",
        severity: Critical,
        lasts: "1m",
        expr: "max by (job, instance, server) (event_grpc_clickhouse_up) == 0",
        summary: "{{ $labels.instance }} gets no answer from the ClickHouse server {{ $labels.server }}",
        meaning: "Events are accepted and wait in their queues; nothing is lost while RabbitMQ has disk. Without RabbitMQ requests \
                  are refused.",
        look: &[
            "`/readyz`: `clickhouse` has the reason",
            "the server's log, its memory and disk",
            "how long the queues may grow: the dashboard of queues",
        ],
        act: &[
            "start it, or mend the way to it; what waits is stored by itself",
            "if it takes hours, watch the disk of RabbitMQ",
        ],
        needs: Nothing,
    },
    Alert {
        name: "PostgresDown",
        severity: Critical,
        lasts: "1m",
        expr: "max by (job, instance) (event_grpc_postgres_up) == 0",
        summary: "{{ $labels.instance }} gets no answer from PostgreSQL",
        meaning: "Messages for its tables wait in their queues; everything else goes on.",
        look: &[
            "`/readyz`: `postgres` has the reason",
            "whether a failover is under way: the hosts of the URL are tried in order",
        ],
        act: &["start it, or mend the way to it; what waits is stored by itself"],
        needs: Nothing,
    },
    Alert {
        name: "TableMisfit",
        severity: Critical,
        lasts: "2m",
        expr: "max by (job, subject) (event_grpc_degraded{reason=\"table_misfit\"}) == 1",
        summary: "the table {{ $labels.subject }} isn't as this build needs it",
        meaning: "It is missing, lacks columns or has an engine that would lose or double rows. Its messages wait.",
        look: &["`event-grpc migrate --check`"],
        act: &[
            "`event-grpc migrate`, of the newest build that runs",
            "if somebody changed the table by hand: undo that",
        ],
        needs: Nothing,
    },
    Alert {
        name: "TablePaused",
        severity: Critical,
        lasts: "2m",
        expr: "max by (job, instance, subject) (event_grpc_degraded{reason=\"table_paused\"}) == 1",
        summary: "nothing is stored into {{ $labels.subject }} by {{ $labels.instance }}",
        meaning: "The server answers and takes no rows: no rights, no space, read-only, too many parts. Messages wait in their queues.",
        look: &[
            "`event-grpc status`, which has the server's words",
            "free disk, `event_grpc_clickhouse_partition_parts`",
        ],
        act: &["mend what it says; the table is probed every second and goes on by itself"],
        needs: Nothing,
    },
    Alert {
        name: "StoreErrors",
        severity: Warning,
        lasts: "10m",
        expr: "sum by (job, table, fault) (rate(event_grpc_store_errors_total{fault=~\"transient|unanswered|excess|pressure\"}[10m])) > 0.05",
        summary: "inserts into {{ $labels.table }} fail and are repeated: {{ $labels.fault }}",
        meaning: "Nothing is lost, each block is stored once; but it takes longer, and the queue may grow.",
        look: &[
            "the log, which has the server's words for the first attempt of each",
            "`excess`: memory and time limits of the account; `pressure`: parts and merges",
        ],
        act: &[
            "`excess`: raise the limits, or lower `batch` of the queue",
            "`pressure`: raise `batch: delay`, so that inserts are fewer and larger",
        ],
        needs: Nothing,
    },
    Alert {
        name: "DeadLetters",
        severity: Warning,
        lasts: "0m",
        expr: "sum by (job, queue, class) (increase(event_grpc_dead_letters_total[15m])) > 0",
        summary: "events of {{ $labels.queue }} became dead letters: {{ $labels.class }}",
        meaning: "They could not be stored as they are, and are in `error_event` with reason and bytes, from where they can be \
                  replayed. `unknown_type` is replayed by itself once a build knows the type.",
        look: &[
            "`event-grpc dlq list`, `event-grpc dlq show`",
            "the class in [dead-letters.md](../../../docs/dead-letters.md)",
        ],
        act: &[
            "mend the sender or the declaration, then `event-grpc dlq replay`",
            "what is worth nothing: `event-grpc dlq discard`",
        ],
        needs: Nothing,
    },
    Alert {
        name: "DeadLettersMany",
        severity: Critical,
        lasts: "5m",
        expr: "sum by (job, queue) (rate(event_grpc_settled_units_total{outcome=\"dead_lettered\"}[15m])) \
               / sum by (job, queue) (rate(event_grpc_settled_units_total[15m])) > 0.05",
        summary: "{{ $value | humanizePercentage }} of the events of {{ $labels.queue }} become dead letters",
        meaning: "Something is wrong with all events of a kind rather than with single ones. Beyond `breaker` of the queue it is stopped.",
        look: &[
            "`event-grpc dlq list`: one class and reason, or many?",
            "what was deployed last, here and at the senders",
        ],
        act: &["put that back, then `event-grpc dlq replay`"],
        needs: Nothing,
    },
    Alert {
        name: "Parts",
        severity: Warning,
        lasts: "10m",
        expr: "max by (job, table) (event_grpc_clickhouse_partition_parts) > 800",
        summary: "a partition of {{ $labels.table }} has {{ $value }} parts",
        meaning: "Merges don't keep up. ClickHouse delays inserts from 1,000 parts on and refuses them from 3,000 on.",
        look: &[
            "`event_grpc_clickhouse_merges`; are merges stopped, or the disk slow or full?",
            "rows of an insert: `event_grpc_batch_rows`",
        ],
        act: &[
            "raise `batch: delay`, so that inserts are fewer and larger",
            "`SYSTEM START MERGES`, more disk, fewer instances that insert",
        ],
        needs: Nothing,
    },
    Alert {
        name: "DiskFull",
        severity: Critical,
        lasts: "5m",
        expr: "min by (job, server) (event_grpc_clickhouse_disk_free_ratio) < 0.1",
        summary: "{{ $value | humanizePercentage }} of a disk of the ClickHouse server {{ $labels.server }} is free",
        meaning: "Merges need as much free space as the parts that they merge. When it is full nothing is stored, and messages wait \
                  in their queues.",
        look: &[
            "`event_grpc_clickhouse_table_bytes`: which table is large",
            "detached parts and old backups",
        ],
        act: &["add disk, drop old partitions, or move them to another volume"],
        needs: Nothing,
    },
    Alert {
        name: "Slow",
        severity: Warning,
        lasts: "15m",
        expr: "histogram_quantile(0.99, sum by (job, table, le) (rate(event_grpc_visible_seconds_bucket[15m]))) > 300",
        summary: "rows of {{ $labels.table }} are there only after {{ $value | humanizeDuration }}",
        meaning: "One message in a hundred takes longer than five minutes from its acceptance to its rows. Replays and retries count, too.",
        look: &[
            "[EventGrpcQueueOld](broker.md#eventgrpcqueueold), `event_grpc_flush_seconds`",
            "whether dead letters are being replayed",
        ],
        act: &["after an outage wait until the queues are empty; otherwise add instances"],
        needs: Nothing,
    },
    Alert {
        name: "TargetPaused",
        severity: Warning,
        lasts: "5m",
        expr: "event_grpc_target_paused == 1",
        summary: "the HTTP API {{ $labels.target }} accepts nothing from {{ $labels.instance }}",
        meaning: "Messages for it wait in their queue; it is tried with one request a second.",
        look: &["`/readyz`: `requests` has its answer"],
        act: &["renew the key or mend the address; a provider's outage ends by itself"],
        needs: Requests,
    },
];
