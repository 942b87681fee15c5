//! Dry run: tries whether a webhook's message can be stored, with the same generated conversions that make its rows
//! later.
//!
//! So its sender learns at once what would become a dead letter. The rows are discarded; only the errors count.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use crate::broker::{Bound, Topology};
use crate::contract::{
    Append, Block, Context, Destination, Input, Message, Pipeline, Queue, Source, Unit,
};
use crate::json;
use crate::row_error::RowError;

/// Size above which a block isn't kept for the next message, in bytes.
const LARGE: usize = 1 << 20;

/// Queues that a source's messages may reach.
#[derive(Debug)]
pub(super) struct DryRun {
    bound: Bound,
    queues: Vec<QueueTrial>,
}

/// Queue, and the block in which its rows are tried.
#[derive(Debug)]
struct QueueTrial {
    queue: &'static Queue,
    scratch: Mutex<Option<Block>>,
}

/// Result of a dry run.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Number of queues that get the message.
    pub(super) reached: usize,
    /// Queues that would make a dead letter of it, and why.
    pub(super) bad: Vec<(&'static Queue, RowError)>,
}

impl DryRun {
    /// Creates the dry run of a source, on a broker with this topology. A queue that isn't bound there gets none of its
    /// messages.
    pub(super) fn new(
        pipeline: &'static Pipeline,
        topology: &Topology,
        source: &'static Source,
    ) -> Self {
        let bound = Bound::to(topology, source.exchange);
        let trial = |name: &str| {
            let queue = pipeline.queues.iter().find(|queue| queue.name == name)?;
            matches!(queue.input, Input::Json(_)).then_some(QueueTrial {
                queue,
                scratch: Mutex::new(None),
            })
        };
        let mut names: Vec<&str> = bound.all().collect();
        names.sort_unstable();
        names.dedup();
        let queues = names.into_iter().filter_map(trial).collect();
        DryRun { bound, queues }
    }

    /// Tries a message in every queue that it reaches.
    pub(super) fn run(&self, routing_key: &str, message: &Message<'_>, cx: &Context) -> Found {
        let mut found = Found::default();
        for name in self.bound.reached(routing_key) {
            found.reached += 1;
            let trial = self.queues.iter().find(|trial| trial.queue.name == name);
            if let Some(trial) = trial
                && let Err(bad) = trial.run(message, cx)
            {
                found.bad.push((trial.queue, bad));
            }
        }
        found
    }

    /// Result for a message that is bad whatever queue it reaches. If its routing key can't be told, one of the
    /// source's queues stands for all.
    pub(super) fn give_up(&self, routing_key: Option<&str>, bad: &RowError) -> Found {
        let queues: Vec<&'static Queue> = match routing_key {
            Some(key) => {
                let names: Vec<&str> = self.bound.reached(key).collect();
                let reached = |trial: &&QueueTrial| names.contains(&trial.queue.name);
                self.queues
                    .iter()
                    .filter(reached)
                    .map(|t| t.queue)
                    .collect()
            }
            None => self.queues.iter().map(|t| t.queue).take(1).collect(),
        };
        Found {
            reached: queues.len(),
            bad: queues.into_iter().map(|q| (q, bad.clone())).collect(),
        }
    }
}

impl QueueTrial {
    fn run(&self, message: &Message<'_>, cx: &Context) -> Result<(), RowError> {
        // A panic is a defect of this build and not the message's fault: the queue's worker handles it with a retry.
        let tried = catch_unwind(AssertUnwindSafe(|| self.attempt(message, cx)));
        tried.unwrap_or(Ok(()))
    }

    fn attempt(&self, message: &Message<'_>, cx: &Context) -> Result<(), RowError> {
        let Input::Json(shape) = self.queue.input else {
            return Ok(());
        };
        let table = match self.queue.into {
            Destination::Table(table) => table,
            Destination::Request(request) => {
                let unit = Unit::Message(shape, message);
                return request.made_of(unit, cx).map(drop);
            }
        };
        json::any_of(message.body, shape)?;
        let Append::Json(append) = table.append else {
            return Ok(());
        };
        let kept = self.scratch().take();
        let mut block = kept.unwrap_or_else(|| Block::new(table));
        let appended = append(&mut block, message, cx);
        if block.bytes() <= LARGE {
            block.clear();
            *self.scratch() = Some(block);
        }
        appended
    }

    fn scratch(&self) -> std::sync::MutexGuard<'_, Option<Block>> {
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
