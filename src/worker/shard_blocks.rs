//! The rows of a batch of a table that is divided among shards, a block for each shard.

use super::append::append;
use super::batched_message::BatchedMessage;
use super::failed::{Failed, Verdict, bad_unit};
use super::message::{Prepared, units};
use super::stretch::{Appended, Room, append_from};
use crate::contract::{Block, Context, RowError, Sharding, Table};
use crate::dead_letter::Class;

/// A unit that is in no shard: it is bad.
const NONE: u8 = u8::MAX;

/// The blocks of a batch, one for each shard.
#[derive(Debug)]
pub(super) struct ShardBlocks {
    sharding: &'static Sharding,
    /// What says which shard holds the rows of one message.
    key: Block,
    pub(super) blocks: Vec<Block>,
    /// The shard of each unit, message by message.
    pub(super) shards: Vec<Vec<u8>>,
}

impl ShardBlocks {
    pub(super) fn new(table: &'static Table, sharding: &'static Sharding) -> Self {
        ShardBlocks {
            sharding,
            key: Block::new(sharding.key),
            blocks: sharding.shards.iter().map(|_| Block::new(table)).collect(),
            shards: Vec::new(),
        }
    }

    /// Number of rows of the fullest block.
    pub(super) fn rows(&self) -> usize {
        self.blocks
            .iter()
            .map(Block::rows)
            .max()
            .unwrap_or_default()
    }

    /// Rows and bytes of all blocks.
    pub(super) fn size(&self) -> (usize, usize) {
        let blocks = self.blocks.iter();
        blocks.fold((0, 0), |(rows, bytes), block| {
            (rows + block.rows(), bytes + block.bytes())
        })
    }

    pub(super) fn clear(&mut self) {
        self.blocks.iter_mut().for_each(Block::clear);
        self.shards.clear();
    }

    /// Appends the rows of a message, each to the block of its shard. Units for which a block has no room are left to the
    /// shard's own queue.
    pub(super) fn append(&mut self, message: &Prepared, room: Room, cx: &Context) -> Appended {
        let count = units(&message.content);
        let (mut shards, mut failed) = self.shards_of(message, count, cx);
        for (shard, block) in (0_u8..).zip(&mut self.blocks) {
            if !shards.contains(&shard) {
                continue;
            }
            let wanted = |unit: usize| shards.get(unit) == Some(&shard);
            let appended = append_from(block, message, 0, &wanted, room, cx);
            let rest = (appended.next..count).filter(|unit| wanted(*unit));
            let rest =
                rest.map(|unit| aside(unit, shard, "the block of its shard has no more room"));
            let gone: Vec<Failed> = appended.failed.into_iter().chain(rest).collect();
            for one in &gone {
                if let Some(shard) = shards.get_mut(one.unit) {
                    *shard = NONE;
                }
            }
            failed.extend(gone);
        }
        self.shards.push(shards);
        let bytes: usize = self.blocks.iter().map(Block::bytes).sum();
        let weight = self.blocks.iter().map(Block::weight).sum();
        Appended {
            failed,
            next: count,
            full: room.is_used_up(bytes, weight),
        }
    }

    /// The shard of each unit of a message, and the units that have none because they are bad.
    fn shards_of(
        &mut self,
        message: &Prepared,
        count: usize,
        cx: &Context,
    ) -> (Vec<u8>, Vec<Failed>) {
        self.key.clear();
        let failed = append(&mut self.key, message, 0..count, &|_| true, cx);
        let mut shards = vec![0; count];
        for bad in &failed {
            if let Some(shard) = shards.get_mut(bad.unit) {
                *shard = NONE;
            }
        }
        let good: Vec<&mut u8> = shards.iter_mut().filter(|shard| **shard != NONE).collect();
        match self.sharding.shards_of(&self.key) {
            Some(of_rows) if of_rows.len() == good.len() => {
                for (shard, of_row) in good.into_iter().zip(of_rows) {
                    *shard = of_row;
                }
                (shards, failed)
            }
            // Generated code and this build are of different versions.
            _ => {
                let bad = RowError::Layout("of the shards of this table");
                let all = (0..count).map(|unit| bad_unit(unit, "", &bad));
                (vec![NONE; count], all.collect())
            }
        }
    }

    /// Makes the blocks anew, of messages that were there before a panic.
    pub(super) fn rebuild(&mut self, held: &mut [BatchedMessage], cx: &Context) {
        self.blocks.iter_mut().for_each(Block::clear);
        for (held, shards) in held.iter_mut().zip(&mut self.shards) {
            let all = 0..units(&held.message.content);
            for (shard, block) in (0_u8..).zip(&mut self.blocks) {
                let wanted = |unit: usize| shards.get(unit) == Some(&shard);
                let failed = append(block, &held.message, all.clone(), &wanted, cx);
                for bad in &failed {
                    if let Some(shard) = shards.get_mut(bad.unit) {
                        *shard = NONE;
                    }
                }
                held.failed.extend(failed);
            }
        }
    }
}

/// A unit that goes into the queue of its shard.
pub(super) fn aside(unit: usize, shard: u8, why: &str) -> Failed {
    Failed {
        unit,
        event_type: String::new(),
        class: Class::Transient,
        reason: why.to_owned(),
        verdict: Verdict::Aside(shard),
    }
}
