//! The destinations: where the rows of a batch are stored.

pub mod clickhouse;
pub mod health;
pub mod http;
pub mod postgres;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::contract::{Block, Message, Table};

/// Something that rows can be stored in. It is one of the two edges of the server; the other is the broker.
pub trait Store: Send + Sync {
    /// Stores the rows of a block under the deduplication `token`.
    ///
    /// After an error the same rows may be sent again under the same token: they are stored once, even if the first
    /// attempt got through and only its answer was lost. A token must never be used for other rows.
    fn store<'a>(&'a self, rows: Rows<'a>, token: &'a str)
    -> BoxFuture<'a, Result<(), StoreError>>;

    /// Asks whether `table` is there, fits and takes rows, without storing any.
    fn probe<'a>(&'a self, table: &'static Table) -> BoxFuture<'a, Result<(), StoreError>>;
}

/// What is stored together.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// The rows, and the table that they are for.
    pub block: &'a Block,
    /// Of a table with a hook: the message of each row, in the order of the rows. Otherwise none.
    pub messages: &'a [Message<'a>],
}

/// Which store each table is in.
#[derive(Clone, Default)]
pub struct Stores {
    by_table: BTreeMap<&'static str, Arc<dyn Store>>,
}

impl Stores {
    /// The stores of these tables; a table without one is off.
    pub fn new(
        tables: &[&'static Table],
        store: impl Fn(&'static Table) -> Option<Arc<dyn Store>>,
    ) -> Self {
        let stored = tables.iter().filter_map(|t| Some((t.name, store(t)?)));
        Stores {
            by_table: stored.collect(),
        }
    }

    /// Where a table is stored; none if it is off.
    pub fn of(&self, table: &Table) -> Option<Arc<dyn Store>> {
        self.by_table.get(table.name).cloned()
    }
}

/// Why a block was not stored, or why it isn't known whether it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What is to be done about it.
    pub fault: Fault,
    /// The destination's own number for it, where it gave one.
    pub code: Option<i32>,
    /// The row of the block that it is about, from 0, where the destination said so.
    pub row: Option<usize>,
    /// What happened, for people; bounded in length and free of secrets.
    pub message: String,
}

/// What is at fault, and so what is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The destination is wrong or gone: no table, other columns, refused, full, read-only, unreachable. Nothing
    /// was stored. Wait, and probe.
    Destination,
    /// It may pass by itself, and the block may have been stored. Send the same block again.
    Transient,
    /// The connection ended before there was an answer, and the block may have been stored. Send the same block again;
    /// if that goes on, it may be what is in it at which the destination ends.
    Unanswered,
    /// It is more than the destination can do in its time or with its memory, and may have been stored. Send less at
    /// once.
    Excess,
    /// This data is refused. Find the rows that are bad; the others can be stored.
    Content,
    /// The destination can't keep up with so many inserts. Send fewer and larger ones.
    Pressure,
}

impl Fault {
    /// Whether it may pass by itself, or may have passed unseen.
    pub fn may_pass(self) -> bool {
        matches!(self, Fault::Transient | Fault::Unanswered | Fault::Excess)
    }

    /// Whether less at once may go well, or show what is to blame.
    pub fn is_of_size(self) -> bool {
        matches!(self, Fault::Unanswered | Fault::Excess)
    }

    /// A short stable word for metrics and logs.
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
