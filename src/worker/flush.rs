//! Flush: stores a batch and settles its messages. Units that can't go out with the rest are set aside, so that the
//! next batch needn't wait for them.

mod attempt;

pub(super) use attempt::{StoreOutcome, Unstored};

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::Instant;

use super::append::json_messages;
use super::batch::Batch;
use super::batched_message::BatchedMessage;
use super::breaker::Breakers;
use super::disposition::Part;
use super::failure_history::{FailureHistory, Key};
use super::objects::Parsed;
use super::settle::{Decided, GivenUp, settle};
use super::shard::Shard;
use super::stretch::Room;
use super::traced::{self, Causes};
use super::unit_groups::{Unit, UnitGroup, Work, good, rest};
use super::{Setup, dead_letter, spread};
use crate::broker::Pinned;
use crate::contract::{Context, Message, Table};
use crate::metrics::workers;
use crate::sink::{Rows, Store};
use crate::time::now_ms;

/// Number of parts into which suspects are split that may have crashed the destination.
pub(super) const WAYS: usize = 16;

/// Number of messages that are settled at the same time, each of which may wait for the broker to confirm what goes back.
const SETTLED_AT_ONCE: usize = 32;

/// Stores the batches of one table.
#[derive(Clone)]
pub(super) struct Flusher {
    pub(super) setup: Setup,
    pub(super) store: Arc<dyn Store>,
    /// The shards, if rows of all of them are flushed here.
    pub(super) shards: Arc<[Arc<Shard>]>,
    /// Name of the state of what it stores in: that of the table, or of one of its shards.
    pub(super) name: &'static str,
    pub(super) table: &'static Table,
    pub(super) room: Room,
    pub(super) breakers: Breakers,
    pub(super) failure_history: FailureHistory,
}

/// Result of a flush.
#[derive(Debug)]
pub(super) struct Flushed {
    /// The batch, emptied.
    pub spare: Batch,
    /// Messages that are held for a while before they go back.
    pub later: Vec<Decided>,
    /// Units that are still to be stored.
    pub aside: Option<Work>,
    /// Messages that have to go back, because the destination was unavailable for too long.
    pub outage: Option<Vec<BatchedMessage>>,
}

/// A range could not be pinned.
struct NotPinned;

/// Reason why a batch could not be finished.
#[derive(Debug)]
pub(super) enum Halt {
    /// The server stops and doesn't wait any more.
    GivenUp,
    /// The destination has been unavailable for longer than messages are held.
    Outage,
}

impl From<GivenUp> for Halt {
    fn from(_: GivenUp) -> Self {
        Halt::GivenUp
    }
}

impl Flusher {
    /// Stores the rows, or most of them, then settles the finished messages; returns the batch emptied.
    pub(super) async fn flush(self, mut batch: Batch) -> Flushed {
        let began = Instant::now();
        let (rows, bytes) = batch.size();
        workers::BATCH_ROWS
            .with([self.table.name])
            .record(rows as f64);
        workers::BATCH_BYTES
            .with([self.table.name])
            .record(bytes as f64);
        if let Some(shards) = batch.shards.take() {
            let seconds = workers::FLUSH_SECONDS.with([self.table.name]);
            let flushed = self.flush_shards(batch, shards).await;
            seconds.record(began.elapsed());
            return flushed;
        }
        let mut aside = None;
        let plan = self.plan(&batch);
        let token = match plan {
            None => self.pin(&batch).await,
            Some(_) => Ok(None),
        };
        let Ok(token) = token else {
            // Its messages are somebody else's now, or will be delivered again.
            batch.clear();
            return Flushed {
                spare: batch,
                later: Vec::new(),
                aside: None,
                outage: None,
            };
        };
        // With a plan, long texts are reported from the blocks of its parts.
        let long_texts = &self.setup.states.long_texts;
        long_texts.tell(&batch.block, plan.is_none());
        if plan.is_none() {
            self.setup.states.unknown.tell(&batch.block);
        }
        let stored = match plan {
            None => self.store_whole(&mut batch, &mut aside, token).await,
            Some(groups) => {
                let held = std::mem::take(&mut batch.held);
                let work = aside.insert(Work::new(held, groups));
                match work
                    .groups
                    .front()
                    .is_some_and(|group| !group.kind.is_tried())
                {
                    true => self.step(work, &mut batch.block).await,
                    // All of them are suspects.
                    false => Ok(()),
                }
            }
        };
        let seconds = workers::FLUSH_SECONDS.with([self.table.name]);
        seconds.record(began.elapsed());
        let mut held = std::mem::take(&mut batch.held);
        batch.clear();
        let mut flushed = Flushed {
            spare: batch,
            later: Vec::new(),
            aside: None,
            outage: None,
        };
        match stored {
            Ok(()) => {
                if let Some(work) = &mut aside {
                    held.extend(work.take_done());
                }
                flushed.later = self.finish(held).await;
                flushed.aside = aside.filter(|work| !work.is_empty());
            }
            Err(Halt::Outage) => {
                held.extend(aside.into_iter().flat_map(Work::into_held));
                flushed.outage = Some(held);
            }
            // Messages that are still held go back to their queue as they are dropped.
            Err(Halt::GivenUp) => {}
        }
        flushed
    }

    /// Settles messages whose units are all decided. Returns those that are held for a while first.
    pub(super) async fn finish(&self, held: Vec<BatchedMessage>) -> Vec<Decided> {
        let mut later = Vec::new();
        if held.is_empty() {
            return later;
        }
        let decided = held.into_iter().map(|held| Decided::of(held, &self.setup));
        let mut ready = Vec::new();
        for decided in self.breakers.admit(decided.collect()).await {
            match decided.hold() {
                Some(_) => later.push(decided),
                None => ready.push(decided),
            }
        }
        // What goes back is published in the order of the messages, without a wait for each confirmation.
        let settled = ready
            .into_iter()
            .map(|decided| settle(&self.setup, decided));
        let mut settled = stream::iter(settled).buffered(SETTLED_AT_ONCE);
        while let Some(ended) = settled.next().await {
            if ended.is_err() && self.setup.give_up.is_cancelled() {
                break;
            }
        }
        later
    }

    /// Parts in which a batch is stored, if not as a whole; the first of them at once.
    fn plan(&self, batch: &Batch) -> Option<Vec<UnitGroup>> {
        let rest = || rest(&batch.held, batch.rest());
        if self.failure_history.any() {
            let units = good(&batch.held, batch.rest());
            let key = |unit: Unit| Some((unit, key(batch.held.get(unit.0)?, unit.1)));
            let keyed: Vec<(Unit, Key)> = units.iter().filter_map(|unit| key(*unit)).collect();
            let mut suspects = self.failure_history.among(&keyed);
            if !suspects.is_empty() {
                self.set_aside("suspect");
                suspects.sort_unstable();
                let all: HashSet<Unit> = suspects.iter().map(|(_, unit)| *unit).collect();
                let others = units.into_iter().filter(|unit| !all.contains(unit));
                let first = UnitGroup::fresh(others.collect());
                let groups = std::iter::once(first).chain(rest());
                return Some(groups.chain(apart(&suspects)).collect());
            }
        }
        // Nearly always they are few, which costs a look at one column.
        if self.table.sharding().is_none() {
            batch.block.partitions(spread::MOST)?;
        }
        let groups = spread::groups(&batch.block, &good(&batch.held, batch.rest()))?;
        self.set_aside("spread");
        Some(
            groups
                .into_iter()
                .map(UnitGroup::fresh)
                .chain(rest())
                .collect(),
        )
    }

    /// Pins a batch that is a range of a partition, and returns the token of its block: whoever gets the range again
    /// stores it under the same. None if it isn't one.
    async fn pin(&self, batch: &Batch) -> Result<Option<String>, NotPinned> {
        let (Some(last), Some(first)) = (batch.last_of_range(), batch.held.first()) else {
            return Ok(None);
        };
        let delivery = &first.message.delivery;
        let Some(place) = &delivery.place else {
            return Ok(None);
        };
        match delivery.ack_guard.pin(last).await {
            Pinned::As(range) => Ok(Some(format!(
                "{}-{}-{}-{}-{}-{}-{}",
                self.table.name,
                place.topic,
                place.partition,
                range.first,
                range.last,
                range.written_ms,
                self.setup.pipeline.fingerprint
            ))),
            Pinned::Alone => Ok(None),
            Pinned::Lost => Err(NotPinned),
        }
    }

    async fn store_whole(
        &self,
        batch: &mut Batch,
        aside: &mut Option<Work>,
        token: Option<String>,
    ) -> Result<(), Halt> {
        let at = batch.rest();
        let mut stored = StoreOutcome::Yes;
        if batch.block.rows() > 0 {
            let Batch { block, held, .. } = &*batch;
            let objects = self.objects(held, &|at_message, held, unit| {
                let there = at.is_none_or(|rest| (at_message, unit) < rest);
                there && held.failed.iter().all(|failed| failed.unit != unit)
            });
            let messages: Vec<Message<'_>> = objects.iter().map(Parsed::message).collect();
            let messages = &messages;
            let keys = || {
                let units = good(held, at);
                let keyed = units.iter().filter_map(|u| Some(key(held.get(u.0)?, u.1)));
                keyed.collect::<Vec<Key>>()
            };
            let rows = Rows { block, messages };
            let causes = self.causes(held);
            stored = self.store(rows, Part::Whole, &keys, token, &causes).await?;
            if stored == StoreOutcome::Yes && self.failure_history.any() {
                self.failure_history.clear(&keys());
            }
        }
        let rest = rest(&batch.held, at);
        match stored {
            StoreOutcome::Yes if rest.is_none() => {}
            StoreOutcome::Yes => {
                self.set_aside("heavy");
                *aside = Some(Work::new(std::mem::take(&mut batch.held), rest));
            }
            StoreOutcome::No(unstored) => {
                self.set_aside("divided");
                let units = good(&batch.held, at);
                let groups = std::iter::once(UnitGroup::fresh(units)).chain(rest);
                let work = aside.insert(Work::new(std::mem::take(&mut batch.held), groups));
                if let Some(all) = work.groups.pop_front() {
                    let rows = batch.block.rows();
                    self.judge(work, all.units, rows, Part::Whole, &unstored);
                }
            }
        }
        Ok(())
    }

    /// Spans of these messages, which cause what is stored of them.
    pub(super) fn causes<'a>(&self, held: impl IntoIterator<Item = &'a BatchedMessage>) -> Causes {
        traced::causes(&self.setup.states.tracer, held)
    }

    fn set_aside(&self, why: &'static str) {
        workers::SET_ASIDE.with([self.table.name, why]).increment(1);
    }

    /// JSON objects whose rows are in a block, if the table's hook needs them.
    pub(super) fn objects<'a>(
        &self,
        held: impl IntoIterator<Item = &'a BatchedMessage>,
        stored: &dyn Fn(usize, &BatchedMessage, usize) -> bool,
    ) -> Vec<Parsed<'a>> {
        if self.table.upsert().is_none_or(|u| u.hook.is_none()) {
            return Vec::new();
        }
        let cx = Context { now_ms: now_ms() };
        let held = held.into_iter().enumerate();
        held.flat_map(|(at, h)| json_messages(&h.message, &|unit| stored(at, h, unit), &cx))
            .collect()
    }
}

/// Splits suspects, each with the number of crashes at it, into parts in this order. Those of one part that crashed the
/// destination are separate the next time, and come last, so that each time clears some of them.
fn apart(suspects: &[(u32, Unit)]) -> Vec<UnitGroup> {
    let alike = suspects.chunk_by(|a, b| a.0 == b.0);
    let groups = alike.map(|alike| UnitGroup::tried(alike.iter().map(|(_, unit)| *unit).collect()));
    groups.flat_map(|group| group.divided(WAYS)).collect()
}

/// Key of a unit, in whatever message it comes.
pub(super) fn key(held: &BatchedMessage, unit: usize) -> Key {
    xxhash_rust::xxh3::xxh3_64(dead_letter::unit_id(&held.message, unit).as_bytes())
}
