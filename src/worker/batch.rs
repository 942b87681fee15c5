//! Batch: a growing block, and the messages whose rows are in it.

use tokio::time::Instant;

use super::append::append;
use super::batched_message::BatchedMessage;
use super::blocking;
use super::catch_panic::catch_panic;
use super::failed::panicked_unit;
use super::message::{Content, Prepared, units};
use super::shard_blocks::ShardBlocks;
use super::stretch::{Appended, Room, append_from, becomes};
use crate::broker::Place;
use crate::contract::{Batch as Limits, Block, Context, Table};

/// Block with its messages. The rows of a message are in one batch, unless the block becomes too heavy.
#[derive(Debug)]
pub(super) struct Batch {
    pub block: Block,
    pub held: Vec<BatchedMessage>,
    /// Size of the messages.
    bytes: usize,
    room: Room,
    /// True if the block has no more room.
    full: bool,
    /// First unit of the last message for which there was no room.
    rest: Option<usize>,
    opened: Option<Instant>,
    /// Blocks of the shards, in place of the one block.
    pub shards: Option<ShardBlocks>,
}

impl Batch {
    pub(super) fn new(table: &'static Table, room: Room, divided: bool) -> Self {
        let sharding = table.sharding().filter(|_| divided);
        Batch {
            shards: sharding.map(|sharding| ShardBlocks::new(table, sharding)),
            block: Block::new(table),
            held: Vec::new(),
            bytes: 0,
            room,
            full: false,
            rest: None,
            opened: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Appends the rows of a message, as far as there is room.
    pub(super) fn add(&mut self, message: Prepared, cx: &Context) {
        let body = message.delivery.body.len();
        let bytes = match &message.content {
            Content::Events(parts) => becomes(parts, body),
            _ => body as u64,
        };
        let (block, shards, room) = (&mut self.block, &mut self.shards, self.room);
        let append = || match shards {
            None => append_from(block, &message, 0, &|_| true, room, cx),
            Some(shards) => shards.append(&message, room, cx),
        };
        let count = units(&message.content);
        // Panics of transforms are caught inside; any other leaves the block in an unknown state.
        let failed = match blocking::work(bytes, || catch_panic(append)) {
            Ok(Appended { failed, next, full }) => {
                self.rest = (next < count).then_some(next);
                self.full = full;
                failed
            }
            Err(panic) => {
                self.rebuild(cx);
                let all = 0..count;
                all.map(|unit| panicked_unit(unit, "", &panic)).collect()
            }
        };
        self.bytes += body;
        self.held.push(BatchedMessage { message, failed });
        self.opened.get_or_insert_with(Instant::now);
    }

    /// Rebuilds the block from the messages that it held before.
    fn rebuild(&mut self, cx: &Context) {
        if let Some(shards) = &mut self.shards {
            return shards.rebuild(&mut self.held, cx);
        }
        self.block.clear();
        for held in &mut self.held {
            let good = |unit| held.failed.iter().all(|failed| failed.unit != unit);
            let all = 0..units(&held.message.content);
            let failed = append(&mut self.block, &held.message, all, &good, cx);
            held.failed.extend(failed);
        }
    }

    /// True if it should be sent now, whatever its age.
    pub(super) fn is_full(&self, limits: &Limits, messages: usize) -> bool {
        self.held.len() >= messages
            || self.full
            || self.rows() >= limits.rows as usize
            || Batch::is_large(self.bytes, limits)
    }

    /// True if bodies with so many bytes should be sent: a queue hands out twice as many, and the next ones come while these are
    /// stored.
    pub(super) fn is_large(bytes: usize, limits: &Limits) -> bool {
        bytes >= limits.bytes as usize / 2
    }

    /// Bytes of the bodies of its messages.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Rows and bytes of all its blocks.
    pub(super) fn size(&self) -> (usize, usize) {
        match &self.shards {
            Some(shards) => shards.size(),
            None => (self.block.rows(), self.block.bytes()),
        }
    }

    /// Number of rows of its block, or of the fullest one.
    fn rows(&self) -> usize {
        let shards = self.shards.as_ref();
        shards.map_or_else(|| self.block.rows(), ShardBlocks::rows)
    }

    /// When its first message was added; none while it is empty.
    pub(super) fn opened(&self) -> Option<Instant> {
        self.opened
    }

    /// Offset of its last message, if they are a range of one partition in which no message is missing, and all of their
    /// units are in the block.
    pub(super) fn last_of_range(&self) -> Option<i64> {
        let whole = self.rest.is_none() && self.held.iter().all(|held| held.failed.is_empty());
        let places = self
            .held
            .iter()
            .map(|held| held.message.delivery.place.as_ref());
        let places: Vec<&Place> = places.collect::<Option<_>>()?;
        let follows = |pair: &[&Place]| {
            let [before, after] = pair else { return false };
            let of_one = before.topic == after.topic && before.partition == after.partition;
            of_one && (after.begins..=after.offset).contains(&(before.offset + 1))
        };
        let last = places.last()?.offset;
        (whole && places.windows(2).all(follows)).then_some(last)
    }

    /// First unit of the last message that there was no room for: all from this one on.
    pub(super) fn rest(&self) -> Option<(usize, usize)> {
        Some((self.held.len().checked_sub(1)?, self.rest?))
    }

    /// Empties it and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.block.clear();
        if let Some(shards) = &mut self.shards {
            shards.clear();
        }
        self.held.clear();
        self.bytes = 0;
        self.full = false;
        self.rest = None;
        self.opened = None;
    }
}

/// The tighter of two limits, for a table that several queues feed.
pub(super) fn smaller(a: Limits, b: Limits) -> Limits {
    Limits {
        rows: a.rows.min(b.rows),
        bytes: a.bytes.min(b.bytes),
        delay_ms: a.delay_ms.min(b.delay_ms),
    }
}
