//! Metrics of the process: its build, what it uses of the machine, and its runtime.

use metrics::{Counter, Gauge};

use super::label::{Label, Values, label};
use super::{Group, Metric};

const VERSION: Label = label("version", Values::Open("the version of the build"));

const COMMIT: Label = label(
    "commit",
    Values::Open("the commit that it was built from, or `unknown`"),
);

const SCHEMA: Label = label(
    "schema",
    Values::Open("the fingerprint of its declarations"),
);

/// What was built.
pub const BUILD: Metric<Gauge, 3> = Metric::gauge(
    "event_grpc_build_info",
    "builds",
    &[VERSION, COMMIT, SCHEMA],
    "Always 1: version, commit and schema of this build are its labels.",
);

/// Start time, which tells one process from the next.
pub const STARTED: Metric<Gauge, 0> = Metric::gauge(
    "process_start_time_seconds",
    "seconds",
    &[],
    "When the process started, in seconds since the epoch. Counters are of one start.",
);

/// Processor time.
pub const CPU: Metric<Gauge, 0> = Metric::seconds_total(
    "process_cpu_seconds_total",
    "Processor time of this process, in user and system mode. The embedded engine is another process. On Linux only.",
);

/// Memory in use.
pub const RESIDENT: Metric<Gauge, 0> = Metric::gauge(
    "process_resident_memory_bytes",
    "bytes",
    &[],
    "Memory of this process that is in RAM. On Linux only.",
);

/// Address space.
pub const VIRTUAL: Metric<Gauge, 0> = Metric::gauge(
    "process_virtual_memory_bytes",
    "bytes",
    &[],
    "Address space of this process. On Linux only.",
);

/// Open files.
pub const OPEN_FDS: Metric<Gauge, 0> = Metric::gauge(
    "process_open_fds",
    "descriptors",
    &[],
    "File descriptors that this process has open. On Linux only.",
);

/// Limit of open files.
pub const MAX_FDS: Metric<Gauge, 0> = Metric::gauge(
    "process_max_fds",
    "descriptors",
    &[],
    "File descriptors that this process may have open. On Linux only.",
);

/// Busy time of the runtime.
pub const BUSY: Metric<Gauge, 0> = Metric::seconds_total(
    "event_grpc_runtime_busy_seconds_total",
    "Time that the threads of the async runtime spent on tasks, all threads together. Each of them adds a second a second if \
     it never waits.",
);

/// Threads of the runtime.
pub const THREADS: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_runtime_threads",
    "threads",
    &[],
    "Threads of the async runtime of this process.",
);

/// Tasks of the runtime.
pub const TASKS: Metric<Gauge, 0> = Metric::gauge(
    "event_grpc_runtime_tasks",
    "tasks",
    &[],
    "Tasks of the async runtime that haven't ended.",
);

/// Panics in workers.
pub const PANICS: Metric<Counter, 0> = Metric::counter(
    "event_grpc_panics_total",
    "panics",
    &[],
    "Panics in workers, each of which costs its message a retry. Every one is a defect of this build.",
)
.known_from_start();

pub(super) const GROUP: Group = Group {
    title: "Process",
    metrics: &[
        BUILD.declaration(),
        STARTED.declaration(),
        CPU.declaration(),
        RESIDENT.declaration(),
        VIRTUAL.declaration(),
        OPEN_FDS.declaration(),
        MAX_FDS.declaration(),
        BUSY.declaration(),
        THREADS.declaration(),
        TASKS.declaration(),
        PANICS.declaration(),
    ],
};
