//! What operators see of the server: logs, metrics and health.

pub mod health;
pub mod ledger;
pub mod logging;
pub mod readiness;
pub mod replay;
pub mod unknown;
