//! One publisher's wait: until its message, and whatever took its place, is settled in every queue.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, oneshot};

use crate::weight::Permit;

/// One publisher's wait. Every copy in a queue or in a consumer's hands holds it; if it goes away before all copies
/// are acknowledged, the publisher learns that too.
#[derive(Debug)]
pub(super) struct Ticket {
    open: AtomicUsize,
    settled: Mutex<Option<oneshot::Sender<()>>>,
    _permit: Permit,
    live: Arc<Live>,
}

/// Number of live tickets.
#[derive(Debug, Default)]
pub(super) struct Live {
    count: AtomicUsize,
    none: Notify,
}

impl Ticket {
    /// A ticket for this many copies.
    pub(super) fn new(
        copies: usize,
        settled: oneshot::Sender<()>,
        permit: Permit,
        live: Arc<Live>,
    ) -> Arc<Self> {
        live.count.fetch_add(1, Ordering::AcqRel);
        Arc::new(Self {
            open: AtomicUsize::new(copies),
            settled: Mutex::new(Some(settled)),
            _permit: permit,
            live,
        })
    }

    /// Waits for this many more copies: those of a message in place of one of the ticket's.
    pub(super) fn expect(&self, copies: usize) {
        self.open.fetch_add(copies, Ordering::AcqRel);
    }

    /// One copy is acknowledged.
    pub(super) fn acknowledged(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) != 1 {
            return;
        }
        let settled = self
            .settled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(settled) = settled {
            // A publisher that has stopped waiting doesn't mind.
            settled.send(()).ok();
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.live.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.live.none.notify_waiters();
        }
    }
}

// === impl Live ===

impl Live {
    pub(super) fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }

    /// Waits until there are no tickets.
    pub(super) async fn none_left(&self) {
        loop {
            let none = self.none.notified();
            tokio::pin!(none);
            none.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            none.await;
        }
    }
}
