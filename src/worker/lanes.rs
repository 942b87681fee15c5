//! Lanes: the batches of a table that fill side by side: one for each partition of a log, and one for what comes from
//! queues.
//!
//! A batch of a partition is a range of its offsets in which no message is missing, so that it can be pinned, and made again
//! as it was.
//! Workers prepare messages beside each other: one that comes too early waits for those before it. What was pinned before
//! makes a batch of its own, which is waited for until it is whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::{Duration, Instant};

use super::batch::Batch;
use super::message::Prepared;
use super::stretch::Room;
use crate::broker::Range;
use crate::contract::{Batch as Limits, Context, Table};

/// How long a batch that was pinned before is waited for. What isn't whole by then is stored under another token.
const WHOLE: Duration = Duration::from_secs(10);

/// Topic and partition of a lane; none for what comes from queues.
type Key = Option<(Arc<str>, i32)>;

/// Batches that fill.
pub(super) struct Lanes {
    table: &'static Table,
    room: Room,
    /// True if the rows of each batch are divided among the shards of the table.
    divided: bool,
    limits: Option<Limits>,
    /// Maximum number of messages of one batch.
    messages: usize,
    lanes: BTreeMap<Key, Lane>,
    /// Emptied batches, for the next ones.
    spare: Option<Batch>,
}

#[derive(Debug)]
struct Lane {
    batch: Batch,
    /// Messages that came before others that are in front of them.
    early: BTreeMap<i64, Prepared>,
    /// Since when there are such messages.
    early_since: Option<Instant>,
    /// Offset after the last message that was added.
    next: Option<i64>,
    /// What the batch was pinned as before.
    pinned: Option<Range>,
    /// No more goes into the batch.
    closed: bool,
}

impl Lanes {
    pub(super) fn new(
        table: &'static Table,
        room: Room,
        divided: bool,
        limits: Option<Limits>,
        messages: usize,
    ) -> Self {
        Lanes {
            table,
            room,
            divided,
            limits,
            messages,
            lanes: BTreeMap::new(),
            spare: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let mut lanes = self.lanes.values();
        lanes.all(|lane| lane.batch.is_empty() && lane.early.is_empty())
    }

    /// Adds a message to the batch of its lane, or keeps it until those before it are there.
    pub(super) fn add(&mut self, message: Prepared, cx: &Context) {
        let place = message.delivery.place.as_ref();
        let key = place.map(|place| (Arc::clone(&place.topic), place.partition));
        let offset = place.map(|place| place.offset);
        let (table, room, divided) = (self.table, self.room, self.divided);
        let spare = &mut self.spare;
        let lane = self.lanes.entry(key).or_insert_with(|| Lane {
            batch: spare
                .take()
                .unwrap_or_else(|| Batch::new(table, room, divided)),
            early: BTreeMap::new(),
            early_since: None,
            next: None,
            pinned: None,
            closed: false,
        });
        match offset {
            None => lane.batch.add(message, cx),
            Some(offset) => {
                lane.early.insert(offset, message);
                lane.early_since.get_or_insert_with(Instant::now);
                self.settle(cx);
            }
        }
    }

    /// Moves messages into the batches that they belong to, as far as those before them are there.
    fn settle(&mut self, cx: &Context) {
        let (limits, messages) = (self.limits, self.messages);
        let patience = self.delay();
        for lane in self.lanes.values_mut() {
            lane.settle(cx, patience, |batch| {
                limits.is_some_and(|limits| batch.is_full(&limits, messages))
            });
        }
    }

    /// True if a batch should be sent now, whatever its age.
    pub(super) fn is_full(&self) -> bool {
        let held: usize = self.lanes.values().map(Lane::messages).sum();
        let bytes: usize = self.lanes.values().map(Lane::bytes).sum();
        let limits = self.limits.as_ref();
        // Nothing more comes to any of them when what the queue hands out is used up.
        let used_up =
            held >= self.messages || limits.is_some_and(|limits| Batch::is_large(bytes, limits));
        let mut lanes = self.lanes.values();
        // Those that wait for more can't be sent, so that more must come.
        let many = used_up && lanes.clone().any(Lane::can_go);
        many || lanes.any(|lane| self.is_full_lane(lane))
    }

    /// Time when one should be sent; none while all are empty.
    pub(super) fn due(&self) -> Option<Instant> {
        let delay = self.delay();
        let due = self.lanes.values().filter_map(|lane| {
            let early = lane.early_since.map(|since| since + delay);
            let age = match lane.is_partial() {
                false => delay,
                true => WHOLE.max(delay),
            };
            let batch = lane.batch.opened().map(|opened| opened + age);
            early.into_iter().chain(batch).min()
        });
        due.min()
    }

    /// The batch that is to be sent next; with `all` whatever its age.
    pub(super) fn take(&mut self, all: bool) -> Option<Batch> {
        let cx = Context {
            now_ms: crate::time::now_ms(),
        };
        self.settle(&cx);
        let (now, delay) = (Instant::now(), self.delay());
        let full = self.is_full();
        let aged = |lane: &Lane| lane.batch.opened().is_some_and(|at| at + delay <= now);
        let ready =
            |lane: &Lane| lane.can_go() && (all || full || aged(lane) || self.is_full_lane(lane));
        let lanes = self.lanes.iter().filter(|(_, lane)| ready(lane));
        // One that is full, else the largest.
        let rank = |lane: &Lane| (self.is_full_lane(lane), lane.batch.held.len());
        let key = lanes.max_by_key(|(_, lane)| rank(lane))?.0.clone();
        let next = self.spare.take();
        let next = next.unwrap_or_else(|| Batch::new(self.table, self.room, self.divided));
        let lane = self.lanes.get_mut(&key)?;
        let batch = std::mem::replace(&mut lane.batch, next);
        lane.pinned = None;
        lane.closed = false;
        self.settle(&cx);
        Some(batch)
    }

    /// Gives back what isn't whole, and won't be any more.
    pub(super) fn give_up(&mut self) {
        self.lanes.clear();
    }

    /// Keeps an emptied batch for its memory.
    pub(super) fn recycle(&mut self, batch: Batch) {
        self.spare.get_or_insert(batch);
    }

    /// All messages.
    pub(super) fn into_messages(self) -> Vec<Prepared> {
        let lanes = self.lanes.into_values();
        let messages = lanes.flat_map(|mut lane| {
            let held = std::mem::take(&mut lane.batch.held);
            let held = held.into_iter().map(|held| held.message);
            held.chain(lane.early.into_values()).collect::<Vec<_>>()
        });
        messages.collect()
    }

    fn is_full_lane(&self, lane: &Lane) -> bool {
        let limits = self.limits.as_ref().filter(|_| !lane.is_partial());
        lane.closed || limits.is_some_and(|limits| lane.batch.is_full(limits, self.messages))
    }

    /// Age at which a batch is sent. Many partitions share the inserts that one would make.
    fn delay(&self) -> Duration {
        let delay = self.limits.map_or(0, |limits| limits.delay_ms);
        let filling = self.lanes.values().filter(|lane| !lane.batch.is_empty());
        let lanes = u32::try_from(filling.count()).unwrap_or(u32::MAX).max(1);
        Duration::from_millis(delay.into()).saturating_mul(lanes)
    }
}

impl Lane {
    fn messages(&self) -> usize {
        self.batch.held.len() + self.early.len()
    }

    fn bytes(&self) -> usize {
        let early = self.early.values();
        let early: usize = early.map(|message| message.delivery.body.len()).sum();
        self.batch.bytes() + early
    }

    /// True if there is a batch that can be sent.
    fn can_go(&self) -> bool {
        let opened = self.batch.opened();
        let waited = opened.is_some_and(|at| at.elapsed() >= WHOLE);
        !self.batch.is_empty() && (waited || !self.is_partial())
    }

    /// True if the batch was pinned before and isn't whole yet.
    fn is_partial(&self) -> bool {
        self.pinned.is_some() && !self.closed
    }

    fn settle(&mut self, cx: &Context, patience: Duration, is_full: impl Fn(&Batch) -> bool) {
        while let Some((offset, begins, pinned)) = self.first_early() {
            let waited = self
                .early_since
                .is_some_and(|since| since.elapsed() >= patience);
            let follows = self
                .next
                .is_none_or(|next| (begins..=offset).contains(&next));
            if !self.batch.is_empty() {
                // A gap ends a batch, if nobody comes to fill it; so does a range that was pinned before.
                if pinned != self.pinned || (!follows && waited) {
                    self.closed |= follows || waited;
                    return;
                }
                if !follows || (self.pinned.is_none() && is_full(&self.batch)) {
                    return;
                }
            } else if !follows && !waited && self.next.is_some_and(|next| offset > next) {
                return;
            }
            if let Some(message) = self.early.remove(&offset) {
                if self.batch.is_empty() {
                    self.pinned = pinned;
                }
                self.batch.add(message, cx);
                self.next = Some(offset + 1);
                self.closed |= pinned.is_some_and(|range| range.last == offset);
            }
            self.early_since = (!self.early.is_empty()).then(Instant::now);
        }
    }

    /// Offset, begin of its stretch and range of the first message that waits.
    fn first_early(&self) -> Option<(i64, i64, Option<Range>)> {
        let (offset, message) = self.early.first_key_value()?;
        let place = message.delivery.place.as_ref();
        let begins = place.map_or(*offset, |place| place.begins);
        Some((*offset, begins, place.and_then(|place| place.pinned)))
    }
}
