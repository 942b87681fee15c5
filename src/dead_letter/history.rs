//! History of a replayed dead letter, in the headers of its message.

use super::headers::Value;

/// When it first failed: an integer, milliseconds since the epoch.
const REPLAY_FIRST_FAILED: &str = "x-replay-first-failed";
/// When it last failed: an integer, milliseconds since the epoch. What fails again has failed later than that.
const REPLAY_LAST_FAILED: &str = "x-replay-last-failed";
/// Number of attempts before the replay: an integer.
const REPLAY_ATTEMPTS: &str = "x-replay-attempts";
/// When it was sent again: an integer, milliseconds since the epoch.
const REPLAY_AT: &str = "x-replay-at";

/// History of a replayed dead letter; empty for any other message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// When it first failed, in milliseconds since the epoch.
    pub first_failed_ms: Option<i64>,
    /// Time of its last failure, in milliseconds since the epoch.
    pub last_failed_ms: Option<i64>,
    /// Number of attempts before the replay.
    pub attempts: Option<u32>,
    /// When it was sent again, in milliseconds since the epoch.
    pub replayed_ms: Option<i64>,
}

/// Times and number of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// When it first failed, in milliseconds since the epoch.
    pub first_failed_ms: i64,
    /// Time of its last failure, in milliseconds since the epoch.
    pub last_failed_ms: i64,
    /// Number of attempts.
    pub attempts: u32,
}

impl History {
    /// History of a dead letter that is replayed now.
    pub fn of(failures: Failures, now_ms: i64) -> Self {
        let Failures {
            first_failed_ms,
            last_failed_ms,
            attempts,
        } = failures;
        History {
            first_failed_ms: Some(first_failed_ms),
            last_failed_ms: Some(last_failed_ms),
            attempts: Some(attempts),
            // The clock of this machine may be behind the one that recorded the failure.
            replayed_ms: Some(now_ms.max(last_failed_ms.saturating_add(1))),
        }
    }

    /// Headers of the history.
    pub fn to_headers(self) -> impl Iterator<Item = (&'static str, Value<'static>)> {
        let headers = [
            (REPLAY_FIRST_FAILED, self.first_failed_ms),
            (REPLAY_LAST_FAILED, self.last_failed_ms),
            (REPLAY_ATTEMPTS, self.attempts.map(i64::from)),
            (REPLAY_AT, self.replayed_ms),
        ];
        let said = headers.into_iter();
        said.filter_map(|(name, value)| Some((name, Value::Integer(value?))))
    }

    /// History in the headers of a message.
    pub fn from_headers<'a>(header: impl Fn(&'static str) -> Option<Value<'a>>) -> Self {
        let integer = |name| header(name).and_then(Value::integer);
        History {
            first_failed_ms: integer(REPLAY_FIRST_FAILED),
            last_failed_ms: integer(REPLAY_LAST_FAILED),
            attempts: integer(REPLAY_ATTEMPTS).map(|count| u32::try_from(count).unwrap_or(0)),
            replayed_ms: integer(REPLAY_AT),
        }
    }

    /// Failures with the history included: a replayed dead letter continues its history.
    pub fn and_then(self, failures: Failures) -> Failures {
        let before = self.last_failed_ms;
        Failures {
            first_failed_ms: self.first_failed_ms.unwrap_or(failures.first_failed_ms),
            // Later than before, whatever the clocks of two machines show.
            last_failed_ms: before.map_or(failures.last_failed_ms, |before| {
                failures.last_failed_ms.max(before.saturating_add(1))
            }),
            attempts: self.attempts.unwrap_or(0).saturating_add(failures.attempts),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const FAILURES: Failures = Failures {
        first_failed_ms: 10,
        last_failed_ms: 20,
        attempts: 3,
    };

    #[test]
    fn a_letter_that_fails_again_goes_on_from_where_it_was() {
        let history = History::of(FAILURES, 15);
        assert_eq!(history.replayed_ms, Some(21));
        let headers: BTreeMap<_, _> = history.to_headers().collect();
        assert_eq!(headers.len(), 4);
        let read = History::from_headers(|name| headers.get(name).copied());
        assert_eq!(read, history);
        let again = |at_ms| {
            read.and_then(Failures {
                first_failed_ms: at_ms,
                last_failed_ms: at_ms,
                attempts: 2,
            })
        };
        let expected = |last_failed_ms| Failures {
            first_failed_ms: 10,
            last_failed_ms,
            attempts: 5,
        };
        assert_eq!(again(30), expected(30));
        assert_eq!(again(19), expected(21));
    }

    #[test]
    fn what_was_no_letter_has_no_history() {
        let history = History::from_headers(|_| None);
        assert_eq!(history, History::default());
        assert_eq!(history.and_then(FAILURES), FAILURES);
        assert_eq!(history.to_headers().count(), 0);
    }
}
