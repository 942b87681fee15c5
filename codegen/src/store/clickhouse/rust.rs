//! What generated Rust says of a ClickHouse table: its database, and how it is divided among the shards of a cluster.

use crate::model::{ClickHouse, Ddl, Sharding, Table};
use crate::store::Rust;

/// What is said; `database` is what generated Rust calls the database, if it isn't the usual one.
pub(super) fn of(own: &ClickHouse, table: &Table, database: Option<&str>) -> Rust {
    let database = match database {
        None => "None".to_owned(),
        Some(name) => format!("Some(&databases::{name})"),
    };
    match own.divided() {
        None => Rust {
            storage: format!("Storage::ClickHouse({database})"),
            item: String::new(),
        },
        Some(sharding) => Rust {
            storage: "Storage::Cluster(&SHARDING)".to_owned(),
            item: item(sharding, table, &database),
        },
    }
}

fn item(sharding: &Sharding, table: &Table, database: &str) -> String {
    let cluster = &sharding.cluster;
    let ddl = match cluster.ddl {
        Ddl::Hosts => "Hosts",
        Ddl::OnCluster => "OnCluster",
        Ddl::ReplicatedDatabase | Ddl::Cloud => "ReplicatedDatabase",
    };
    let names = |of: &str| {
        let names = (1..=cluster.shards).map(|shard| format!("{:?}", format!("{of}/{shard}")));
        names.collect::<Vec<String>>().join(", ")
    };
    format!(
        "/// How it is divided among the shards of its cluster.\nstatic SHARDING: Sharding = Sharding {{ database: {database}, \
         cluster: Cluster {{ name: {:?}, replicated: {}, quorum: {}, ddl: Ddl::{ddl}, shards: &[{}] }}, key: &KEY, shards: &[{}] }};",
        cluster.name,
        cluster.replicated,
        cluster.quorum,
        names(&cluster.name),
        names(&table.name)
    )
}
