//! Fuzz target: a message of a queue, from its body to the rows of its table.

use super::append::append;
use super::message::units;
use super::prepare::Preparer;
use crate::broker::Delivery;
use crate::contract::{Block, Context, Destination, Pipeline, Queue};
use crate::dead_letter::Class;

/// The clock of all runs, in milliseconds since the epoch, so that a finding can be repeated.
const NOW_MS: i64 = 1_760_000_000_000;

/// Makes rows of messages, as a worker does.
#[derive(Debug)]
pub struct Messages(Preparer);

impl Messages {
    /// Begins, for the queues of a pipeline.
    pub fn new(pipeline: &Pipeline) -> Self {
        Messages(Preparer::new(pipeline))
    }

    /// Prepares a message, appends each of its units to a block, and encodes the block.
    ///
    /// # Panics
    ///
    /// If the code that is fuzzed does. A worker survives that, but nothing that is sent should cause it.
    pub fn run(&self, queue: &'static Queue, delivery: Delivery) {
        let Destination::Table(table) = queue.into else {
            return;
        };
        let prepared = self.0.prepare(queue, self.0.receive(queue, delivery));
        let count = units(&prepared.content);
        let mut block = Block::new(table);
        let cx = Context { now_ms: NOW_MS };
        for failed in append(&mut block, &prepared, 0..count, &|_| true, &cx) {
            assert_ne!(failed.class, Class::Panic, "{failed:?}");
        }
        drop(block.encode());
    }
}
