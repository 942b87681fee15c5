//! Flush of a batch whose table is divided among shards: what a shard doesn't take at once goes into the shard's own queue,
//! and the other shards go on.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::batch::Batch;
use super::flush::{Flushed, Flusher};
use super::shard_blocks::{ShardBlocks, aside};
use super::spread;
use super::traced::Causes;
use crate::contract::Block;
use crate::sink::{Fault, Rows, Store};

/// Time for the answer of one shard, while those of others wait for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Attempts at one shard, and the time within which another one begins.
const ATTEMPTS: u32 = 3;
const SOON: Duration = Duration::from_secs(2);

impl Flusher {
    /// Stores the blocks of a batch at the same time, each in its shard, and settles its messages: what a shard didn't take
    /// goes into that shard's own queue.
    pub(super) async fn flush_shards(self, mut batch: Batch, divided: ShardBlocks) -> Flushed {
        let blocks = divided.blocks.iter().enumerate();
        let stored = blocks.map(|(shard, block)| {
            let held = batch.held.iter().zip(&divided.shards);
            let its =
                held.filter(move |(_, shards)| shards.iter().any(|of| usize::from(*of) == shard));
            self.store_shard(shard, block, self.causes(its.map(|(held, _)| held)))
        });
        let stored = join_all(stored).await;
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
    async fn store_shard(&self, shard: usize, block: &Block, causes: Causes) -> Option<String> {
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
            let error = match timeout(PATIENCE, flusher.store_once(rows, &token, &causes)).await {
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
