//! Decision about a block that the destination did not store.

use std::time::Duration;

use super::growing;
use super::unit::{Passing, UnitFault};
use crate::sink::Fault;

/// Number of attempts of a block before the destination is probed.
const MOST: u32 = 8;

/// Number of attempts of a part of a block: the whole was tried already.
const MOST_OF_PART: u32 = 3;

/// Number of attempts of a unit that may be to blame.
const MOST_ALONE: u32 = 5;

/// Number of attempts that end without an answer or exceed the destination: a whole block, a part of one, a unit
/// alone. Each attempt costs all users of the destination, and parts may succeed.
const FEW: [u32; 3] = [3, 2, 3];

/// First and longest backoff.
const FIRST: Duration = Duration::from_millis(100);
const SLOWEST: Duration = Duration::from_secs(5);

/// First backoff at an overloaded destination.
const FIRST_OF_BUSY: Duration = Duration::from_secs(1);

/// Facts about a block that was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) struct BlockCase {
    /// Fault that the destination reported.
    pub fault: Fault,
    /// Number of attempts so far, from 1.
    pub attempts: u32,
    /// Part of a batch's block that it is.
    pub part: Part,
}

/// Part of a block that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum Part {
    /// All of it.
    Whole,
    /// Some units.
    Some,
    /// One unit.
    Alone,
}

/// Next step for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum BlockStep {
    /// Retry the same block after this delay.
    Again(Duration),
    /// The destination accepts nothing: pause the table, and retry the block once a probe succeeds.
    Pause,
    /// Probe the destination. If it accepts rows, judge each unit by this fault; if not, pause the table.
    Ask(UnitFault),
    /// Judge each unit by this fault.
    Judge(UnitFault),
}

/// Decides about a block.
pub(in crate::worker) fn decide_block(case: BlockCase, jitter: f64) -> BlockStep {
    let BlockCase {
        fault,
        attempts,
        part,
    } = case;
    let again = |first| BlockStep::Again(growing(first, SLOWEST, attempts, jitter));
    let ask = |passing| BlockStep::Ask(UnitFault::Passing(passing));
    match fault {
        Fault::Destination => BlockStep::Pause,
        Fault::Content => BlockStep::Judge(UnitFault::Refused),
        Fault::Pressure if attempts < MOST => again(FIRST_OF_BUSY),
        Fault::Pressure => BlockStep::Pause,
        Fault::Transient if attempts < most(part) => again(FIRST),
        Fault::Transient => ask(Passing::Transient),
        Fault::Unanswered if attempts < few(part) => again(FIRST),
        Fault::Unanswered => ask(Passing::Unanswered),
        Fault::Excess if attempts < few(part) => again(FIRST_OF_BUSY),
        Fault::Excess => ask(Passing::Excess),
    }
}

fn most(part: Part) -> u32 {
    match part {
        Part::Whole => MOST,
        Part::Some => MOST_OF_PART,
        Part::Alone => MOST_ALONE,
    }
}

fn few(part: Part) -> u32 {
    let [whole, some, alone] = FEW;
    match part {
        Part::Whole => whole,
        Part::Some => some,
        Part::Alone => alone,
    }
}
