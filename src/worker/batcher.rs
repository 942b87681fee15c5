//! The batcher of a table: fills one batch while the one before it is stored.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::batch::Batch;
use super::flush::Flusher;
use super::prepare::Prepared;
use super::{Pace, Setup, now_ms};
use crate::contract::{Batch as Limits, Context, Table};
use crate::sink::Store;

/// Fills and sends the batches of one table.
pub(super) struct Batcher {
    flusher: Flusher,
    pace: Pace,
    table: &'static Table,
    limits: Limits,
    /// How many messages one batch may hold, so that two fit into what the queues hand out.
    messages: usize,
}

impl Batcher {
    pub(super) fn new(
        setup: Setup,
        store: Arc<dyn Store>,
        table: &'static Table,
        limits: Limits,
        messages: usize,
    ) -> Self {
        let pace = setup.pace;
        Batcher {
            flusher: Flusher::new(setup, store, table),
            pace,
            table,
            limits,
            messages,
        }
    }

    /// Runs until all senders are gone and everything is settled.
    pub(super) async fn run(self, mut messages: mpsc::Receiver<Prepared>) {
        let mut filling = Batch::new(self.table);
        let mut spare = Some(Batch::new(self.table));
        let mut flushing: Option<JoinHandle<Batch>> = None;
        let mut open = true;
        while open || !filling.is_empty() || flushing.is_some() {
            if flushing.is_none() && self.is_due(&filling, open) {
                let next = spare.take().unwrap_or_else(|| Batch::new(self.table));
                let full = std::mem::replace(&mut filling, next);
                flushing = Some(tokio::spawn(self.flusher.clone().flush(full)));
            }
            let full = filling.is_full(&self.limits, self.messages);
            let due = filling.due(&self.limits);
            tokio::select! {
                emptied = stored(&mut flushing) => {
                    flushing = None;
                    spare = emptied;
                }
                message = messages.recv(), if open && !full => match message {
                    Some(message) => {
                        let cx = Context { now_ms: now_ms() };
                        filling.add(message, &cx);
                        // What has arrived meanwhile belongs into the same batch.
                        while !filling.is_full(&self.limits, self.messages) {
                            let Ok(message) = messages.try_recv() else { break };
                            filling.add(message, &cx);
                        }
                    }
                    None => open = false,
                },
                () = until(due), if flushing.is_none() => {}
            }
        }
    }

    fn is_due(&self, batch: &Batch, open: bool) -> bool {
        let aged = || {
            batch
                .due(&self.limits)
                .is_some_and(|due| due <= Instant::now())
        };
        !batch.is_empty()
            && (!open
                || self.pace == Pace::Eager
                || batch.is_full(&self.limits, self.messages)
                || aged())
    }
}

/// Waits for the batch that is being stored, and gives it back empty; for ever if there is none.
async fn stored(flushing: &mut Option<JoinHandle<Batch>>) -> Option<Batch> {
    match flushing {
        Some(handle) => handle.await.ok(),
        None => std::future::pending().await,
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
