//! Operations: logs, metrics, health, readiness, taps, the ledger, replay, and the comparison with running servers.

pub mod access;
pub mod backlog;
pub mod board;
pub mod degraded;
pub mod health_metrics;
pub mod ledger;
pub mod live;
pub mod log_filter;
pub mod logging;
pub mod readiness;
pub mod replay;
pub mod router;
pub mod tap;
pub mod unknown;
