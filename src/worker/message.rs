//! Message that is ready to become rows: its content, and the units in it.

use bytes::Bytes;

use super::ack_guard::Received;
use super::disposition::Chances;
use super::objects::Objects;
use super::split::Part;
use crate::contract::Queue;
use crate::json::{Map, Value};
use crate::row_error::RowError;

/// Message that is ready to become rows, with its acknowledgement guard.
#[derive(Debug)]
pub(super) struct Prepared {
    /// Queue that it came from.
    pub queue: &'static Queue,
    /// Message. `content` holds ranges of its body.
    pub delivery: Received,
    /// JSON that it came as, if its body doesn't hold all of that.
    pub as_json: Option<Bytes>,
    /// Content.
    pub content: Content,
    /// Headers that the sender of a JSON message set.
    pub headers: Map<String, Value>,
}

/// Content of a message.
#[derive(Debug)]
pub(super) enum Content {
    /// Typed events.
    Events(Vec<Part>),
    /// JSON objects.
    Json(Objects),
    /// Dead letter.
    DeadLetter(Undelivered),
    /// Unreadable content.
    Malformed(RowError),
    /// Not prepared: a panic ended the attempt.
    Panicked(String),
}

/// What a dead letter is made of.
#[derive(Debug, Default)]
pub(super) struct Undelivered {
    /// Its event, if it holds exactly one.
    pub event: Option<Part>,
    /// Client of all of its events, as the message names it.
    pub client: Bytes,
}

impl Prepared {
    /// Retries that it has left.
    pub(super) fn chances(&self) -> Chances {
        Chances {
            failures: self.delivery.failures,
            retries: u32::from(self.queue.retries),
            last_resort: self.queue.dead_letter.is_none(),
        }
    }
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
