//! Tries a message out: what would become a dead letter of it, without storing or settling anything.

use std::collections::HashMap;

use super::append::append;
use super::failed::Failed;
use super::message::{Prepared, units};
use super::outbound::Outbound;
use super::prepare::Preparer;
use crate::broker::Delivery;
use crate::contract::{Block, Context, Destination, Pipeline, Queue, Request};
use crate::time::now_ms;

/// Tries messages of the queues of a pipeline.
#[derive(Debug)]
pub struct Trial {
    preparer: Preparer,
    /// Rows are made in these and discarded, by table.
    blocks: HashMap<&'static str, Block>,
}

/// An event or object of a message that would become a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Name of the event type, or its number; empty if unknown.
    pub event_type: String,
    /// Class of the dead letter.
    pub class: &'static str,
    /// Reason for people. It may name values of the event.
    pub reason: String,
}

impl Trial {
    /// Tries messages of this pipeline.
    pub fn new(pipeline: &Pipeline) -> Self {
        Trial {
            preparer: Preparer::new(pipeline),
            blocks: HashMap::new(),
        }
    }

    /// What of a message would become dead letters, and how many events or objects it has. A panic counts as one,
    /// because it would become one after its retries.
    pub fn run(&mut self, queue: &'static Queue, delivery: Delivery) -> (usize, Vec<Bad>) {
        let delivery = self.preparer.receive(queue, delivery);
        let message = self.preparer.prepare(queue, delivery);
        let count = units(&message.content);
        let cx = Context { now_ms: now_ms() };
        let failed = match queue.into {
            Destination::Table(table) => {
                let block = self.blocks.entry(table.name);
                let block = block.or_insert_with(|| Block::new(table));
                let failed = append(block, &message, 0..count, &|_| true, &cx);
                block.clear();
                failed
            }
            Destination::Request(request) => forwarded(&message, request, &cx),
        };
        let bad = |failed: Failed| Bad {
            event_type: failed.event_type,
            class: failed.class.name(),
            reason: failed.reason,
        };
        (count, failed.into_iter().map(bad).collect())
    }
}

/// What of a message can't be sent.
fn forwarded(message: &Prepared, request: &'static Request, cx: &Context) -> Vec<Failed> {
    match Outbound::of(message, request, cx) {
        Ok(outbound) => outbound.bad(),
        Err(failed) => vec![failed],
    }
}
