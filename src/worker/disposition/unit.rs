//! Decides what becomes of a unit of a block that was tried in vain, and of one that the build panicked at.

use std::time::Duration;

use super::growing;
use crate::dead_letter::Class;

/// How long a message waits at which the destination may end, while others are stored.
pub(super) const SHORT: Duration = Duration::from_secs(10);

/// How long a message waits that nothing can be done about.
pub(super) const LONG: Duration = Duration::from_secs(30);

/// Why a block was not stored, as far as it is about its units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum UnitFault {
    /// The destination takes rows, and refuses these.
    Refused,
    /// It may pass by itself, but did not, though the destination says that it takes rows.
    Passing(Passing),
    /// The destination went away at the unit, alone, time and again.
    GoneAway,
}

/// A fault that may pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum Passing {
    /// It failed.
    Transient,
    /// There was no answer.
    Unanswered,
    /// It is more than the destination can do in its time or with its memory.
    Excess,
}

/// What is known of a unit that was in a block that was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) struct UnitCase {
    /// Why the block was not stored.
    pub fault: UnitFault,
    /// Whether the block held nothing else.
    pub alone: bool,
    /// What its message may still do.
    pub chances: Chances,
}

/// What a message may still do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::worker) struct Chances {
    /// How often it has gone back for its failures.
    pub failures: u32,
    /// How often it may.
    pub retries: u32,
    /// Whether it is a dead letter already, for which there is no other place.
    pub last_resort: bool,
}

/// What happens next to a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum UnitStep {
    /// A part of the block is tried, until what is bad stands alone.
    Divide,
    /// It is asked what the destination did with others, to tell the unit's fault from its: see [`decide_compared`].
    Compare(Passing),
    /// Its way ends here.
    End(UnitEnd),
}

/// What becomes of a unit that is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum UnitEnd {
    /// It goes back to its queue after this long, and that is counted.
    Retry(Duration),
    /// It goes back to its queue after this long, and nothing is counted.
    Wait(Duration),
    /// It is a dead letter.
    DeadLetter(Class),
}

/// Decides about a unit of a block that was not stored.
pub(in crate::worker) fn decide_unit(case: UnitCase, jitter: f64) -> UnitStep {
    let UnitCase {
        fault,
        alone,
        chances,
    } = case;
    match (fault, alone) {
        (UnitFault::Refused, true) => UnitStep::End(chances.dead(Class::Refused)),
        (UnitFault::Refused, false) => UnitStep::Divide,
        (UnitFault::GoneAway, true | false) => UnitStep::End(chances.dead(Class::Unanswered)),
        (UnitFault::Passing(Passing::Transient), true | false) if chances.may_retry() => {
            UnitStep::End(chances.retry(jitter))
        }
        // What ends inserts is divided whatever its retries: back in its queue it would end those of others again.
        (UnitFault::Passing(_), false) => UnitStep::Divide,
        (UnitFault::Passing(passing), true) => UnitStep::Compare(passing),
    }
}

/// Decides about a unit that failed alone, once it is known whether the destination has stored others between its
/// failures, time and again.
pub(in crate::worker) fn decide_compared(
    passing: Passing,
    stores_others: bool,
    chances: Chances,
    jitter: f64,
) -> UnitEnd {
    match (passing, stores_others) {
        (Passing::Transient | Passing::Excess, true) => chances.dead(Class::Retries),
        (Passing::Unanswered, true) => chances.dead(Class::Unanswered),
        // It has had its retries, or it would not have been compared.
        (Passing::Transient, false) => UnitEnd::Wait(LONG),
        (Passing::Unanswered | Passing::Excess, false) if chances.may_retry() => {
            chances.retry(jitter)
        }
        (Passing::Unanswered | Passing::Excess, false) => UnitEnd::Wait(SHORT),
    }
}

/// Decides about a unit that this build panicked at.
pub(in crate::worker) fn decide_panicked(chances: Chances, jitter: f64) -> UnitEnd {
    match chances.may_retry() {
        true => chances.retry(jitter),
        false => chances.dead(Class::Panic),
    }
}

impl UnitFault {
    /// Whether fewer units at once may go well, or show what is to blame.
    pub(in crate::worker) fn is_of_size(self) -> bool {
        match self {
            UnitFault::Refused | UnitFault::Passing(Passing::Transient) => false,
            UnitFault::Passing(Passing::Unanswered | Passing::Excess) | UnitFault::GoneAway => true,
        }
    }

    /// The class of what fails so and can't go back, because its copy doesn't fit into a message.
    pub(in crate::worker) fn class(self) -> Class {
        match self {
            UnitFault::Refused => Class::Refused,
            UnitFault::Passing(Passing::Transient) => Class::Transient,
            UnitFault::Passing(Passing::Unanswered) | UnitFault::GoneAway => Class::Unanswered,
            UnitFault::Passing(Passing::Excess) => Class::Excess,
        }
    }
}

impl Chances {
    /// Whether it may go back for its failures once more.
    pub(in crate::worker) fn may_retry(self) -> bool {
        self.failures < self.retries
    }

    fn retry(self, jitter: f64) -> UnitEnd {
        const FIRST: Duration = Duration::from_secs(5);
        const SLOWEST: Duration = Duration::from_secs(60);
        UnitEnd::Retry(growing(FIRST, SLOWEST, self.failures + 1, jitter))
    }

    /// A dead letter, unless it is one already.
    fn dead(self, class: Class) -> UnitEnd {
        match self.last_resort {
            true => UnitEnd::Wait(LONG),
            false => UnitEnd::DeadLetter(class),
        }
    }
}
