//! What the batchers tell of themselves: which tables are paused, and why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// A table that takes nothing at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Since when.
    pub since: SystemTime,
    /// Why, in the destination's words.
    pub reason: String,
}

/// The paused tables, by name. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct States {
    paused: Arc<Mutex<BTreeMap<&'static str, Paused>>>,
}

impl States {
    /// The paused tables.
    pub fn paused(&self) -> BTreeMap<&'static str, Paused> {
        self.paused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes that a table takes nothing; logs it once.
    pub(super) fn pause(&self, table: &'static str, reason: &str) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if paused.contains_key(table) {
            return;
        }
        tracing::error!(table, reason, "Paused: the destination takes nothing.");
        metrics::gauge!("event_grpc_table_paused", "table" => table).set(1.0);
        paused.insert(
            table,
            Paused {
                since: SystemTime::now(),
                reason: reason.to_owned(),
            },
        );
    }

    /// Notes that a table takes rows again.
    pub(super) fn resume(&self, table: &'static str) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = paused.remove(table) {
            let seconds = pause
                .since
                .elapsed()
                .map(|d| d.as_secs())
                .unwrap_or_default();
            tracing::info!(table, seconds, "Resumed: the destination takes rows again.");
            metrics::gauge!("event_grpc_table_paused", "table" => table).set(0.0);
        }
    }
}
