//! Error handling: the one place that decides how an error affects messages, of a batch or on their way to an HTTP API.

use std::time::Duration;

use crate::sink::Fault;
use crate::sink::http::RequestError;

/// Maximum attempts at a block before the destination is probed.
const MOST: u32 = 8;

/// Maximum attempts at a part of a block: the whole has been tried already.
const MOST_OF_PART: u32 = 3;

/// Maximum attempts at a suspected unit.
const MOST_ALONE: u32 = 5;

/// Maximum attempts that end without an answer, or exceed the destination's resources: for a whole block, a part, a
/// single unit. Each attempt costs everybody, and parts may succeed.
const FEW: [u32; 3] = [3, 2, 3];

/// Delay of a message that may crash the destination, while others are stored.
const SHORT: Duration = Duration::from_secs(10);

/// Delay of a message that can't be settled.
const LONG: Duration = Duration::from_secs(30);

/// Facts about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    /// Cause of the failure.
    pub cause: Cause,
    /// Number of attempts so far, from 1.
    pub attempts: u32,
    /// Part of a block that was tried.
    pub part: Part,
    /// How the destination handles other data.
    pub probe: Probe,
    /// Number of times that the message has gone back for its failures.
    pub failures: u32,
    /// Maximum of that number.
    pub retries: u32,
    /// True if it is a dead letter already, for which there is no other place.
    pub last_resort: bool,
}

/// Cause of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The destination did not store it.
    Store(Fault),
    /// This build panicked.
    Panic,
}

/// Part of a block that was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Some units.
    Some,
    /// One unit.
    Alone,
}

/// How the destination handles other data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probe {
    /// It wasn't probed.
    Unasked,
    /// It accepts nothing.
    Refuses,
    /// It accepts rows, by its own word.
    Agrees,
    /// It stored other rows between the failures of these, repeatedly.
    StoresOthers,
    /// It could not be shown that it stores other rows.
    Unproven,
}

/// Next step after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposition {
    /// Retry the same block after this delay.
    Again(Duration),
    /// Probe the destination.
    Ask,
    /// The destination accepts nothing: pause the table, and retry the block once a probe succeeds.
    Pause,
    /// Bisect: try the parts, until the bad units stand alone.
    Divide,
    /// Compare with the outcomes of other rows, to tell the unit's fault from the destination's.
    Compare,
    /// Return it to its queue after this delay, counted as a retry.
    Retry(Duration),
    /// Return it to its queue after this delay, uncounted.
    Wait(Duration),
    /// Make it a dead letter of this class.
    DeadLetter(&'static str),
}

/// Next step for a message after a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forwarding {
    /// Retry the same request after this delay.
    Again(Duration),
    /// The target is wrong or unavailable: pause it, and let one message at a time probe it. Uncounted.
    Pause,
    /// Make it a dead letter of this class.
    DeadLetter(&'static str),
}

/// Decides about a block, or its units.
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
        Cause::Panic => dead("panic"),
        Cause::Store(Fault::Destination) => Disposition::Pause,
        Cause::Store(Fault::Content) if case.part == Part::Alone => dead("refused"),
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
            Probe::StoresOthers => dead("retries"),
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
                Probe::StoresOthers if fault == Fault::Unanswered => dead("unanswered"),
                Probe::StoresOthers => dead("retries"),
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

/// Who is to blame for a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    /// The sender, whatever the build and the table.
    Sender,
    /// The build, the table, or their combination.
    Build,
}

/// Who is to blame for a dead letter of this class.
pub(super) fn blame(class: &str) -> Blame {
    match class {
        "malformed" | "bad_field" | "bad_value" | "no_type" | "unknown_type" | "unreadable" => {
            Blame::Sender
        }
        _ => Blame::Build,
    }
}

/// Backoff before a message goes back the next time.
fn retry_after(failures: u32, jitter: f64) -> Duration {
    const FIRST: Duration = Duration::from_secs(5);
    const SLOWEST: Duration = Duration::from_secs(60);
    growing(FIRST, SLOWEST, failures + 1, jitter)
}

/// Decides about a message. `attempts` counts its attempts so far, from 1; `failures` those of them that count against
/// it, because the target accepted another message meanwhile. More than `retries` of these are too many.
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
        Fault::Content => Forwarding::DeadLetter("refused"),
        _ if failures > u32::from(retries) => Forwarding::DeadLetter("retries"),
        Fault::Transient | Fault::Pressure | Fault::Unanswered | Fault::Excess => {
            Forwarding::Again(growing(FIRST, SLOWEST, attempts, jitter))
        }
    }
}

/// Exponential backoff with jitter: it doubles up to a maximum, less up to a half at random.
fn growing(first: Duration, slowest: Duration, attempts: u32, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(1 << attempts.saturating_sub(1).min(10));
    doubled.min(slowest).mul_f64(0.5 + jitter / 2.0)
}

#[cfg(test)]
mod tests;
