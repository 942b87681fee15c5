//! The one place that decides what an error does to messages: those of a batch, or one on its way to an HTTP API.

use std::time::Duration;

use crate::dead_letter::Class;
use crate::sink::Fault;
use crate::sink::http::RequestError;

/// How often a block is tried before the destination is asked whether it takes anything.
const MOST: u32 = 8;

/// The same for a part of a block: what it is part of has been tried already.
const MOST_OF_PART: u32 = 3;

/// The same for a unit that may be to blame.
const MOST_ALONE: u32 = 5;

/// The same for what ends without an answer, or is more than the destination can do: a whole block, a part of one, a
/// unit alone. Each try costs everybody, and parts may go well.
const FEW: [u32; 3] = [3, 2, 3];

/// How long a message waits at which the destination may end, while others are stored.
const SHORT: Duration = Duration::from_secs(10);

/// How long a message waits that nothing can be done about.
const LONG: Duration = Duration::from_secs(30);

/// What is known of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    /// What failed.
    pub cause: Cause,
    /// How often the same was tried so far, from 1.
    pub attempts: u32,
    /// How much of a block it was.
    pub part: Part,
    /// What the destination says to other things.
    pub probe: Probe,
    /// How often the message has gone back for its failures.
    pub failures: u32,
    /// How often it may.
    pub retries: u32,
    /// Whether it is a dead letter already, for which there is no other place.
    pub last_resort: bool,
}

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The destination did not store it.
    Store(Fault),
    /// This build panicked.
    Panic,
}

/// How much of a block was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Some units.
    Some,
    /// One unit.
    Alone,
}

/// What the destination says to other things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probe {
    /// It wasn't asked.
    Unasked,
    /// It takes nothing.
    Refuses,
    /// It says that it takes rows.
    Agrees,
    /// It stored other rows between failures at these, time and again.
    StoresOthers,
    /// Whether it stores other rows could not be shown.
    Unproven,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposition {
    /// The same block again, after this long.
    Again(Duration),
    /// The destination is asked whether it takes anything.
    Ask,
    /// The destination takes nothing: the table is paused, and the same block goes out once a probe says so.
    Pause,
    /// The parts are tried, until what is bad stands alone.
    Divide,
    /// It is asked what the destination did with others, to tell the unit's fault from its.
    Compare,
    /// It goes back to its queue after this long, and that is counted.
    Retry(Duration),
    /// It goes back to its queue after this long, and nothing is counted.
    Wait(Duration),
    /// It is a dead letter, of this class.
    DeadLetter(Class),
}

/// What happens next to a message that a request did not get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forwarding {
    /// The same request again, after this long.
    Again(Duration),
    /// The target is wrong or gone: it is paused, and one message at a time tries it. Nothing is counted.
    Pause,
    /// The message is a dead letter, of this class.
    DeadLetter(Class),
}

/// Decides about a block, or what is in it.
pub(super) fn decide(case: &Case, jitter: f64) -> Disposition {
    const SLOWEST: Duration = Duration::from_secs(5);
    let growing = |first| growing(first, SLOWEST, case.attempts, jitter);
    let most = match case.part {
        Part::Whole => MOST,
        Part::Some => MOST_OF_PART,
        Part::Alone => MOST_ALONE,
    };
    let may_retry = case.failures < case.retries;
    let dead = |class| match case.last_resort {
        true => Disposition::Wait(LONG),
        false => Disposition::DeadLetter(class),
    };
    match case.cause {
        Cause::Panic if may_retry => Disposition::Retry(retry_after(case.failures, jitter)),
        Cause::Panic => dead(Class::Panic),
        Cause::Store(Fault::Destination) => Disposition::Pause,
        Cause::Store(Fault::Content) if case.part == Part::Alone => dead(Class::Refused),
        Cause::Store(Fault::Content) => Disposition::Divide,
        Cause::Store(Fault::Pressure) if case.attempts < MOST => {
            Disposition::Again(growing(Duration::from_secs(1)))
        }
        Cause::Store(Fault::Pressure) => Disposition::Pause,
        Cause::Store(Fault::Transient) if case.attempts < most => {
            Disposition::Again(growing(Duration::from_millis(100)))
        }
        Cause::Store(Fault::Transient) => match case.probe {
            Probe::Unasked => Disposition::Ask,
            Probe::Refuses => Disposition::Pause,
            _ if may_retry => Disposition::Retry(retry_after(case.failures, jitter)),
            Probe::Agrees if case.part == Part::Alone => Disposition::Compare,
            Probe::Agrees => Disposition::Divide,
            Probe::StoresOthers => dead(Class::Retries),
            Probe::Unproven => Disposition::Wait(LONG),
        },
        Cause::Store(fault @ (Fault::Unanswered | Fault::Excess)) => {
            let first = match fault {
                Fault::Excess => Duration::from_secs(1),
                _ => Duration::from_millis(100),
            };
            match case.probe {
                _ if case.attempts < few(case.part) => Disposition::Again(growing(first)),
                Probe::Unasked => Disposition::Ask,
                Probe::Refuses => Disposition::Pause,
                _ if case.part != Part::Alone => Disposition::Divide,
                Probe::StoresOthers if fault == Fault::Unanswered => dead(Class::Unanswered),
                Probe::StoresOthers => dead(Class::Retries),
                _ if may_retry => Disposition::Retry(retry_after(case.failures, jitter)),
                Probe::Agrees => Disposition::Compare,
                Probe::Unproven => Disposition::Wait(SHORT),
            }
        }
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

/// How long a message is held before it goes back for the next time.
fn retry_after(failures: u32, jitter: f64) -> Duration {
    const FIRST: Duration = Duration::from_secs(5);
    const SLOWEST: Duration = Duration::from_secs(60);
    growing(FIRST, SLOWEST, failures + 1, jitter)
}

/// Decides about a message. `attempts` counts its tries so far, from 1; `failures` those of them that count against
/// it, because the target took another message meanwhile. More than `retries` of these are too many.
pub(super) fn decide_request(
    error: &RequestError,
    attempts: u32,
    failures: u32,
    retries: u8,
    jitter: f64,
) -> Forwarding {
    const SLOWEST: Duration = Duration::from_secs(30);
    const FIRST: Duration = Duration::from_millis(250);
    match error.fault {
        Fault::Destination => Forwarding::Pause,
        Fault::Content => Forwarding::DeadLetter(Class::Refused),
        _ if failures > u32::from(retries) => Forwarding::DeadLetter(Class::Retries),
        Fault::Transient | Fault::Pressure | Fault::Unanswered | Fault::Excess => {
            Forwarding::Again(growing(FIRST, SLOWEST, attempts, jitter))
        }
    }
}

/// Twice as long each time, up to the slowest, less up to a half so that not all come at once.
fn growing(first: Duration, slowest: Duration, attempts: u32, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(1 << attempts.saturating_sub(1).min(10));
    doubled.min(slowest).mul_f64(0.5 + jitter / 2.0)
}

#[cfg(test)]
mod tests;
