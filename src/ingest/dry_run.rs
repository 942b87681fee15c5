//! A dry run: whether what a webhook takes can be stored, by the same generated conversions that make rows of it later.
//!
//! So its sender learns at once what would be a dead letter. The rows are thrown away; only what they fail by counts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use crate::broker::{Bound, Topology};
use crate::contract::{
    Append, Bad, Block, Context, Destination, Input, Message, Pipeline, Queue, Source, json,
};

/// A block that a message made larger than this isn't kept for the next one, in bytes.
const LARGE: usize = 1 << 20;

/// The queues that a source's messages may reach.
#[derive(Debug)]
pub(super) struct DryRun {
    bound: Bound,
    queues: Vec<Trial>,
}

/// A queue, and a block in which its rows are tried out.
#[derive(Debug)]
struct Trial {
    queue: &'static Queue,
    scratch: Mutex<Option<Block>>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// How many queues get the message.
    pub(super) reached: usize,
    /// Those that would make a dead letter of it, and why.
    pub(super) bad: Vec<(&'static Queue, Bad)>,
}

impl DryRun {
    /// Of this source's messages, on a broker with this topology. A queue that isn't bound there gets none of them.
    pub(super) fn new(
        pipeline: &'static Pipeline,
        topology: &Topology,
        source: &'static Source,
    ) -> Self {
        let bound = Bound::to(topology, source.exchange);
        let trial = |name: &str| {
            let queue = pipeline.queues.iter().find(|queue| queue.name == name)?;
            matches!(queue.input, Input::Json(_)).then_some(Trial {
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

    /// Tries a message out in every queue that it gets to.
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

    /// The same of a message that is bad, whatever queue it gets to. Where nobody can tell its routing key, one of the
    /// source's queues has to answer for it.
    pub(super) fn give_up(&self, routing_key: Option<&str>, bad: &Bad) -> Found {
        let queues: Vec<&'static Queue> = match routing_key {
            Some(key) => {
                let names: Vec<&str> = self.bound.reached(key).collect();
                let reached = |trial: &&Trial| names.contains(&trial.queue.name);
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

impl Trial {
    fn run(&self, message: &Message<'_>, cx: &Context) -> Result<(), Bad> {
        // A panic is a defect of this build and not the message's fault: its queue deals with it, with a retry.
        let tried = catch_unwind(AssertUnwindSafe(|| self.attempt(message, cx)));
        tried.unwrap_or(Ok(()))
    }

    fn attempt(&self, message: &Message<'_>, cx: &Context) -> Result<(), Bad> {
        let Input::Json(shape) = self.queue.input else {
            return Ok(());
        };
        let table = match self.queue.into {
            Destination::Table(table) => table,
            Destination::Request(request) => {
                return request.made_of(shape, message, cx).map(drop);
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
