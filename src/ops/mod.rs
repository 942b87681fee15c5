//! What operators see of the server: logs, metrics and health.

pub mod logging;
pub mod metrics;
