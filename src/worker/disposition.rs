//! The one place that decides what an error does to messages: those of a batch, or one on its way to an HTTP API.

use std::time::Duration;

use crate::sink::http::RequestError;
use crate::sink::{Fault, StoreError};

/// What happens next to a block that was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposition {
    /// The same block again, after this long.
    Again(Duration),
    /// The destination takes nothing: the table is paused, and the same block goes out once a probe says so.
    Pause,
    /// The destination refuses something in it: the parts are tried, until what is bad stands alone.
    Divide,
}

/// What happens next to a message that a request did not get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forwarding {
    /// The same request again, after this long.
    Again(Duration),
    /// The target is wrong or gone: it is paused, and one message at a time tries it. Nothing is counted.
    Pause,
    /// The message is a dead letter, of this class.
    DeadLetter(&'static str),
}

/// Decides about a block. `attempts` counts the tries of this block so far, from 1.
pub(super) fn decide(error: &StoreError, attempts: u32, jitter: f64) -> Disposition {
    const SLOWEST: Duration = Duration::from_secs(5);
    let growing = |first| growing(first, SLOWEST, attempts, jitter);
    match error.fault {
        Fault::Transient => Disposition::Again(growing(Duration::from_millis(100))),
        Fault::Pressure => Disposition::Again(growing(Duration::from_secs(1))),
        Fault::Destination => Disposition::Pause,
        Fault::Content => Disposition::Divide,
    }
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
        Fault::Content => Forwarding::DeadLetter("refused"),
        Fault::Transient | Fault::Pressure if failures > u32::from(retries) => {
            Forwarding::DeadLetter("retries")
        }
        Fault::Transient | Fault::Pressure => {
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
mod tests {
    use super::*;

    fn error(fault: Fault) -> RequestError {
        RequestError {
            fault,
            status: None,
            retry_after: None,
            message: String::new(),
        }
    }

    #[test]
    fn a_request_is_repeated_until_too_much_counts_against_the_message() {
        let decide =
            |fault, attempts, failures| decide_request(&error(fault), attempts, failures, 2, 1.0);
        let again = |ms| Forwarding::Again(Duration::from_millis(ms));
        assert_eq!(decide(Fault::Transient, 1, 0), again(250));
        assert_eq!(decide(Fault::Transient, 3, 2), again(1000));
        assert_eq!(decide(Fault::Transient, 99, 0), again(30_000));
        let dead = Forwarding::DeadLetter("retries");
        assert_eq!(decide(Fault::Transient, 3, 3), dead);
        assert_eq!(decide(Fault::Destination, 9, 9), Forwarding::Pause);
        let refused = Forwarding::DeadLetter("refused");
        assert_eq!(decide(Fault::Content, 1, 0), refused);
    }
}
