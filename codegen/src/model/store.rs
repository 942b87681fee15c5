//! The store that a table is in, and what only a table there has.

use super::cluster::{Ddl, Sharding};

/// A kind of store.
#[derive(Debug)]
pub struct StoreKind {
    /// Its name in declarations, in the names of queues, and below `migrations/`.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The keys that declarations of its tables have, and not those of every table.
    pub keys: &'static [&'static str],
    /// The keys of tables in general that mean nothing in declarations of its tables.
    pub without: &'static [&'static str],
    /// True if its tables may have columns that aren't filled from messages.
    pub has_own_columns: bool,
    /// What generated Rust calls the migrations of its usual database.
    pub migrations: &'static str,
    /// True if its tables can be in several databases, each with migrations of its own.
    pub has_databases: bool,
    /// What the catalogue says once of all of its tables; empty for nothing.
    pub note: &'static str,
}

/// The store that a table is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// ClickHouse.
    ClickHouse(ClickHouse),
    /// PostgreSQL.
    Postgres(Postgres),
}

/// What a ClickHouse table has of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClickHouse {
    /// The database that it is in; none for the usual one.
    pub database: Option<String>,
    /// As written, e.g. `ReplacingMergeTree(insert_timestamp)`.
    pub engine: String,
    /// Partition expression as written; empty for none.
    pub partition_by: String,
    /// Column names or expressions.
    pub order_by: Vec<String>,
    /// The sorting key that it had before it was rebuilt with the present one; empty if it never was.
    pub rebuilt_from: Vec<String>,
    /// The columns that it has indexes for, beside its sorting key.
    pub indexes: Vec<String>,
    /// True if its rows are versions of things, and a later one replaces those before it, whoever sent them.
    pub replaces: bool,
    /// How it is divided among the shards of a cluster; none if its database is on one server.
    pub sharding: Option<Sharding>,
}

impl ClickHouse {
    /// How it is divided; none where its database is on one server or in ClickHouse Cloud.
    pub fn divided(&self) -> Option<&Sharding> {
        let sharding = self.sharding.as_ref();
        sharding.filter(|sharding| sharding.cluster.ddl != Ddl::Cloud)
    }
}

/// What a PostgreSQL table has of its own: how rows get into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Postgres {
    /// The columns by which rows are told apart.
    pub unique: Vec<String>,
    /// The column whose greater value replaces a row; none if the first row stays.
    pub version: Option<String>,
    /// Hook in the transaction, by name.
    pub hook: Option<String>,
    /// The columns of its indexes.
    pub indexes: Vec<Vec<String>>,
    /// The columns that hooks fill.
    pub hook_columns: Vec<HookColumn>,
}

/// A column that hooks fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookColumn {
    /// Its name.
    pub name: String,
    /// Its type as written, e.g. `double precision`; it can be NULL.
    pub ty: String,
    /// The comment above it in the YAML file.
    pub doc: String,
}
