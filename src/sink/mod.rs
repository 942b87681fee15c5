//! Sinks: the stores in which the rows of a batch end up, and what single messages are forwarded to.

pub mod clickhouse;
pub mod found;
pub mod health;
pub mod postgres;
pub mod requests;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::contract::{Block, Message, Table};

/// Store for rows. It is one of the two edges of the server; the other is the broker.
pub trait Store: Send + Sync {
    /// Stores the rows of a block under the deduplication `token`.
    ///
    /// After an error the same rows may be sent again under the same token: they are stored once, even if the first
    /// attempt got through and only its answer was lost. A token must never be used for other rows.
    fn store<'a>(&'a self, rows: Rows<'a>, token: &'a str)
    -> BoxFuture<'a, Result<(), StoreError>>;

    /// Probes `table`: tells if it exists, fits and accepts rows, without storing any.
    fn probe<'a>(&'a self, table: &'static Table) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// Rows that are stored together.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Block of rows, which names its table.
    pub block: &'a Block,
    /// Message of each row, in order, if the table has a hook. Otherwise none.
    pub messages: &'a [Message<'a>],
}

/// Store of each table, and those of its shards.
#[derive(Clone, Default)]
pub struct Stores {
    by_table: BTreeMap<&'static str, Arc<dyn Store>>,
    shards: BTreeMap<&'static str, Vec<Arc<dyn Store>>>,
}

impl Stores {
    /// Maps tables to their stores; a table without one is disabled.
    pub fn new(
        tables: &[&'static Table],
        store: impl Fn(&'static Table) -> Option<Arc<dyn Store>>,
    ) -> Self {
        let stored = tables.iter().filter_map(|t| Some((t.name, store(t)?)));
        Stores {
            by_table: stored.collect(),
            shards: BTreeMap::new(),
        }
    }

    /// Adds the stores of the shards of those tables that are divided.
    #[must_use]
    pub fn with_shards(
        mut self,
        tables: &[&'static Table],
        shards: impl Fn(&'static Table) -> Vec<Arc<dyn Store>>,
    ) -> Self {
        let divided = tables.iter().filter(|table| table.sharding().is_some());
        self.shards = divided.map(|table| (table.name, shards(table))).collect();
        self
    }

    /// Stores of the shards of a table, in order.
    pub fn shards(&self, table: &Table) -> Vec<Arc<dyn Store>> {
        self.shards.get(table.name).cloned().unwrap_or_default()
    }

    /// Store of a table; none if the table is disabled.
    pub fn of(&self, table: &Table) -> Option<Arc<dyn Store>> {
        self.by_table.get(table.name).cloned()
    }
}

/// Error while storing a block. Depending on the fault, the block may be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// Fault, which decides the reaction.
    pub fault: Fault,
    /// Error code of the destination, if it gave one.
    pub code: Option<i32>,
    /// Row of the block, from 0, that the destination named as the cause.
    pub row: Option<usize>,
    /// Message for people; bounded in length and free of secrets.
    pub message: String,
}

/// Fault: who or what caused an error, and so how to react.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The destination is wrong or unavailable: no table, other columns, access denied, full, read-only, unreachable.
    /// Nothing was stored. Wait, and probe.
    Destination,
    /// Transient error; the block may have been stored. Send the same block again.
    Transient,
    /// The connection ended before there was an answer; the block may have been stored. Send the same block again; if
    /// that repeats, the block itself may crash the destination.
    Unanswered,
    /// The block exceeds the destination's time or memory, and may have been stored. Send less at once.
    Excess,
    /// The destination refuses this data. Find the bad rows; the others can be stored.
    Content,
    /// The destination can't keep up with so many inserts. Send fewer and larger ones.
    Pressure,
}

impl Fault {
    /// True if it may pass by itself, or the block may have been stored.
    pub fn may_pass(self) -> bool {
        matches!(self, Fault::Transient | Fault::Unanswered | Fault::Excess)
    }

    /// True if a smaller block may succeed, or show which row is the cause.
    pub fn is_of_size(self) -> bool {
        matches!(self, Fault::Unanswered | Fault::Excess)
    }

    /// Short stable word for metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Destination => "destination",
            Fault::Transient => "transient",
            Fault::Unanswered => "unanswered",
            Fault::Excess => "excess",
            Fault::Content => "content",
            Fault::Pressure => "pressure",
        }
    }
}
