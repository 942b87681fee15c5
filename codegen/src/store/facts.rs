//! Facts about a table in the lock.

/// What the lock remembers of a table. What a store doesn't have is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableFacts {
    /// The database that it is in; empty for the default one.
    pub database: String,
    /// Its engine; the kind of store where tables have none.
    pub engine: String,
    /// Its partition key; empty for none.
    pub partition_by: String,
    /// The key by which rows are sorted or told apart.
    pub order_by: String,
    /// Its columns in order: name and type.
    pub columns: Vec<(String, String)>,
    /// The columns of each index.
    pub indexes: Vec<String>,
    /// How the store keeps it.
    pub settings: String,
    /// The cluster that it is divided among, and if its hosts are replicas; empty for none.
    pub cluster: String,
    /// Number of its shards.
    pub shards: String,
    /// The hash that says which shard holds a row.
    pub shard_by: String,
}
