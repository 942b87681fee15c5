//! A shard as a store: what its own queue stores opens it again for the queue of all shards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::contract::Table;
use crate::sink::{Rows, Store, StoreError};

/// Time after which a shard that failed is tried again, even if its own queue has not stored anything.
const REST: Duration = Duration::from_secs(30);

/// A shard as a store, and whether it takes rows at present.
pub(super) struct Shard {
    store: Arc<dyn Store>,
    began: Instant,
    /// Milliseconds since `began` until which nothing is sent ahead of its own queue.
    shut_until: AtomicU64,
}

impl Shard {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Shard {
            store,
            began: Instant::now(),
            shut_until: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn is_shut(&self) -> bool {
        self.now() < self.shut_until.load(Ordering::Relaxed)
    }

    pub(super) fn shut(&self) {
        let until = self.now().saturating_add(REST.as_millis() as u64);
        self.shut_until.store(until, Ordering::Relaxed);
    }

    fn open(&self) {
        self.shut_until.store(0, Ordering::Relaxed);
    }
}

/// What the shard's own queue stores and probes opens it.
impl Store for Shard {
    fn store<'a>(
        &'a self,
        rows: Rows<'a>,
        token: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            let stored = self.store.store(rows, token).await;
            if stored.is_ok() && rows.block.rows() > 0 {
                self.open();
            }
            stored
        }
        .boxed()
    }

    fn probe<'a>(&'a self, table: &'static Table) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            let answer = self.store.probe(table).await;
            if answer.is_ok() {
                self.open();
            }
            answer
        }
        .boxed()
    }
}
