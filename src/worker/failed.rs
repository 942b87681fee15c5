//! Failed units: the parts of a message that are not stored, and what becomes of them.

use std::time::Duration;

use super::disposition::UnitEnd;
use crate::contract::Bad;
use crate::dead_letter::Class;

/// Failed unit of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    /// Index of the unit in the message: see [`units`](super::content::units).
    pub unit: usize,
    /// Name of the event type, or its number; empty if unknown.
    pub event_type: String,
    /// Class of the dead letter that it becomes.
    pub class: Class,
    /// Reason for people.
    pub reason: String,
    /// Verdict on the unit.
    pub verdict: Verdict,
}

/// Verdict on a unit that is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is a dead letter.
    Dead,
    /// It failed, and it is not known yet if the fault is its own.
    Open,
    /// It goes back to its queue after this delay.
    Again {
        /// Delay, during which it is held.
        after: Duration,
        /// True if the failure counts as a retry.
        counted: bool,
    },
}

impl From<UnitEnd> for Verdict {
    fn from(end: UnitEnd) -> Self {
        match end {
            UnitEnd::DeadLetter(_) => Verdict::Dead,
            UnitEnd::Retry(after) => Verdict::Again {
                after,
                counted: true,
            },
            UnitEnd::Wait(after) => Verdict::Again {
                after,
                counted: false,
            },
        }
    }
}

/// Unit that is bad itself.
pub(super) fn bad_unit(unit: usize, event_type: &str, bad: &Bad) -> Failed {
    Failed {
        unit,
        event_type: event_type.to_owned(),
        class: bad.class(),
        reason: bad.to_string(),
        verdict: Verdict::Dead,
    }
}

/// Unit at which this build panics.
pub(super) fn panicked_unit(unit: usize, event_type: &str, panic: &str) -> Failed {
    Failed {
        unit,
        event_type: event_type.to_owned(),
        class: Class::Panic,
        reason: panic.to_owned(),
        verdict: Verdict::Open,
    }
}
