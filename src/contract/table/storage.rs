//! Storage of a table: the kind of database, and what is specific to it.

use super::sharding::Sharding;
use crate::contract::database::Database;

/// Kind of database that holds a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// A ClickHouse database; none is the usual one, which the server's URL names.
    ClickHouse(Option<&'static Database>),
    /// A ClickHouse database that is spread over a cluster.
    Cluster(&'static Sharding),
    /// A PostgreSQL database.
    Postgres(&'static Upsert),
}

/// Upsert into a PostgreSQL table.
#[derive(Debug, PartialEq, Eq)]
pub struct Upsert {
    /// The columns by which rows are told apart: their places among the table's columns.
    pub unique: &'static [usize],
    /// Rule for rows that are equal in `unique`.
    pub conflict: Conflict,
    /// Hook that runs in the transaction of a batch, by name.
    pub hook: Option<&'static str>,
    /// Columns beside those of the block, which hooks fill: name and type.
    pub hook_columns: &'static [(&'static str, &'static str)],
}

/// Rule for two rows of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The one that is there.
    Keep,
    /// The one with the greater version.
    Replace {
        /// The place of the version among the table's columns.
        version: usize,
    },
}
