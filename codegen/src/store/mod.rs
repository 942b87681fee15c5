//! The databases that tables are in: a folder for each kind, and what they have in common.

pub mod clickhouse;
pub mod facts;
pub mod home;
pub mod postgres;

use crate::model::Table;
use facts::TableFacts;

/// The facts of a table.
pub fn facts(table: &Table) -> TableFacts {
    match &table.postgres {
        Some(upsert) => postgres::facts(table, upsert),
        None => clickhouse::facts(table),
    }
}
