//! The one place that decides what an error does to the messages of a batch.

use std::time::Duration;

use crate::sink::{Fault, StoreError};

/// What happens next to a block that was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposition {
    /// The same block again, after this long.
    Again(Duration),
    /// The destination takes nothing: the table is paused, and the same block goes out once a probe says so.
    Pause,
    /// The destination refuses something in it: the parts are tried, until what is bad stands alone.
    Divide,
}

/// Decides. `attempts` counts the tries of this block so far, from 1.
pub(super) fn decide(error: &StoreError, attempts: u32, jitter: f64) -> Disposition {
    const SLOWEST: Duration = Duration::from_secs(5);
    let growing = |first: Duration| {
        let doubled = first.saturating_mul(1 << attempts.saturating_sub(1).min(10));
        doubled.min(SLOWEST).mul_f64(0.5 + jitter / 2.0)
    };
    match error.fault {
        Fault::Transient => Disposition::Again(growing(Duration::from_millis(100))),
        Fault::Pressure => Disposition::Again(growing(Duration::from_secs(1))),
        Fault::Destination => Disposition::Pause,
        Fault::Content => Disposition::Divide,
    }
}
