//! Decides what happens next to a block that the destination did not store.

use std::time::Duration;

use super::growing;
use super::unit::{Passing, UnitFault};
use crate::sink::Fault;

/// How often a block is tried before the destination is asked whether it takes anything.
const MOST: u32 = 8;

/// The same for a part of a block: what it is part of has been tried already.
const MOST_OF_PART: u32 = 3;

/// The same for a unit that may be to blame.
const MOST_ALONE: u32 = 5;

/// The same for what ends without an answer, or is more than the destination can do: a whole block, a part of one, a
/// unit alone. Each try costs everybody, and parts may go well.
const FEW: [u32; 3] = [3, 2, 3];

/// The pause after the first failure, and the longest.
const FIRST: Duration = Duration::from_millis(100);
const SLOWEST: Duration = Duration::from_secs(5);

/// The pause after the first failure of a destination that has too much to do.
const FIRST_OF_BUSY: Duration = Duration::from_secs(1);

/// What is known of a block that was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) struct BlockCase {
    /// What the destination said.
    pub fault: Fault,
    /// How often the block was tried so far, from 1.
    pub attempts: u32,
    /// How much of a block it is.
    pub part: Part,
}

/// How much of a block was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum Part {
    /// All of it.
    Whole,
    /// Some units.
    Some,
    /// One unit.
    Alone,
}

/// What happens next to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum BlockStep {
    /// The same block again, after this long.
    Again(Duration),
    /// The destination takes nothing: the table is paused, and the same block goes out once a probe says so.
    Pause,
    /// The destination is asked whether it takes anything. If it does, each unit is judged by this fault; if not, the
    /// table is paused.
    Ask(UnitFault),
    /// Each unit is judged by this fault.
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
