//! Content of a message: its units, before they become rows.

use super::objects::Objects;
use super::split::Part;
use crate::contract::Bad;
use crate::weight;

/// Content of a message.
#[derive(Debug)]
pub(super) enum Content {
    /// Typed events.
    Events(Vec<Part>),
    /// JSON objects.
    Json(Objects),
    /// Dead letter, with its event if it holds exactly one.
    DeadLetter(Option<Part>),
    /// Unreadable content.
    Malformed(Bad),
    /// Not prepared: a panic ended the attempt.
    Panicked(String),
}

/// Number of units of a message: events, JSON objects, or one for a message that is processed as a whole.
pub(super) fn units(content: &Content) -> usize {
    match content {
        Content::Events(parts) => parts.iter().map(part_units).sum(),
        Content::Json(objects) => objects.len(),
        Content::DeadLetter(_) | Content::Malformed(_) | Content::Panicked(_) => 1,
    }
}

fn part_units(part: &Part) -> usize {
    part.runs.iter().map(|r| r.events.len()).sum::<usize>() + part.lost.len()
}

/// Upper bound on the weight of a message's rows, whichever of its header's values they hold.
pub(super) fn becomes(parts: &[Part], body: usize) -> u64 {
    let headers = parts.iter().map(|part| {
        let events = part.runs.iter().map(|run| run.events.len()).sum();
        weight::events(part.header.len(), events, 0)
    });
    headers.fold(body as u64, u64::saturating_add)
}
