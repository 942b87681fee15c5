//! A batch: a block that grows, and the messages whose rows are in it.

use tokio::time::{Duration, Instant};

use super::append::{Failed, append, panicked_unit, units};
use super::guard::guarded;
use super::prepare::Prepared;
use crate::contract::{Batch as Limits, Block, Context, Table};

/// A message in a batch, and which of its units are bad.
#[derive(Debug)]
pub(super) struct Held {
    pub message: Prepared,
    pub failed: Vec<Failed>,
}

/// A block and its messages. The rows of a message are in one batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub block: Block,
    pub held: Vec<Held>,
    /// The messages' own bytes.
    bytes: usize,
    opened: Option<Instant>,
}

impl Batch {
    pub(super) fn new(table: &'static Table) -> Self {
        Batch {
            block: Block::new(table),
            held: Vec::new(),
            bytes: 0,
            opened: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Appends all rows of a message.
    pub(super) fn add(&mut self, message: Prepared, cx: &Context) {
        // What can panic in there is held up in there; whatever else does leaves the block as it may be.
        let failed = match guarded(|| append(&mut self.block, &message, &|_| true, cx)) {
            Ok(failed) => failed,
            Err(panic) => {
                self.rebuild(cx);
                let all = 0..units(&message.content);
                all.map(|unit| panicked_unit(unit, "", &panic)).collect()
            }
        };
        self.bytes += message.delivery.body.len();
        self.held.push(Held { message, failed });
        self.opened.get_or_insert_with(Instant::now);
    }

    /// Makes the block anew of the messages that it had before.
    fn rebuild(&mut self, cx: &Context) {
        self.block.clear();
        for held in &mut self.held {
            let good = |unit| held.failed.iter().all(|failed| failed.unit != unit);
            let failed = append(&mut self.block, &held.message, &good, cx);
            held.failed.extend(failed);
        }
    }

    /// Whether it should go out now, whatever its age.
    pub(super) fn is_full(&self, limits: &Limits, messages: usize) -> bool {
        self.held.len() >= messages
            || self.block.rows() >= limits.rows as usize
            || self.block.bytes() >= limits.bytes as usize
            // A queue hands out so many bytes, and the next batch fills while this one is stored.
            || self.bytes >= limits.bytes as usize / 2
    }

    /// When it is old enough to go out; none while it is empty.
    pub(super) fn due(&self, limits: &Limits) -> Option<Instant> {
        self.opened
            .map(|opened| opened + Duration::from_millis(u64::from(limits.delay_ms)))
    }

    /// Empties it and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.block.clear();
        self.held.clear();
        self.bytes = 0;
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
