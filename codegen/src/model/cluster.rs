//! The ClickHouse cluster that a database is spread over, and how a table is divided among its shards.

/// A ClickHouse cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Its name in `system.clusters`; empty for ClickHouse Cloud.
    pub name: String,
    /// Number of its shards.
    pub shards: u32,
    /// True if the hosts of a shard are replicas of each other.
    pub replicated: bool,
    /// Who carries statements to its hosts.
    pub ddl: Ddl,
    /// True if an insert is answered once most replicas of its shard have it.
    pub quorum: bool,
}

/// Who carries a statement that changes the schema to the hosts of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ddl {
    /// `event-grpc migrate`, host by host.
    Hosts,
    /// ClickHouse: `ON CLUSTER`.
    OnCluster,
    /// ClickHouse: the database has the engine Replicated.
    ReplicatedDatabase,
    /// ClickHouse Cloud, whose replicas share one table.
    Cloud,
}

impl Ddl {
    /// Its words in declarations.
    pub const WORDS: [(&'static str, Ddl); 4] = [
        ("hosts", Ddl::Hosts),
        ("on_cluster", Ddl::OnCluster),
        ("replicated_database", Ddl::ReplicatedDatabase),
        ("cloud", Ddl::Cloud),
    ];
}

/// How a table is divided among the shards of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharding {
    /// The cluster.
    pub cluster: Cluster,
    /// The columns whose hash says which shard holds a row.
    pub by: Vec<ShardColumn>,
}

/// A column that a row's shard is computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardColumn {
    /// Its name.
    pub name: String,
    /// True for a text, false for a whole number.
    pub is_text: bool,
}

/// Name of the queue that holds what a shard, counted from 1, did not take of a queue. The server reads it, too.
pub fn of_shard(queue: &str, shard: u64) -> String {
    format!("{queue}.shard{shard}")
}
