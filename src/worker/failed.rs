//! Failed units of a message, and the verdicts on them.

use std::time::Duration;

use super::disposition::UnitEnd;
use super::split::Why;
use crate::dead_letter::Class;
use crate::row_error::RowError;

/// Failed unit of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    /// Index of the unit in the message: see [`units`](super::message::units).
    pub unit: usize,
    /// Name of the event type, or its number; empty if unknown.
    pub event_type: String,
    /// Class of its dead letter.
    pub class: Class,
    /// Reason for people.
    pub reason: String,
    /// Verdict on the unit.
    pub verdict: Verdict,
}

/// Verdict on a unit that is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Make it a dead letter.
    Dead,
    /// It goes into the queue of its shard, counted from 0, uncounted: nothing is known against it.
    Aside(u8),
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
pub(super) fn bad_unit(unit: usize, event_type: &str, bad: &RowError) -> Failed {
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

/// Event that its message doesn't have as one of a known type.
pub(super) fn lost_event(unit: usize, why: &Why) -> Failed {
    match why {
        Why::RowError(bad) => bad_unit(unit, "", bad),
        Why::UnknownType(number) => Failed {
            unit,
            event_type: number.to_string(),
            class: Class::UnknownType,
            reason: format!("this build knows no event type with number {number}"),
            verdict: Verdict::Dead,
        },
        Why::UnknownMember { name } => Failed {
            unit,
            event_type: name.clone(),
            class: Class::UnknownType,
            reason: format!("this build knows no event type that is called `{name}`"),
            verdict: Verdict::Dead,
        },
        Why::NoType => Failed {
            unit,
            event_type: String::new(),
            class: Class::NoType,
            reason: "the event has no type: none of the variants of its oneof is set".to_owned(),
            verdict: Verdict::Dead,
        },
    }
}
