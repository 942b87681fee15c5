//! State of a consumer group: its partitions, and what of them is held.

use std::collections::HashMap;

use tokio::sync::mpsc;

use super::pins::Pins;
use super::place::{Commit, Place};
use super::window::Window;
use crate::broker::api::delivery::Delivery;

/// What a group holds, behind its lock.
#[derive(Default)]
pub(super) struct State {
    pub(super) partitions: HashMap<Place, Partition>,
    /// Number of assignments so far; each has its own, so that nothing of a former one counts.
    pub(super) assignments: u64,
    /// Messages that are delivered and not settled, and their bytes.
    pub(super) messages: usize,
    pub(super) bytes: u64,
    /// Who consumes.
    pub(super) to: Option<mpsc::Sender<Delivery>>,
}

/// A partition that is assigned.
pub(super) struct Partition {
    pub(super) assignment: u64,
    pub(super) window: Window,
    /// Messages of it that are held.
    pub(super) held: usize,
    /// It is being revoked: nothing more of it is delivered.
    pub(super) leaving: bool,
    /// Messages were given back since the client was last told to begin again.
    pub(super) rewind: bool,
    /// Ranges that are stored together.
    pub(super) pins: Pins,
    /// What was committed last.
    pub(super) committed: Option<Commit>,
}

impl State {
    /// What is new to be committed.
    pub(super) fn commits(&mut self, of: Option<&[Place]>) -> Vec<Commit> {
        let asked = |place: &Place| of.is_none_or(|of| of.contains(place));
        let moved = self.partitions.iter_mut().filter_map(|(place, partition)| {
            let offset = partition.window.position()?;
            let commit = Commit {
                place: *place,
                offset,
                pins: partition.pins.from(offset),
            };
            (asked(place) && partition.committed.as_ref() != Some(&commit)).then_some(commit)
        });
        moved.collect()
    }
}
