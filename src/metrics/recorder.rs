//! Metrics recorder, which keeps the values and renders them in the Prometheus text format.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::process::STARTED;
use crate::time::now;

/// Buckets of the histograms of times, in seconds.
const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Interval at which histograms are compacted; without it they grow.
const UPKEEP: Duration = Duration::from_secs(5);

static HANDLE: Mutex<Option<PrometheusHandle>> = Mutex::new(None);

/// Installs the metrics recorder, once a process, and records the start time, which tells the counters of one process
/// from those of the next. The handle renders the metrics.
pub fn start() -> anyhow::Result<PrometheusHandle> {
    // Held until the recorder is in place: of two that start at once the second uses what the first installed.
    let mut started = HANDLE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = started.as_ref() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()?;
    for declaration in super::all() {
        declaration.describe();
    }
    STARTED.only().set(now().as_secs_f64());
    *started = Some(handle.clone());
    Ok(handle)
}

/// Keeps histograms small for as long as it is polled.
pub async fn upkeep(handle: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        handle.run_upkeep();
    }
}
