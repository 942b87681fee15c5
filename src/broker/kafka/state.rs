//! State of a consumer group: its partitions, and what of them is held.

use std::collections::HashMap;

use tokio::sync::mpsc;

use super::pins::Pins;
use super::place::{Commit, Place};
use super::window::{Seen, Window};
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

impl Partition {
    fn new(assignment: u64, pins: Pins) -> Self {
        Partition {
            assignment,
            window: Window::default(),
            held: 0,
            leaving: false,
            rewind: false,
            pins,
            committed: None,
        }
    }
}

impl State {
    /// Takes note of partitions that are assigned, each with the ranges that were pinned.
    pub(super) fn assigned(&mut self, places: impl Iterator<Item = (Place, Pins)>) {
        self.assignments += 1;
        for (place, pins) in places {
            let partition = Partition::new(self.assignments, pins);
            self.partitions.insert(place, partition);
        }
    }

    /// What a record is to the window of its partition, which begins anew if the log did: a topic was made again, or lost its
    /// end with a broker.
    pub(super) fn saw(
        &mut self,
        queue: &str,
        place: Place,
        look: impl Fn(&mut Window) -> Seen,
    ) -> Seen {
        let seen = self.look(place, &look);
        if seen != Seen::Before {
            return seen;
        }
        tracing::warn!(
            queue,
            partition = place.1,
            "The log of a partition began anew: its topic was made again, or its end was lost."
        );
        self.began_anew(place);
        self.look(place, &look)
    }

    fn look(&mut self, place: Place, look: &impl Fn(&mut Window) -> Seen) -> Seen {
        let partition = self.partitions.get_mut(&place);
        partition.map_or(Seen::Known, |partition| look(&mut partition.window))
    }

    /// Forgets what was of a partition whose log began anew: the same offsets are other messages.
    fn began_anew(&mut self, place: Place) {
        self.assignments += 1;
        if let Some(partition) = self.partitions.get_mut(&place) {
            let leaving = partition.leaving;
            *partition = Partition::new(self.assignments, Pins::default());
            partition.leaving = leaving;
        }
    }

    /// True if a partition has so many messages behind one that is held.
    pub(super) fn is_behind(&self, most: usize) -> bool {
        let mut partitions = self.partitions.values();
        partitions.any(|partition| partition.window.is_behind(most))
    }

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
