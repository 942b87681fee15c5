//! Replay: publishes dead letters again, and records which.
//!
//! A dead letter is recorded as replayed after the broker has confirmed it. A replay that is interrupted in between
//! sends it again, which makes the same rows.

mod late;
mod message;
mod pace;
mod target;
pub mod unknown;

pub use late::discarded;
pub use message::outgoing;
pub use target::{Target, target};

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio_util::sync::CancellationToken;

use self::pace::Pace;

use crate::broker::{Broker, PublishError};
use crate::contract::{Pipeline, RetiredEvent};
use crate::sink::clickhouse::dead_letters::{DeadLetters, DeadLettersError, Key, StoredDeadLetter};
use crate::sink::clickhouse::decisions::Action;

/// Maximum number of unconfirmed messages.
const AT_ONCE: usize = 32;
/// Maximum number of dead letters that are read at once.
const PAGE: usize = 200;
/// Approximate maximum size of bodies that are read at once, in bytes; a single one may be larger.
const PAGE_BYTES: u64 = 8 << 20;

/// Replays dead letters.
pub struct Replayer {
    /// Dead letters.
    pub letters: DeadLetters,
    /// Pipeline that processes them.
    pub pipeline: &'static Pipeline,
    /// Broker.
    pub broker: Arc<dyn Broker>,
    /// Maximum rate, in dead letters a second.
    pub rate: Option<NonZeroU32>,
    /// Ends it early: messages under way are still waited for and recorded.
    pub stop: CancellationToken,
}

/// Dead letters of a page that are decided on.
#[derive(Default)]
struct Ended {
    sent: Vec<Key>,
    discarded: Vec<Key>,
}

/// Outcome of one dead letter.
#[derive(Debug)]
pub enum ReplayOutcome {
    /// The broker has confirmed it.
    Sent(Target),
    /// Its event type is retired, and its events are not stored: it is recorded as discarded.
    Discarded(&'static RetiredEvent),
    /// It can't be replayed, and stays as it is.
    Refused(String),
}

/// Totals of a replay.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Number of replayed dead letters.
    pub sent: u64,
    /// Number of those whose event type is retired, and that are discarded for it.
    pub discarded: u64,
    /// Number of those that can't be replayed.
    pub refused: u64,
}

/// Error that ends a replay. What was published before has been recorded, unless recording failed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The dead letters can't be read, or the replay can't be recorded.
    #[error(transparent)]
    DeadLetters(#[from] DeadLettersError),
    /// The broker doesn't accept messages.
    #[error("the broker does not accept the messages: {0}")]
    Broker(PublishError),
}

impl Replayer {
    /// Replays these dead letters, and reports the outcome of each. One that has failed again since its key was read is
    /// left alone, and so is one with a decision.
    pub async fn replay(
        &self,
        keys: &[Key],
        mut told: impl FnMut(&StoredDeadLetter, &ReplayOutcome),
    ) -> Result<Totals, ReplayError> {
        let mut totals = Totals::default();
        self.letters.open_decisions().await?;
        let mut pace = self.rate.map(Pace::new);
        for page in pages(keys) {
            if self.stop.is_cancelled() {
                break;
            }
            let mut letters = self.letters.letters(page).await?;
            letters.retain(|letter| {
                let asked = page.iter().any(|key| {
                    (&key.queue, &key.id, key.last_failed_ms)
                        == (&letter.queue, &letter.id, letter.last_failed_ms)
                });
                asked && letter.decision.is_empty()
            });
            let mut ended = Ended::default();
            let published = self
                .publish(letters, pace.as_mut(), &mut ended, &mut totals, &mut told)
                .await;
            // Also when the replay ends here.
            self.letters.decide(Action::Replayed, &ended.sent).await?;
            let discarded = &ended.discarded;
            self.letters.decide(Action::Discarded, discarded).await?;
            published?;
        }
        Ok(totals)
    }

    /// Publishes a page of dead letters concurrently, and returns those that the broker confirmed or that are discarded.
    async fn publish(
        &self,
        letters: Vec<StoredDeadLetter>,
        mut pace: Option<&mut Pace>,
        ended: &mut Ended,
        totals: &mut Totals,
        told: &mut impl FnMut(&StoredDeadLetter, &ReplayOutcome),
    ) -> Result<(), ReplayError> {
        let mut waiting = letters.into_iter();
        let mut next = waiting.next();
        let mut under_way = FuturesUnordered::new();
        let mut failure = None;
        while next.is_some() || !under_way.is_empty() {
            let ready = next.is_some() && under_way.len() < AT_ONCE;
            tokio::select! {
                biased;
                Some((letter, outcome)) = under_way.next(), if !under_way.is_empty() => {
                    match &outcome {
                        Ok(outcome) => {
                            match outcome {
                                ReplayOutcome::Sent(_) => {
                                    totals.sent += 1;
                                    ended.sent.push(StoredDeadLetter::key(&letter));
                                }
                                ReplayOutcome::Discarded(_) => {
                                    totals.discarded += 1;
                                    ended.discarded.push(StoredDeadLetter::key(&letter));
                                }
                                ReplayOutcome::Refused(_) => totals.refused += 1,
                            }
                            told(&letter, outcome);
                        }
                        Err(error) => {
                            // Messages under way are waited for, so that they are recorded; no others begin.
                            failure = Some(ReplayError::Broker(PublishError::clone(error)));
                            next = None;
                        }
                    }
                }
                () = self.stop.cancelled(), if next.is_some() => next = None,
                () = turn(&mut pace), if ready => {
                    if let Some(letter) = next.take() {
                        under_way.push(self.one(letter));
                    }
                    next = waiting.next().filter(|_| failure.is_none());
                }
            }
        }
        failure.map_or(Ok(()), Err)
    }

    async fn one(
        &self,
        letter: StoredDeadLetter,
    ) -> (StoredDeadLetter, Result<ReplayOutcome, PublishError>) {
        if let Some(event) = discarded(self.pipeline, &letter) {
            return (letter, Ok(ReplayOutcome::Discarded(event)));
        }
        let target = match target(self.pipeline, &letter) {
            Ok(target) => target,
            Err(reason) => return (letter, Ok(ReplayOutcome::Refused(reason))),
        };
        let message = outgoing(&letter.dead_letter(&letter.body()), &target);
        let attempt = || self.broker.publish(message.clone());
        let published = attempt
            .retry(
                ExponentialBuilder::default()
                    .with_min_delay(Duration::from_millis(200))
                    .with_max_times(6)
                    .with_jitter(),
            )
            .when(PublishError::retry_helps)
            .await;
        let outcome = match published {
            Ok(()) => Ok(ReplayOutcome::Sent(target)),
            Err(error) if error.retry_helps() => Err(error),
            Err(error) => Ok(ReplayOutcome::Refused(error.to_string())),
        };
        (letter, outcome)
    }
}

/// Waits for the next turn.
async fn turn(pace: &mut Option<&mut Pace>) {
    if let Some(pace) = pace {
        pace.turn().await;
    }
}

/// Splits keys into pages whose dead letters fit in memory.
fn pages(keys: &[Key]) -> impl Iterator<Item = &[Key]> {
    let mut rest = keys;
    std::iter::from_fn(move || {
        let (mut count, mut bytes) = (0, 0);
        for key in rest.iter().take(PAGE) {
            bytes += key.size;
            if count > 0 && bytes > PAGE_BYTES {
                break;
            }
            count += 1;
        }
        let (page, after) = rest.split_at_checked(count)?;
        rest = after;
        (!page.is_empty()).then_some(page)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(size: u64) -> Key {
        Key {
            queue: String::new(),
            id: String::new(),
            last_failed_ms: 0,
            size,
        }
    }

    #[test]
    fn pages_are_bounded_in_letters_and_in_bytes() {
        let small: Vec<Key> = (0..450).map(|_| key(10)).collect();
        let sizes: Vec<usize> = pages(&small).map(<[Key]>::len).collect();
        assert_eq!(sizes, [200, 200, 50]);
        let large = [key(PAGE_BYTES * 2), key(1), key(PAGE_BYTES), key(1)];
        let sizes: Vec<usize> = pages(&large).map(<[Key]>::len).collect();
        assert_eq!(sizes, [1, 1, 1, 1]);
        assert_eq!(pages(&[]).count(), 0);
    }
}
