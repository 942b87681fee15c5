//! Metrics, each declared once: name, type, unit, labels and help.
//!
//! Code counts through a declaration, `/metrics` gets its HELP from it, the ledger reads by its name, and
//! `docs/metrics.md` is generated from all of them.

mod label;
mod metric;
mod recorder;
mod sample;

pub mod access;
pub mod broker;
pub mod connections;
pub mod health;
pub mod intake;
pub mod kafka;
pub mod process;
pub mod requests;
pub mod retired;
pub mod sentry;
pub mod stores;
pub mod switches;
pub mod tap;
pub mod tls;
pub mod traces;
pub mod workers;

pub use label::{Label, Names, Values};
pub use metric::{Declaration, Kind, Metric};
pub use recorder::{Recorder, start, upkeep};

/// Metrics that belong together.
#[derive(Debug)]
pub struct Group {
    /// What they are about, for people.
    pub title: &'static str,
    /// The metrics.
    pub metrics: &'static [Declaration],
}

/// All metrics of a server, in the order of the reference.
pub const GROUPS: [Group; 16] = [
    process::GROUP,
    health::GROUP,
    connections::GROUP,
    tls::GROUP,
    access::GROUP,
    switches::GROUP,
    intake::GROUP,
    broker::GROUP,
    kafka::GROUP,
    workers::GROUP,
    retired::GROUP,
    stores::GROUP,
    requests::GROUP,
    tap::GROUP,
    traces::GROUP,
    sentry::GROUP,
];

/// All metrics of a server.
pub fn all() -> impl Iterator<Item = &'static Declaration> {
    GROUPS.iter().flat_map(|group| group.metrics)
}

/// Makes the counters of trouble known at zero, so that a rate shows the first occurrence, too.
pub fn begin(names: &Names) {
    for declaration in all().filter(|declaration| declaration.from_start) {
        declaration.register_all(names);
    }
}
