//! The clock of this machine.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Time since the epoch; zero on a clock that is before it.
pub fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// Time in milliseconds since the epoch.
pub fn now_ms() -> i64 {
    i64::try_from(now().as_millis()).unwrap_or(i64::MAX)
}
