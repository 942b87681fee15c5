//! Whether every message is accounted for: what was published into a queue is settled or still there.
//!
//! A [`Reading`] is what instances have counted and what the broker says is in its queues, at about one moment. The
//! [`Ledger`] lays two of them side by side, or one alone, and says for each queue what remains. It measures nothing by
//! itself, and a figure that moved while it was read is a [`Span`].

mod events;
mod queues;
mod reading;
mod scrape;
mod span;
#[cfg(test)]
mod tests;

pub use events::EventLine;
pub use queues::{QueueLine, Verdict};
pub use reading::{Broker, Depth, Instance, Reading};
pub use scrape::{Counts, EventCounts, QueueCounts, UnitCounts, counts};
pub use span::Span;

use serde::Serialize;

use crate::contract::Pipeline;

/// What is in a queue, side by side.
#[derive(Debug, Serialize)]
pub struct Ledger {
    /// Whether nothing moved while it was read. If something did, remainders are bands.
    pub quiet: bool,
    /// A line for each queue.
    pub queues: Vec<QueueLine>,
    /// A line for each event type and table.
    pub events: Vec<EventLine>,
    /// Why something may be missing that nobody can account for.
    pub doubts: Vec<String>,
}

impl Ledger {
    /// What happened between two readings; without the first, since the instances started.
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

    /// Whether there is nothing that nothing explains.
    pub fn is_explained(&self) -> bool {
        self.queues
            .iter()
            .all(|line| line.verdict != Verdict::Missing)
    }
}
