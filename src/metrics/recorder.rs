//! Metrics recorder, which keeps the values and renders them in the Prometheus text format.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::process::{BUSY, CPU, STARTED};
use super::{sample, workers};
use crate::time::now;

/// Buckets of the histograms of times, in seconds.
const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Buckets of the time until a row is there, in seconds: an outage of the store may last for hours.
const LONG: &[f64] = &[
    0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0,
];

/// Buckets of the rows of a batch.
const ROWS: &[f64] = &[
    1.0, 10.0, 100.0, 1_000.0, 5_000.0, 10_000.0, 50_000.0, 100_000.0, 500_000.0,
];

/// Buckets of the bytes of a batch.
const BYTES: &[f64] = &[
    1_024.0,
    16_384.0,
    131_072.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// Interval at which histograms are compacted; without it they grow.
const UPKEEP: Duration = Duration::from_secs(5);

static HANDLE: Mutex<Option<Recorder>> = Mutex::new(None);

/// The installed recorder. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Recorder(PrometheusHandle);

impl Recorder {
    /// All metrics as text, with a sample of the process as it is now.
    pub fn render(&self) -> String {
        sample::sample();
        let mut text = self.0.render();
        // Counters with fractions are kept as gauges.
        for name in [CPU.name(), BUSY.name()] {
            let kind = format!("# TYPE {name} gauge\n");
            text = text.replacen(&kind, &format!("# TYPE {name} counter\n"), 1);
        }
        text
    }
}

/// Installs the metrics recorder, once a process, and records the start time, which tells the counters of one process
/// from those of the next. It renders the metrics.
pub fn start() -> anyhow::Result<Recorder> {
    // Held until the recorder is in place: of two that start at once the second uses what the first installed.
    let mut started = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = started.as_ref() {
        return Ok(handle.clone());
    }
    let full = |name: &str| Matcher::Full(name.to_owned());
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .set_buckets_for_metric(full(workers::VISIBLE_SECONDS.name()), LONG)?
        .set_buckets_for_metric(full(workers::BATCH_ROWS.name()), ROWS)?
        .set_buckets_for_metric(full(workers::BATCH_BYTES.name()), BYTES)?
        .install_recorder()
        .map(Recorder)?;
    for declaration in super::all() {
        declaration.describe();
    }
    STARTED.only().set(now().as_secs_f64());
    *started = Some(handle.clone());
    Ok(handle)
}

/// Keeps histograms small for as long as it is polled.
pub async fn upkeep(recorder: Recorder) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        recorder.0.run_upkeep();
    }
}
