//! The batcher of a table: fills one batch while the one before it is stored.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::batch::Batch;
use super::flush::{Flushed, Flusher};
use super::prepare::Prepared;
use super::settle::{Decided, settle};
use super::{Pace, Setup, now_ms};
use crate::contract::{Batch as Limits, Context};

/// How a batcher ends. It holds nothing then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// There is nothing more to come, and everything is settled.
    Done,
    /// The destination is gone.
    Outage,
    /// A task panicked.
    Broken,
}

/// Fills and sends the batches of one table.
pub(super) struct Batcher {
    flusher: Flusher,
    limits: Option<Limits>,
    /// How many messages one batch may hold, so that two fit into what the queues hand out.
    messages: usize,
}

impl Batcher {
    pub(super) fn new(flusher: Flusher, limits: Option<Limits>, messages: usize) -> Self {
        Batcher {
            flusher,
            limits,
            messages,
        }
    }

    /// Runs until all senders are gone and everything is settled, or it can't go on.
    pub(super) async fn run(
        self,
        mut messages: mpsc::Receiver<Prepared>,
        halt: CancellationToken,
    ) -> Ended {
        let setup = &self.flusher.setup;
        let mut filling = Batch::new(self.flusher.table);
        let mut spare = Some(Batch::new(self.flusher.table));
        let mut flushing: JoinSet<Flushed> = JoinSet::new();
        let mut later: JoinSet<Option<Prepared>> = JoinSet::new();
        let mut open = true;
        let mut ended = Ended::Done;
        let mut returned = Vec::new();
        while open || !filling.is_empty() || !flushing.is_empty() || !later.is_empty() {
            if flushing.is_empty() && self.is_due(&filling, open) {
                let next = spare
                    .take()
                    .unwrap_or_else(|| Batch::new(self.flusher.table));
                let full = std::mem::replace(&mut filling, next);
                flushing.spawn(self.flusher.clone().flush(full));
            }
            let full = self.is_full(&filling);
            let due = self.due(&filling);
            tokio::select! {
                biased;
                Some(flushed) = flushing.join_next() => {
                    let Ok(flushed) = flushed else {
                        ended = Ended::Broken;
                        break;
                    };
                    spare = Some(flushed.spare);
                    for decided in flushed.later {
                        later.spawn(hold(setup.clone(), decided, halt.clone()));
                    }
                    if let Some(held) = flushed.outage {
                        returned = held;
                        ended = Ended::Outage;
                        break;
                    }
                }
                Some(_) = later.join_next() => {}
                message = messages.recv(), if open && !full => match message {
                    Some(message) => {
                        let cx = Context { now_ms: now_ms() };
                        filling.add(message, &cx);
                        // What has arrived meanwhile belongs into the same batch.
                        while !self.is_full(&filling) {
                            let Ok(message) = messages.try_recv() else { break };
                            filling.add(message, &cx);
                        }
                    }
                    None => open = false,
                },
                () = until(due), if flushing.is_empty() => {}
            }
        }
        if ended != Ended::Done {
            halt.cancel();
            let held = returned
                .into_iter()
                .chain(std::mem::take(&mut filling.held));
            let mut returned: Vec<Prepared> = held.map(|held| held.message).collect();
            while let Some(waited) = later.join_next().await {
                returned.extend(waited.ok().flatten());
            }
            give_back(returned, messages).await;
        }
        ended
    }

    fn is_full(&self, batch: &Batch) -> bool {
        self.limits
            .is_some_and(|limits| batch.is_full(&limits, self.messages))
    }

    fn due(&self, batch: &Batch) -> Option<Instant> {
        batch.due(&self.limits?)
    }

    fn is_due(&self, batch: &Batch, open: bool) -> bool {
        let aged = || self.due(batch).is_some_and(|due| due <= Instant::now());
        !batch.is_empty()
            && (!open || self.flusher.setup.pace == Pace::Eager || self.is_full(batch) || aged())
    }
}

/// Gives everything back in the order in which it came, once nobody consumes any more: what goes back sooner comes
/// again and goes back twice.
async fn give_back(held: Vec<Prepared>, mut messages: mpsc::Receiver<Prepared>) {
    let mut waiting = Vec::new();
    while let Some(message) = messages.recv().await {
        waiting.push(message);
    }
    // The broker has to learn that too.
    tokio::time::sleep(Duration::from_millis(200)).await;
    for message in held.into_iter().chain(waiting) {
        message.delivery.duty.give_back().await;
    }
}

/// Holds a message until it may go back, and settles it then. One that is held when the shift ends goes back as it is;
/// when the server stops, at once.
async fn hold(setup: Setup, decided: Decided, halt: CancellationToken) -> Option<Prepared> {
    let time = tokio::time::sleep(decided.hold().unwrap_or_default());
    if halt.run_until_cancelled(time).await.is_none() && !setup.stop.is_cancelled() {
        return Some(decided.into_message());
    }
    // What could not be published is in its queue.
    settle(&setup, decided).await.ok();
    None
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
