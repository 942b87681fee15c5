//! Costs of an event: what it takes of each part, as measured.

use super::Load;

/// What an event takes of a part's CPU, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// The event itself.
    pub event: f64,
    /// A KiB of it.
    pub kib: f64,
    /// What a request takes of itself; its events share that.
    pub request: f64,
    /// What is shared with other requests, the more of them the smaller they are: its events share the root.
    pub shared: f64,
}

impl Cost {
    /// CPU of an event of a load, in microseconds.
    pub fn of(&self, load: &Load) -> f64 {
        let by = self.by(load.bytes, load.request);
        by.iter().sum()
    }

    /// The same, summand by summand: of the event, its bytes, its request, and what requests share.
    pub fn by(&self, bytes: f64, request: f64) -> [f64; 4] {
        [
            self.event,
            self.kib * bytes / 1024.0,
            self.request / request,
            self.shared / request.sqrt(),
        ]
    }
}

/// Costs of all parts. As JSON it is what `cargo xtask bench capacity` prints of another machine.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// An event in the server, from the request to the insert.
    pub server: Cost,
    /// An event in one member of a quorum queue: published, confirmed, consumed and acknowledged.
    pub rabbitmq: Cost,
    /// A row in ClickHouse, merges of the first minutes included.
    pub clickhouse: Cost,
    /// How many times as much a row takes in the long run, when merges catch up.
    pub merges: f64,
    /// An insert of any size, in microseconds of ClickHouse's CPU.
    pub insert: f64,
    /// A message in one quorum queue, in microseconds until the next one: a queue is one process.
    pub message: f64,
    /// A KiB of it.
    pub message_kib: f64,
    /// Bytes of a row on disk, as a share of the event's bytes on the wire.
    pub stored: f64,
}

impl Costs {
    /// Measured on two cores of a virtual machine that everything shares; BENCHMARKS.md says how, and what the model's error is.
    pub const MEASURED: Costs = Costs {
        server: Cost {
            event: 1.4,
            kib: 3.6,
            request: 20.0,
            shared: 8.5,
        },
        rabbitmq: Cost {
            event: 0.0,
            kib: 4.1,
            request: 0.0,
            shared: 3.3,
        },
        clickhouse: Cost {
            event: 3.8,
            kib: 5.8,
            request: 0.0,
            shared: 0.0,
        },
        merges: 2.0,
        insert: 6000.0,
        message: 85.0,
        message_kib: 2.0,
        stored: 0.5,
    };
}
