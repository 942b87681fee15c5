//! Decision about a unit of a block that was not stored, and about one at which the build panicked.

use std::time::Duration;

use super::growing;
use crate::dead_letter::Class;

/// Delay of a message that may crash the destination, while others are stored.
pub(super) const SHORT: Duration = Duration::from_secs(10);

/// Delay of a message that has no other way.
pub(super) const LONG: Duration = Duration::from_secs(30);

/// Fault by which the units of a block are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum UnitFault {
    /// The destination refuses the data.
    Refused,
    /// A fault that may pass, although the destination accepts rows.
    Passing(Passing),
    /// The destination went away at the unit alone, repeatedly.
    GoneAway,
}

/// Transient fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum Passing {
    /// A transient error.
    Transient,
    /// There was no answer.
    Unanswered,
    /// It exceeds the destination's time or memory.
    Excess,
}

/// Facts about a unit of a block that was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) struct UnitCase {
    /// Fault of the block.
    pub fault: UnitFault,
    /// True if the block held nothing else.
    pub alone: bool,
    /// Retries that its message has left.
    pub chances: Chances,
}

/// Retries of a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::worker) struct Chances {
    /// Number of retries that it has had.
    pub failures: u32,
    /// Number of retries that it may have.
    pub retries: u32,
    /// True if it is a dead letter already, for which there is no other place.
    pub last_resort: bool,
}

/// Next step for a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum UnitStep {
    /// Bisect: try the parts of the block, until the bad units stand alone.
    Divide,
    /// Compare with the outcomes of other rows, to tell the unit's fault from the destination's: see [`decide_compared`].
    Compare(Passing),
    /// End of its way through this batch.
    End(UnitEnd),
}

/// End of a unit that is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum UnitEnd {
    /// Return it to its queue after this delay, counted as a retry.
    Retry(Duration),
    /// Return it to its queue after this delay, uncounted.
    Wait(Duration),
    /// Make it a dead letter of this class.
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
        // A block that ends inserts is bisected whatever its retries: back in its queue it would end those of others
        // again.
        (UnitFault::Passing(_), false) => UnitStep::Divide,
        (UnitFault::Passing(passing), true) => UnitStep::Compare(passing),
    }
}

/// Decides about a unit that failed alone, after the comparison: `stores_others` if the destination stored others
/// between its failures, repeatedly.
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

/// Decides about a unit at which this build panicked.
pub(in crate::worker) fn decide_panicked(chances: Chances, jitter: f64) -> UnitEnd {
    match chances.may_retry() {
        true => chances.retry(jitter),
        false => chances.dead(Class::Panic),
    }
}

impl UnitFault {
    /// True if fewer units at once may succeed, or show which one is to blame.
    pub(in crate::worker) fn is_of_size(self) -> bool {
        match self {
            UnitFault::Refused | UnitFault::Passing(Passing::Transient) => false,
            UnitFault::Passing(Passing::Unanswered | Passing::Excess) | UnitFault::GoneAway => true,
        }
    }

    /// Class of a unit that fails so and can't be retried, because its copy doesn't fit into a message.
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
    /// True if it may be retried once more.
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
