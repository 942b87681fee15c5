//! Decision about a message after a failed request.

use std::time::Duration;

use super::growing;
use crate::dead_letter::Class;
use crate::sink::Fault;
use crate::sink::requests::RequestError;

/// First and longest backoff.
const FIRST: Duration = Duration::from_millis(250);
const SLOWEST: Duration = Duration::from_secs(30);

/// Next step for a message after a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum Forwarding {
    /// Retry the same request after this delay.
    Again(Duration),
    /// The target is wrong or unavailable: pause it, and let one message at a time probe it. Uncounted.
    Pause,
    /// Make it a dead letter of this class.
    DeadLetter(Class),
}

/// Decides about a message. `attempts` counts its attempts so far, from 1; `failures` those of them that count against
/// it, because the target accepted another message meanwhile. More than `retries` of these are too many.
pub(in crate::worker) fn decide_request(
    error: &RequestError,
    attempts: u32,
    failures: u32,
    retries: u8,
    jitter: f64,
) -> Forwarding {
    match error.fault {
        Fault::Destination => Forwarding::Pause,
        Fault::Content => Forwarding::DeadLetter(Class::Refused),
        Fault::Transient | Fault::Pressure | Fault::Unanswered | Fault::Excess => {
            match failures > u32::from(retries) {
                true => Forwarding::DeadLetter(Class::Retries),
                false => Forwarding::Again(growing(FIRST, SLOWEST, attempts, jitter)),
            }
        }
    }
}
