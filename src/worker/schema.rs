//! Schemas of a queue's messages: whether older or newer builds made them.

use std::sync::atomic::{AtomicBool, Ordering};

use metrics::Counter;

use crate::contract::{Relation, Schema};
use crate::metrics::workers::CONSUMED_SCHEMAS;

/// Counters of a queue's messages by the relation of their schema to that of this build.
#[derive(Debug)]
pub(super) struct SchemaMetrics {
    queue: &'static str,
    /// In the order of [`Relation::ALL`].
    counters: [Counter; Relation::ALL.len()],
    /// True once a newer schema was seen.
    newer: AtomicBool,
}

impl SchemaMetrics {
    /// Counters of a queue; the recorder must be installed before.
    pub(super) fn new(queue: &'static str) -> Self {
        SchemaMetrics {
            queue,
            counters: Relation::ALL.map(|relation| CONSUMED_SCHEMAS.with([queue, relation.name()])),
            newer: AtomicBool::new(false),
        }
    }

    /// Counts a message that was received. The first one of a newer build is logged.
    pub(super) fn received(&self, relation: Relation, schema: Option<Schema>) {
        if let Some(counter) = self.counters.get(relation as usize) {
            counter.increment(1);
        }
        if relation == Relation::Newer
            && let Some(schema) = schema
            && !self.newer.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                queue = self.queue,
                %schema,
                "The queue has messages of a newer build, made under a schema that this one doesn't know. What this one can't \
                 store of them becomes dead letters, which `event-grpc dlq list` shows as newer: replay them with the newer build."
            );
        }
    }
}
