//! Operations: logs, metrics, health, readiness, the ledger and replay.

pub mod access;
pub mod ledger;
pub mod logging;
pub mod readiness;
pub mod replay;
pub mod router;
pub mod unknown;
