//! Makes rows of a message in stretches, so that a block is full before it is too heavy: a message of a megabyte may
//! become gigabytes of rows.

use super::append::append;
use super::failed::Failed;
use super::message::{Content, Prepared, units};
use super::split::Part;
use crate::contract::{Batch, Block, Context};
use crate::weight;

/// Minimum number of JSON objects of a stretch.
const OBJECTS: usize = 16;

/// Limits of a block's size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Its own size, in bytes.
    bytes: usize,
    /// Its weight where it is stored, in bytes.
    weight: usize,
}

impl Room {
    /// Limits of a batch, within those of all batches.
    pub(super) fn of(limits: Option<Batch>) -> Self {
        let bytes = limits.map_or(usize::MAX, |limits| limits.bytes as usize);
        Room {
            bytes,
            weight: weight::BLOCK as usize,
        }
    }

    /// True if blocks of so many bytes and such a weight have no more room.
    pub(super) fn is_used_up(self, bytes: usize, weight: usize) -> bool {
        bytes >= self.bytes || weight >= self.weight
    }

    /// True if a block has no more room.
    pub(super) fn is_used_up_by(self, block: &Block) -> bool {
        self.is_used_up(block.bytes(), block.weight())
    }
}

/// Result of appending a message.
#[derive(Debug)]
pub(super) struct Appended {
    /// Bad units.
    pub failed: Vec<Failed>,
    /// First unit for which there was no room.
    pub next: usize,
    /// True if the block is full.
    pub full: bool,
}

/// Appends the selected units of a message from `first` on, until there is no more room. At least one stretch is
/// appended.
pub(super) fn append_from(
    block: &mut Block,
    message: &Prepared,
    first: usize,
    wanted: &dyn Fn(usize) -> bool,
    room: Room,
    cx: &Context,
) -> Appended {
    let count = units(&message.content);
    let body = message.delivery.body.len();
    let mut appended = Appended {
        failed: Vec::new(),
        next: first,
        full: false,
    };
    while appended.next < count && !appended.full {
        let stretch = appended.next..end(&message.content, body, appended.next, count);
        appended.next = stretch.end;
        let failed = append(block, message, stretch, wanted, cx);
        appended.failed.extend(failed);
        appended.full = room.is_used_up_by(block);
    }
    appended
}

/// Upper bound on the weight of a message's rows, whichever of its header's values they hold.
pub(super) fn becomes(parts: &[Part], body: usize) -> u64 {
    let headers = parts.iter().map(|part| {
        let events = part.runs.iter().map(|run| run.events.len()).sum();
        weight::events(part.header.len(), events, 0)
    });
    headers.fold(body as u64, u64::saturating_add)
}

/// End of the stretch that begins at a unit.
fn end(content: &Content, body: usize, first: usize, count: usize) -> usize {
    match content {
        Content::Events(parts) if becomes(parts, body) > weight::STRETCH => {
            end_of_events(parts, first).min(count)
        }
        Content::Json(objects) => count.min(first + (objects.len() / 64).max(OBJECTS)),
        _ => count,
    }
}

fn end_of_events(parts: &[Part], first: usize) -> usize {
    let mut unit = 0;
    let mut left = weight::STRETCH;
    for part in parts {
        for run in &part.runs {
            let skipped = first.saturating_sub(unit).min(run.events.len());
            unit += skipped;
            for event in run.events.iter().skip(skipped) {
                let weight = weight::events(part.header.len(), 1, event.len());
                unit += 1;
                left = left.saturating_sub(weight);
                if left == 0 {
                    return unit;
                }
            }
        }
        unit += part.lost.len();
    }
    unit
}
