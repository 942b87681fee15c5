//! The databases that tables are in: a folder for each kind, and what they have in common.

pub mod clickhouse;
pub mod facts;
pub mod home;
pub mod postgres;
