//! `migrations/clickhouse/`, `migrations/postgres/` and `migrations/schema.lock`: reviewed SQL, written only when a table changes.
//!
//! The migrations of each database have a folder of their own; see [`store::home`](crate::store::home).

mod alike;
pub mod ancestors;
mod cause;
pub(crate) mod change;
pub(crate) mod contract;
mod diff;
mod drops;
mod faults;
pub mod fingerprint;
mod follows;
mod git;
pub mod history;
mod ids;
mod indexes;
pub(crate) mod judge;
pub(crate) mod late;
pub mod lock;
pub(crate) mod moved;
pub(crate) mod numbers;
pub mod plan;
mod released;
pub(crate) mod rename;
mod renamed;
mod restore;
mod unreleased;
mod whole;
