//! Delivery of a queue in Kafka that is not settled yet.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::group::{Group, Place};
use crate::broker::api::delivery::{Pinned, Range, Settle, Settled, Settlement};

/// A delivery that is not settled yet.
pub(super) struct Held {
    pub(super) group: Arc<Group>,
    pub(super) place: Place,
    pub(super) assignment: u64,
    pub(super) offset: i64,
    pub(super) written_ms: i64,
    pub(super) bytes: u64,
    pub(super) settled: bool,
}

impl Settle for Held {
    fn settle(mut self: Box<Self>, how: Settlement) -> BoxFuture<'static, Settled> {
        let settled = self.end(how);
        std::future::ready(settled).boxed()
    }

    fn pin(&self, last: i64) -> BoxFuture<'_, Pinned> {
        let range = Range {
            first: self.offset,
            last,
            written_ms: self.written_ms,
        };
        let (group, place, assignment) = (Arc::clone(&self.group), self.place, self.assignment);
        let pinned = tokio::task::spawn_blocking(move || group.pin(place, assignment, range));
        async { pinned.await.unwrap_or(Pinned::Lost) }.boxed()
    }

    /// True if its partition is somebody else's now, or about to be.
    fn is_stale(&self) -> bool {
        self.group.is_stale(self)
    }
}

impl Held {
    fn end(&mut self, how: Settlement) -> Settled {
        self.settled = true;
        self.group.metrics.held.decrement(1.0);
        self.group.settle(self, how)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.settled {
            tracing::debug!(
                queue = self.group.queue.name,
                "A delivery was dropped without being settled, and will be delivered again."
            );
            // Nobody waits for the answer.
            _ = self.end(Settlement::Requeue);
        }
    }
}
