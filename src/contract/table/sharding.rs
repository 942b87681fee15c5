//! How a table is divided among the shards of a ClickHouse cluster.

use xxhash_rust::xxh64::xxh64;

use super::{Block, Table};
use crate::contract::database::Database;
use crate::native::column::read::Cell;

/// How a table is divided among the shards of a cluster.
#[derive(Debug)]
pub struct Sharding {
    /// The database that its tables are in; none is the usual one.
    pub database: Option<&'static Database>,
    /// The cluster.
    pub cluster: Cluster,
    /// The columns that say which shard holds a row, as a table of their own: rows of the same input, in the same order.
    pub key: &'static Table,
    /// What each shard of the table is called, as in `event/1`.
    pub shards: &'static [&'static str],
}

/// A ClickHouse cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster {
    /// Its name in `system.clusters`.
    pub name: &'static str,
    /// True if the hosts of a shard are replicas of each other.
    pub replicated: bool,
    /// True if an insert is answered once most replicas of its shard have it.
    pub quorum: bool,
    /// Who carries statements to its hosts.
    pub ddl: Ddl,
    /// What each of its shards is called, as in `events/1`.
    pub shards: &'static [&'static str],
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
}

/// There is one for each table.
impl PartialEq for Sharding {
    fn eq(&self, other: &Self) -> bool {
        self.key.name == other.key.name
    }
}

impl Eq for Sharding {}

impl Sharding {
    /// Ends the name of the table on each shard.
    pub const LOCAL: &'static str = "_local";

    /// The shard of each row of a block of the table or of `key`, from 0; none if its columns are none that are hashed.
    pub fn shards_of(&self, block: &Block) -> Option<Vec<u8>> {
        let cells = |name: &str| {
            let at = block
                .table()
                .columns
                .iter()
                .position(|column| column.name == name)?;
            block.cells(at)
        };
        let columns = self.key.columns.iter();
        let columns: Vec<Vec<Cell<'_>>> = columns
            .map(|column| cells(column.name))
            .collect::<Option<_>>()?;
        let count = self.shards.len() as u64;
        let mut text = Vec::new();
        let mut shards = Vec::with_capacity(block.rows());
        for row in 0..block.rows() {
            text.clear();
            for (at, column) in columns.iter().enumerate() {
                if at > 0 {
                    text.push(b'|');
                }
                let signed = self
                    .key
                    .columns
                    .get(at)
                    .is_some_and(|c| c.ty.starts_with("Int"));
                push(&mut text, *column.get(row)?, signed)?;
            }
            shards.push(u8::try_from(xxh64(&text, 0).checked_rem(count)?).ok()?);
        }
        Some(shards)
    }
}

/// Appends a value as ClickHouse's `toString` writes it; none if it is neither a text nor a whole number.
fn push(text: &mut Vec<u8>, cell: Cell<'_>, signed: bool) -> Option<()> {
    match cell {
        Cell::Text(value) => text.extend_from_slice(value),
        Cell::Fixed(bytes) => {
            let number = match (bytes.len(), signed) {
                (4, true) => i32::from_le_bytes(bytes.try_into().ok()?).to_string(),
                (8, true) => i64::from_le_bytes(bytes.try_into().ok()?).to_string(),
                (4, false) => u32::from_le_bytes(bytes.try_into().ok()?).to_string(),
                (8, false) => u64::from_le_bytes(bytes.try_into().ok()?).to_string(),
                _ => return None,
            };
            text.extend_from_slice(number.as_bytes());
        }
        Cell::Null => return None,
    }
    Some(())
}

/// Name of the queue that holds what a shard, counted from 0, did not take of a queue. The generator makes them.
pub fn queue_of_shard(queue: &str, shard: usize) -> String {
    format!("{queue}.shard{}", shard + 1)
}

/// The queue and the shard, counted from 0, that a queue of this name is for; none if it is for no shard.
pub fn shard_of_queue(name: &str) -> Option<(&str, usize)> {
    let (queue, shard) = name.rsplit_once(".shard")?;
    let shard: usize = shard.parse().ok()?;
    Some((queue, shard.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_of_a_shard_is_known_by_its_name() {
        let name = queue_of_shard("event_q", 1);
        assert_eq!(name, "event_q.shard2");
        assert_eq!(shard_of_queue(&name), Some(("event_q", 1)));
        for other in ["event_q", "event_q.shard0", "event_q.shardx", "a.shard"] {
            assert_eq!(shard_of_queue(other), None, "{other}");
        }
    }

    #[test]
    fn numbers_are_hashed_as_clickhouse_writes_them() {
        let mut text = Vec::new();
        assert!(push(&mut text, Cell::Fixed(&(-7_i64).to_le_bytes()), true).is_some());
        assert!(push(&mut text, Cell::Fixed(&7_u32.to_le_bytes()), false).is_some());
        assert!(push(&mut text, Cell::Text(b"x"), true).is_some());
        assert_eq!(text, b"-77x");
        assert_eq!(push(&mut text, Cell::Null, true), None);
    }
}
