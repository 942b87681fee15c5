//! Tables: columns, storage, and the transform that makes rows of what comes in.

mod block;
mod column;
mod partition;
mod sharding;
mod storage;

pub use block::Block;
pub use column::{ColumnSpec, Holds};
pub use sharding::{Cluster, Ddl, Sharding, queue_of_shard, shard_of_queue};
pub use storage::{Conflict, Storage, Upsert};

use super::row::{Context, Group, Message};
use crate::dead_letter::DeadLetter;
use crate::row_error::RowError;

/// A destination table.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Kind of database that holds it.
    pub storage: Storage,
    /// Its columns, in the order of the DDL, the block and the documentation.
    pub columns: &'static [ColumnSpec],
    /// Transform that makes its rows.
    pub append: Append,
    /// The full `CREATE TABLE` of its present form.
    pub ddl: &'static str,
}

/// Appends a dead letter.
pub type AppendDeadLetter =
    fn(&mut Block, &DeadLetter<'_>, Option<&Group<'_>>, &Context) -> Result<(), RowError>;

/// Transform of a table. Each appends all rows of its input or fails; then the caller rolls the block back.
#[derive(Debug, Clone, Copy)]
pub enum Append {
    /// From events of one type that share a header.
    Events(fn(&mut Block, &Group<'_>, &Context) -> Result<(), RowError>),
    /// From one JSON object.
    Json(fn(&mut Block, &Message<'_>, &Context) -> Result<(), RowError>),
    /// From a message that failed elsewhere, with its event where one can be made out; and which column holds which
    /// field of `error`, by name, where one holds it as it is.
    DeadLetters(AppendDeadLetter, &'static [(&'static str, &'static str)]),
}

impl Table {
    /// The place of the column that holds this, if it has one.
    pub fn place_of(&self, holds: Holds) -> Option<usize> {
        self.columns.iter().position(|column| column.holds == holds)
    }

    /// How it is divided among the shards of a cluster; none for other tables.
    pub fn sharding(&self) -> Option<&'static Sharding> {
        match self.storage {
            Storage::Cluster(sharding) => Some(sharding),
            _ => None,
        }
    }

    /// Upsert of a PostgreSQL table; none for other tables.
    pub fn upsert(&self) -> Option<&'static Upsert> {
        match self.storage {
            Storage::Postgres(upsert) => Some(upsert),
            _ => None,
        }
    }
}
