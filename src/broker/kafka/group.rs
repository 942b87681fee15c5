//! Consumer group of a queue, as one instance sees it: the partitions that are assigned to it, what of them is held, and
//! who consumes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::pins::Pins;
use super::place::{Committer, Place, Record, Stretch};
use super::state::State;
use super::window::Seen;
use crate::broker::api::broker_metrics::QueueMetrics;
use crate::broker::api::delivery::{Ack, Delivery, Pinned, Range, Settle, Settled, Settlement};
use crate::broker::api::topology::QueueSpec;
use crate::metrics::kafka::PARTITIONS;

/// Length of a window, in prefetches, from which on nothing more is delivered until the first message of it is settled: what is
/// settled behind that comes again after a restart.
const WINDOW: usize = 10;

/// Consumer group of a queue.
pub(super) struct Group {
    pub(super) queue: QueueSpec,
    pub(super) metrics: Arc<QueueMetrics>,
    state: Mutex<State>,
    /// Something was settled, or somebody begins to consume.
    changed: Condvar,
    /// Commits, while there is a client. One at a time, so that none writes over a newer one.
    committer: Mutex<Option<Committer>>,
}

impl Group {
    pub(super) fn new(queue: QueueSpec, metrics: Arc<QueueMetrics>) -> Arc<Self> {
        Arc::new(Group {
            queue,
            metrics,
            state: Mutex::default(),
            changed: Condvar::new(),
            committer: Mutex::new(None),
        })
    }

    /// Sets who consumes from now on.
    pub(super) fn attach(&self, to: mpsc::Sender<Delivery>) {
        self.lock().to = Some(to);
        self.changed.notify_all();
    }

    /// Waits, up to a limit, until there is room for another message and somebody who wants it.
    pub(super) fn room(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let mut state = self.lock();
        loop {
            let wanted = state.to.as_ref().is_some_and(|to| !to.is_closed());
            let prefetch = usize::from(self.queue.prefetch.max(1));
            let room = state.messages < prefetch
                && (state.messages == 0 || state.bytes < self.queue.prefetch_bytes)
                && !state.is_behind(prefetch.saturating_mul(WINDOW));
            let left = end.saturating_duration_since(Instant::now());
            if (wanted && room) || left.is_zero() {
                return wanted && room;
            }
            state = self.wait(state, left);
        }
    }

    /// Who consumes, if somebody does.
    pub(super) fn consumer(&self) -> Option<mpsc::Sender<Delivery>> {
        self.lock().to.clone()
    }

    /// Wakes whoever waits for room.
    pub(super) fn wake(&self) {
        self.changed.notify_all();
    }

    /// Takes note of partitions that are assigned, each with the ranges that were pinned.
    pub(super) fn assigned(&self, places: impl Iterator<Item = (Place, Pins)>) {
        let mut state = self.lock();
        state.assigned(places);
        self.count(&state);
    }

    /// Number of assignments so far.
    pub(super) fn assignments(&self) -> u64 {
        self.lock().assignments
    }

    /// Hands on a message that the broker sends, if it isn't held or settled already. It comes again if there is nobody to
    /// take it.
    pub(super) fn hand_on(
        self: &Arc<Self>,
        record: &Record,
        convert: impl FnOnce(Ack, bool, Stretch) -> Delivery,
    ) {
        let Record {
            place,
            offset,
            written_ms,
            bytes,
        } = *record;
        let mut state = self.lock();
        let seen = state.saw(self.queue.name, place, |window| window.saw(offset));
        let again = match seen {
            Seen::First => false,
            Seen::Again => true,
            Seen::Known | Seen::Before => return,
        };
        let Some(partition) = state.partitions.get_mut(&place) else {
            return;
        };
        partition.held += 1;
        let assignment = partition.assignment;
        let stretch = Stretch {
            begins: partition.window.begins(offset),
            pinned: partition.pins.of(offset),
        };
        state.messages += 1;
        state.bytes += bytes;
        let to = state.to.clone();
        drop(state);
        let held = Held {
            group: Arc::clone(self),
            place,
            assignment,
            offset,
            written_ms,
            bytes,
            settled: false,
        };
        self.metrics.delivered(again);
        let delivery = convert(Ack::new(held), again, stretch);
        // What isn't taken is dropped, which gives it back.
        if let Some(to) = to {
            to.try_send(delivery).ok();
        }
    }

    /// Takes note of a record that says nothing.
    pub(super) fn skip(&self, place: Place, offset: i64) {
        let mut state = self.lock();
        state.saw(self.queue.name, place, |window| window.skip(offset));
    }

    /// Offsets at which to begin again, of partitions with messages that were given back since this was last asked.
    pub(super) fn rewinds(&self) -> Vec<(Place, i64)> {
        let mut state = self.lock();
        let staying = state.partitions.iter_mut().filter(|(_, p)| !p.leaving);
        let returned = staying.filter_map(|(place, partition)| {
            let rewind = std::mem::take(&mut partition.rewind);
            let first = partition.window.first_returned().filter(|_| rewind)?;
            partition.window.sought(None);
            Some((*place, first))
        });
        returned.collect()
    }

    /// Takes note that these partitions are read from these offsets on.
    pub(super) fn sought(&self, offsets: &[(Place, i64)]) {
        let mut state = self.lock();
        for (place, offset) in offsets {
            if let Some(partition) = state.partitions.get_mut(place) {
                partition.window.sought(Some(*offset));
            }
        }
    }

    /// Asks for what was given back in these partitions once more.
    pub(super) fn rewind_again(&self, offsets: &[(Place, i64)]) {
        let mut state = self.lock();
        for (place, _) in offsets {
            if let Some(partition) = state.partitions.get_mut(place) {
                partition.rewind = true;
            }
        }
    }

    /// Sets how offsets are committed; nothing is without a client.
    pub(super) fn commit_by(&self, committer: Option<Committer>) {
        *self.committer() = committer;
    }

    /// Commits what is settled, of these partitions or of all. It blocks as long as the committer does.
    pub(super) fn commit(&self, of: Option<&[Place]>) -> bool {
        let committer = self.committer();
        let commits = self.lock().commits(of);
        if commits.is_empty() {
            return true;
        }
        let done = committer.as_ref().is_some_and(|commit| commit(&commits));
        if done {
            let mut state = self.lock();
            for commit in commits {
                if let Some(partition) = state.partitions.get_mut(&commit.place) {
                    partition.committed = Some(commit);
                }
            }
        }
        done
    }

    /// Pins a range of a partition, and commits that. It blocks.
    ///
    /// What was pinned before is that range again only if all of it that isn't settled is there: then whoever finds
    /// something stored under its name knows that all of it is.
    pub(super) fn pin(&self, place: Place, assignment: u64, range: Range) -> Pinned {
        {
            let mut state = self.lock();
            let partition = state.partitions.get_mut(&place);
            let Some(partition) = partition.filter(|p| p.assignment == assignment) else {
                return Pinned::Lost;
            };
            if let Some(known) = partition.pins.of(range.first) {
                let settled = partition.window.position() == Some(range.first);
                let whole = range.last == known.last && (range.first == known.first || settled);
                return if whole {
                    Pinned::As(known)
                } else {
                    Pinned::Alone
                };
            }
            if partition.pins.of(range.last).is_some() || partition.pins.is_full() {
                return Pinned::Alone;
            }
            partition.pins.add(range);
        }
        if self.commit(Some(&[place])) {
            return Pinned::As(range);
        }
        if let Some(partition) = self.lock().partitions.get_mut(&place) {
            partition.pins.remove(range);
        }
        Pinned::Lost
    }

    /// Waits, up to a limit, until what is held of these partitions is settled. Nothing more of them is delivered.
    pub(super) fn leave(&self, places: &[Place], limit: Duration) {
        let end = Instant::now() + limit;
        let mut state = self.lock();
        for place in places {
            if let Some(partition) = state.partitions.get_mut(place) {
                partition.leaving = true;
            }
        }
        loop {
            let held = |place: &Place| state.partitions.get(place).is_some_and(|p| p.held > 0);
            let left = end.saturating_duration_since(Instant::now());
            if !places.iter().any(held) || left.is_zero() {
                return;
            }
            state = self.wait(state, left);
        }
    }

    /// Forgets partitions that are revoked: what is still held of them can't be settled any more.
    pub(super) fn revoked(&self, places: &[Place]) {
        let mut state = self.lock();
        for place in places {
            state.partitions.remove(place);
        }
        self.count(&state);
    }

    /// Settles a delivery, unless its partition is somebody else's now.
    pub(super) fn settle(&self, held: &Held, how: Settlement) -> Settled {
        let mut state = self.lock();
        state.messages -= 1;
        state.bytes -= held.bytes;
        let settled = match state.partitions.get_mut(&held.place) {
            Some(partition) if partition.assignment == held.assignment => {
                partition.held -= 1;
                match how {
                    Settlement::Ack => partition.window.settle(held.offset),
                    Settlement::Requeue => {
                        partition.window.give_back(held.offset);
                        partition.rewind = true;
                    }
                }
                Settled::Done
            }
            _ => Settled::Lost,
        };
        drop(state);
        self.changed.notify_all();
        settled
    }

    /// True if the partition of a delivery is somebody else's now, or about to be.
    pub(super) fn is_stale(&self, held: &Held) -> bool {
        let state = self.lock();
        let partition = state.partitions.get(&held.place);
        partition.is_none_or(|p| p.leaving || p.assignment != held.assignment)
    }

    /// All partitions that are assigned.
    pub(super) fn places(&self) -> Vec<Place> {
        self.lock().partitions.keys().copied().collect()
    }

    fn count(&self, state: &State) {
        let partitions = u32::try_from(state.partitions.len()).unwrap_or(u32::MAX);
        PARTITIONS
            .with([self.queue.name])
            .set(f64::from(partitions));
    }

    fn committer(&self) -> MutexGuard<'_, Option<Committer>> {
        self.committer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, limit);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

// === impl Held ===

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
