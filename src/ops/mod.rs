//! Operations: logs, metrics, health, readiness, the ledger, replay, and the comparison with running servers.

pub mod access;
pub mod backlog;
pub mod degraded;
pub mod health_metrics;
pub mod ledger;
pub mod live;
pub mod logging;
pub mod readiness;
pub mod replay;
pub mod router;
pub mod unknown;
