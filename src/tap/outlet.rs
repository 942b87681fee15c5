//! Outlet: the pipeline's end of a tap, with its bounds.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;

use super::capture::{Capture, Seen, Shown, Stage};
use super::selection::Selection;
use crate::metrics::tap::{EVENTS, PASSED_OVER, TAKEN, UNREAD};
use crate::rate::Rate;
use crate::time::now_ms;
use crate::weight::Budget;

/// Bytes of captures that wait for the reader.
const HELD: u64 = 4 << 20;

/// Size of a capture beside its content, in bytes.
const CAPTURE: usize = 512;

/// The pipeline's end of a tap.
#[derive(Debug)]
pub(super) struct Outlet {
    selection: Selection,
    stages: u8,
    rate: Rate,
    budget: Budget,
    to: mpsc::Sender<Capture>,
    taken: AtomicU64,
    sampled: AtomicU64,
    dropped: AtomicU64,
}

/// What became of all that a tap selects by names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Taken for the reader.
    pub taken: u64,
    /// Passed over, because there were more than the tap looks at in a second.
    pub sampled: u64,
    /// Passed over, because the reader is slow.
    pub dropped: u64,
}

impl Outlet {
    pub(super) fn new(selection: Selection, waiting: usize) -> (Self, mpsc::Receiver<Capture>) {
        let (to, captures) = mpsc::channel(waiting);
        let per_second = selection.per_second.max(1);
        let outlet = Outlet {
            stages: selection.stages(),
            rate: Rate::new(per_second, per_second),
            selection,
            budget: Budget::new(HELD),
            to,
            taken: AtomicU64::new(0),
            sampled: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        };
        (outlet, captures)
    }

    pub(super) fn stages(&self) -> u8 {
        self.stages
    }

    pub(super) fn looks_at(&self, stage: Stage) -> bool {
        self.stages & stage.bit() != 0
    }

    pub(super) fn counts(&self) -> Counts {
        Counts {
            taken: self.taken.load(Ordering::Relaxed),
            sampled: self.sampled.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }

    /// Takes a copy if it is wanted and there is room.
    pub(super) fn offer(&self, stage: Stage, seen: &Seen<'_>, shown: Shown<'_>) {
        if !self.selection.wants(seen) {
            return;
        }
        let (count, outcome) = match self.rate.take(1) {
            Err(_) => (&self.sampled, PASSED_OVER),
            Ok(()) if self.took(stage, seen, shown) => (&self.taken, TAKEN),
            Ok(()) => (&self.dropped, UNREAD),
        };
        count.fetch_add(1, Ordering::Relaxed);
        EVENTS.with([outcome]).increment(1);
    }

    fn took(&self, stage: Stage, seen: &Seen<'_>, shown: Shown<'_>) -> bool {
        let size = CAPTURE + shown.len() + seen.reason.len();
        let room = self.to.try_reserve().ok();
        let held = self.budget.try_acquire(size as u64);
        let (Some(room), Some(held)) = (room, held) else {
            return false;
        };
        let (what, name) = seen.place.told();
        room.send(Capture {
            stage,
            at_ms: now_ms(),
            place: (what, name.to_owned()),
            into: seen.into,
            event_type: seen.event_type.to_owned(),
            client: seen.client.to_owned(),
            id: seen.id.to_owned(),
            class: seen.class.to_owned(),
            reason: seen.reason.to_owned(),
            content: shown.copied(),
            _held: held,
        });
        true
    }
}
