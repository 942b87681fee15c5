//! Decides what happens next to a message that a request did not get through.

use std::time::Duration;

use super::growing;
use crate::dead_letter::Class;
use crate::sink::Fault;
use crate::sink::http::RequestError;

/// The pause after the first failure, and the longest.
const FIRST: Duration = Duration::from_millis(250);
const SLOWEST: Duration = Duration::from_secs(30);

/// What happens next to such a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::worker) enum Forwarding {
    /// The same request again, after this long.
    Again(Duration),
    /// The target is wrong or gone: it is paused, and one message at a time tries it. Nothing is counted.
    Pause,
    /// The message is a dead letter, of this class.
    DeadLetter(Class),
}

/// Decides about a message. `attempts` counts its tries so far, from 1; `failures` those of them that count against
/// it, because the target took another message meanwhile. More than `retries` of these are too many.
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
