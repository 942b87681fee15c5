//! Shards: the rows of a table that is divided among shards, a block for each shard. What a shard doesn't take at once goes
//! into the shard's own queue, and the other shards go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all};
use tokio::time::{Instant, timeout};

use super::append::append;
use super::batch::{Batch, BatchedMessage};
use super::failed::{Failed, Verdict, bad_unit};
use super::flush::{Flushed, Flusher};
use super::message::{Prepared, units};
use super::spread;
use super::stretch::{Appended, Room, append_from};
use crate::contract::{Block, Context, RowError, Sharding, Table};
use crate::dead_letter::Class;
use crate::sink::{Fault, Rows, Store, StoreError};

/// Time for the answer of one shard, while those of others wait for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Attempts at one shard, and the time within which another one begins.
const ATTEMPTS: u32 = 3;
const SOON: Duration = Duration::from_secs(2);

/// Time after which a shard that failed is tried again, even if its own queue has not stored anything.
const REST: Duration = Duration::from_secs(30);

/// A unit that is in no shard: it is bad.
const NONE: u8 = u8::MAX;

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

    fn is_shut(&self) -> bool {
        self.now() < self.shut_until.load(Ordering::Relaxed)
    }

    fn shut(&self) {
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

/// The blocks of a batch, one for each shard.
#[derive(Debug)]
pub(super) struct ShardBlocks {
    sharding: &'static Sharding,
    /// What says which shard holds the rows of one message.
    key: Block,
    blocks: Vec<Block>,
    /// The shard of each unit, message by message.
    shards: Vec<Vec<u8>>,
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

impl Flusher {
    /// Stores the blocks of a batch at the same time, each in its shard, and settles its messages: what a shard didn't take
    /// goes into that shard's own queue.
    pub(super) async fn flush_shards(self, mut batch: Batch, divided: ShardBlocks) -> Flushed {
        let blocks = divided.blocks.iter().enumerate();
        let stored = join_all(blocks.map(|(shard, block)| self.store_shard(shard, block))).await;
        for (shard, why) in (0_u8..).zip(&stored) {
            let Some(why) = why else { continue };
            for (held, shards) in batch.held.iter_mut().zip(&divided.shards) {
                let units = shards.iter().enumerate();
                let units = units.filter(|(_, of)| **of == shard);
                held.failed
                    .extend(units.map(|(unit, _)| aside(unit, shard, why)));
            }
        }
        let held = std::mem::take(&mut batch.held);
        batch.shards = Some(divided);
        batch.clear();
        let later = self.finish(held).await;
        Flushed {
            spare: batch,
            later,
            aside: None,
            outage: None,
        }
    }

    /// Stores the block of one shard; the reason why it didn't take it, if it didn't.
    async fn store_shard(&self, shard: usize, block: &Block) -> Option<String> {
        if block.rows() == 0 {
            return None;
        }
        let of_shard = self.shards.get(shard)?;
        if of_shard.is_shut() {
            return Some("the shard takes nothing".to_owned());
        }
        // Its own queue stores it in parts.
        if block
            .partitions(spread::MOST)
            .is_some_and(spread::are_too_many)
        {
            return Some("its rows are of too many partitions for one insert".to_owned());
        }
        self.setup.states.long_texts.tell(block, true);
        self.setup.states.unknown.tell(block);
        let flusher = Flusher {
            store: Arc::clone(of_shard) as Arc<dyn Store>,
            ..self.clone()
        };
        let rows = Rows {
            block,
            messages: &[],
        };
        let token = format!("{}-{}", self.table.name, uuid::Uuid::now_v7());
        let began = Instant::now();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let error = match timeout(PATIENCE, flusher.store_once(rows, &token)).await {
                Ok(Ok(())) => return None,
                Ok(Err(error)) => error,
                Err(_) => {
                    of_shard.shut();
                    return Some(format!("no answer within {} s", PATIENCE.as_secs()));
                }
            };
            if error.fault.may_pass() && attempts < ATTEMPTS && began.elapsed() < SOON {
                tokio::time::sleep(Duration::from_millis(100).mul_f64(1.0 + self.jitter())).await;
                continue;
            }
            if error.fault != Fault::Content {
                of_shard.shut();
            }
            tracing::warn!(
                table = self.table.name,
                shard = shard + 1,
                reason = %error,
                "A shard did not take its rows; they wait in its own queue."
            );
            return Some(error.message);
        }
    }
}

/// A unit that goes into the queue of its shard.
fn aside(unit: usize, shard: u8, why: &str) -> Failed {
    Failed {
        unit,
        event_type: String::new(),
        class: Class::Transient,
        reason: why.to_owned(),
        verdict: Verdict::Aside(shard),
    }
}
