//! Ledger: checks that every message is accounted for: what was published into a queue is settled or still there.
//!
//! A [`Reading`] is what instances have counted and what the broker reports of its queues, at about one moment. The
//! [`Ledger`] compares two of them, or takes one alone, and computes the remainder of each queue. It measures nothing
//! by itself, and a figure that moved while it was read is a [`Span`].

mod events;
mod queues;
mod reading;
mod scrape;
mod span;
#[cfg(test)]
mod tests;

pub use events::EventLine;
pub use queues::{BalanceVerdict, QueueLine};
pub use reading::{Broker, Depth, Instance, Reading};
pub use scrape::{Counts, EventCounts, QueueCounts, Sample, UnitCounts, counts, sample};
pub use span::Span;

use serde::Serialize;

use crate::contract::Pipeline;

/// Ledger of all queues and event types.
#[derive(Debug, Serialize)]
pub struct Ledger {
    /// True if nothing moved while it was read. If something did, remainders are ranges.
    pub quiet: bool,
    /// A line for each queue.
    pub queues: Vec<QueueLine>,
    /// A line for each event type and table.
    pub events: Vec<EventLine>,
    /// Reasons why counts may be missing.
    pub doubts: Vec<String>,
}

impl Ledger {
    /// Compares two readings; without the first, counts since the instances started.
    pub fn of(pipeline: &Pipeline, opening: Option<&Reading>, now: &Reading) -> Self {
        let doubts = reading::doubts(opening, now);
        let lines = pipeline.queues.iter().map(|queue| {
            let prefetch = u64::from(queue.prefetch.max(1));
            queues::line(queue.name, prefetch, opening, now, &doubts)
        });
        Ledger {
            quiet: now.is_quiet() && opening.is_none_or(Reading::is_quiet),
            queues: lines.collect(),
            events: events::lines(opening, now),
            doubts,
        }
    }

    /// True if every remainder is explained.
    pub fn is_explained(&self) -> bool {
        self.queues
            .iter()
            .all(|line| line.verdict != BalanceVerdict::Missing)
    }
}
