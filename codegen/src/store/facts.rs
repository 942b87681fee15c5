//! What the lock remembers of a table.

/// What a table is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableFacts {
    /// The database that it is in; empty for the usual one.
    pub database: String,
    /// Its engine.
    pub engine: String,
    /// Its partition key; empty for none.
    pub partition_by: String,
    /// Its sorting key.
    pub order_by: String,
    /// Its columns in order: name and type.
    pub columns: Vec<(String, String)>,
    /// The columns of each index; only of PostgreSQL tables.
    pub indexes: Vec<String>,
    /// How ClickHouse keeps it; empty for other tables.
    pub settings: String,
}
