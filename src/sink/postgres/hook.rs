//! Hooks: functions that the pipeline names, run in the transaction that stores a batch.

use std::collections::BTreeMap;
use std::fmt;

use futures_util::future::BoxFuture;
use tokio_postgres::Transaction;

use crate::contract::Message;

/// A hook gets the transaction, in which the rows of a batch are stored already, and their messages in the order of the
/// rows. It runs again when the batch is sent again, so it must be idempotent.
pub type Hook =
    for<'a> fn(&'a Transaction<'a>, &'a [Message<'a>]) -> BoxFuture<'a, Result<(), HookError>>;

/// Error of a hook.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// A statement failed.
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
    /// One of the messages is bad. The batch is bisected until that one stands alone.
    #[error("{0}")]
    Refused(String),
}

/// Registry of hooks, by name.
#[derive(Clone, Default)]
pub struct Hooks {
    by_name: BTreeMap<&'static str, Hook>,
}

impl Hooks {
    /// Creates a registry of these hooks.
    pub fn new(hooks: impl IntoIterator<Item = (&'static str, Hook)>) -> Self {
        Hooks {
            by_name: hooks.into_iter().collect(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Hook> {
        self.by_name.get(name).copied()
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}
