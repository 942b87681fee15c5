//! Batcher of a table: fills one batch while the one before it is stored, and the units set aside of others beside it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::batch::Batch;
use super::batched_message::BatchedMessage;
use super::bisect::Bisected;
use super::flush::{Flushed, Flusher};
use super::lanes::Lanes;
use super::message::Prepared;
use super::settle::{Decided, settle};
use super::unit_groups::Work;
use super::{Pace, Setup};
use crate::contract::{Batch as Limits, Context};
use crate::time::now_ms;

/// Maximum number of batches with units set aside; beyond that no new batch is sent.
const ASIDE: usize = 4;

/// How a batcher ended. It holds nothing then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The deliveries ended, and everything is settled.
    Done,
    /// The destination is unavailable.
    Outage,
    /// A task panicked.
    Broken,
}

/// Work under way beside the batch that fills.
struct UnderWay {
    setup: Setup,
    halt: CancellationToken,
    flushing: JoinSet<Flushed>,
    aside: VecDeque<Work>,
    bisecting: JoinSet<Bisected>,
    /// Messages that are held for a while before they go back.
    later: JoinSet<Option<Prepared>>,
    /// Messages that have to go back because the destination is unavailable.
    returned: Vec<BatchedMessage>,
}

/// Fills and sends the batches of one table.
pub(super) struct Batcher {
    flusher: Flusher,
    filling: Lanes,
}

impl Batcher {
    /// Batcher whose batches have at most so many messages, so that two fit into the prefetch of the queues.
    pub(super) fn new(flusher: Flusher, limits: Option<Limits>, messages: usize) -> Self {
        let divided = !flusher.shards.is_empty();
        let filling = Lanes::new(flusher.table, flusher.room, divided, limits, messages);
        Batcher { flusher, filling }
    }

    /// Runs until all senders are gone and everything is settled, or it can't go on.
    pub(super) async fn run(
        mut self,
        mut messages: mpsc::Receiver<Prepared>,
        halt: CancellationToken,
    ) -> Ended {
        let mut under_way = UnderWay::new(&self.flusher.setup, &halt);
        let mut open = true;
        let mut ended = Ended::Done;
        while open || !self.filling.is_empty() || !under_way.is_empty() {
            let eager = self.flusher.setup.pace == Pace::Eager;
            if under_way.takes_more() {
                match self.filling.take(eager || !open) {
                    Some(batch) => {
                        under_way.flushing.spawn(self.flusher.clone().flush(batch));
                    }
                    // What waits for messages that won't come any more is in its queue.
                    None if !open && under_way.flushing.is_empty() => self.filling.give_up(),
                    None => {}
                }
            }
            under_way.bisect(&self.flusher);
            let full = self.filling.is_full();
            let due = self.filling.due();
            let takes_more = under_way.takes_more();
            tokio::select! {
                biased;
                done = under_way.next() => match done {
                    Ok(emptied) => {
                        if let Some(emptied) = emptied {
                            self.filling.recycle(emptied);
                        }
                        if !under_way.returned.is_empty() {
                            ended = Ended::Outage;
                            break;
                        }
                    }
                    Err(Panicked) => {
                        ended = Ended::Broken;
                        break;
                    }
                },
                message = messages.recv(), if open && !full => match message {
                    Some(message) => {
                        let cx = Context { now_ms: now_ms() };
                        self.filling.add(message, &cx);
                        // Messages that have arrived meanwhile belong to the same batch.
                        while !self.filling.is_full() {
                            let Ok(message) = messages.try_recv() else { break };
                            self.filling.add(message, &cx);
                        }
                    }
                    None => open = false,
                },
                () = until(due), if takes_more => {}
            }
        }
        if ended != Ended::Done {
            halt.cancel();
            let held = under_way.end().await;
            let filling = self.filling.into_messages();
            give_back(held.into_iter().chain(filling), messages).await;
        }
        ended
    }
}

/// A task panicked, and its messages are in their queues again.
struct Panicked;

impl UnderWay {
    fn new(setup: &Setup, halt: &CancellationToken) -> Self {
        UnderWay {
            setup: setup.clone(),
            halt: halt.clone(),
            flushing: JoinSet::new(),
            aside: VecDeque::new(),
            bisecting: JoinSet::new(),
            later: JoinSet::new(),
            returned: Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.flushing.is_empty()
            && self.aside.is_empty()
            && self.bisecting.is_empty()
            && self.later.is_empty()
    }

    /// True if another batch may be sent.
    fn takes_more(&self) -> bool {
        self.flushing.is_empty() && self.aside.len() < ASIDE
    }

    /// Continues with the units set aside.
    fn bisect(&mut self, flusher: &Flusher) {
        if self.bisecting.is_empty()
            && let Some(work) = self.aside.pop_front()
        {
            self.bisecting.spawn(flusher.clone().bisect(work));
        }
    }

    /// Waits until one of the tasks has ended; returns its batch if it has become empty.
    async fn next(&mut self) -> Result<Option<Batch>, Panicked> {
        tokio::select! {
            biased;
            Some(flushed) = self.flushing.join_next() => {
                let flushed = flushed.map_err(|_| Panicked)?;
                self.aside.extend(flushed.aside);
                self.hold(flushed.later);
                self.returned.extend(flushed.outage.into_iter().flatten());
                Ok(Some(flushed.spare))
            }
            Some(bisected) = self.bisecting.join_next() => {
                let bisected = bisected.map_err(|_| Panicked)?;
                self.hold(bisected.later);
                self.returned.extend(bisected.outage.into_iter().flatten());
                Ok(None)
            }
            Some(_) = self.later.join_next() => Ok(None),
            else => std::future::pending().await,
        }
    }

    fn hold(&mut self, later: Vec<Decided>) {
        for decided in later {
            let held = hold(self.setup.clone(), decided, self.halt.clone());
            self.later.spawn(held);
        }
    }

    /// Ends all tasks, and returns the messages that are not settled.
    async fn end(mut self) -> Vec<Prepared> {
        while !self.flushing.is_empty() || !self.bisecting.is_empty() {
            // Messages of a task that panicked are in their queue.
            self.next().await.ok();
        }
        let aside = self.aside.into_iter().flat_map(Work::into_held);
        let held = self.returned.into_iter().chain(aside);
        let mut returned: Vec<Prepared> = held.map(|held| held.message).collect();
        while let Some(waited) = self.later.join_next().await {
            returned.extend(waited.ok().flatten());
        }
        returned
    }
}

/// Gives everything back in the order of arrival, after consuming has ended: a message that goes back sooner is
/// delivered again and goes back twice.
async fn give_back(held: impl Iterator<Item = Prepared>, mut messages: mpsc::Receiver<Prepared>) {
    let mut waiting = Vec::new();
    while let Some(message) = messages.recv().await {
        waiting.push(message);
    }
    // Time for the broker to learn of it.
    tokio::time::sleep(Duration::from_millis(200)).await;
    for message in held.chain(waiting) {
        message.delivery.ack_guard.give_back().await;
    }
}

/// Holds a message until it may go back, and settles it then. One that is held when the supervisor ends the batcher
/// goes back as it is; when the server stops, at once.
async fn hold(setup: Setup, decided: Decided, halt: CancellationToken) -> Option<Prepared> {
    let time = tokio::time::sleep(decided.hold().unwrap_or_default());
    if halt.run_until_cancelled(time).await.is_none() && !setup.stop.is_cancelled() {
        return Some(decided.into_message());
    }
    // Messages that could not be published are in their queue.
    settle(&setup, decided).await.ok();
    None
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
