//! Settles a message: its dead letters and its retry copy are published and confirmed; then it is acknowledged.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::alike::{Alike, letters};
use super::batched_message::BatchedMessage;
use super::catch_panic::{catch_panic, catch_panic_async};
use super::disposition::decide_panicked;
use super::ending::Ending;
use super::failed::{Failed, Verdict, panicked_unit};
use super::fit::fit;
use super::message::{Prepared, units};
use super::settlement_metrics::Tally;
use super::{Setup, dead_letter, retry, seen, traced};
use crate::broker::{Outgoing, PublishError};
use crate::contract::{Route, queue_of_shard};
use crate::dead_letter::Blame;
use crate::metrics::workers::DEAD_LETTERS;
use crate::time::now_ms;

/// Maximum number of unconfirmed dead letters of one message.
const AT_ONCE: usize = 32;

/// The server stops waiting: the message was not settled and goes back to its queue.
#[derive(Debug)]
pub(super) struct GivenUp;

/// Message with a decision on each unit. Units that aren't among the failed ones are stored.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) message: Prepared,
    pub(super) failed: Vec<Failed>,
    /// Number of attempts this time.
    attempts: u32,
    /// Time of the failure, if there was one, in milliseconds since the epoch.
    at_ms: i64,
}

impl Decided {
    /// Decides the open units.
    pub(super) fn of(held: BatchedMessage, setup: &Setup) -> Self {
        Self::after(held.message, held.failed, 1, setup)
    }

    /// Decides the units of a message after so many attempts.
    pub(super) fn after(
        message: Prepared,
        mut failed: Vec<Failed>,
        attempts: u32,
        setup: &Setup,
    ) -> Self {
        for failed in &mut failed {
            if failed.verdict == Verdict::Open {
                failed.verdict = panicked(&message, setup);
            }
            // The dead-letter table itself has no place for dead letters, so it keeps them.
            if failed.verdict == Verdict::Dead && message.queue.dead_letter.is_none() {
                tracing::error!(
                    queue = message.queue.name,
                    reason = failed.reason,
                    "A dead letter can't be stored; it waits in its queue."
                );
                failed.verdict = Verdict::Again {
                    after: Duration::from_secs(30),
                    counted: false,
                };
            }
        }
        Decided {
            message,
            failed,
            attempts,
            at_ms: now_ms(),
        }
    }

    /// Undoes the decisions.
    pub(super) fn into_message(self) -> Prepared {
        self.message
    }

    /// Delay before it is settled, if a part of it goes back.
    pub(super) fn hold(&self) -> Option<Duration> {
        let after = |failed: &Failed| match failed.verdict {
            Verdict::Again { after, .. } => Some(after),
            Verdict::Dead | Verdict::Open | Verdict::Aside(_) => None,
        };
        self.failed.iter().filter_map(after).max()
    }

    /// Number of its dead letters that are sender errors.
    pub(super) fn own_faults(&self) -> usize {
        let dead = self.failed.iter().filter(|f| f.verdict == Verdict::Dead);
        dead.filter(|f| f.class.blame() == Blame::Sender).count()
    }

    /// Turns a retry copy that the broker doesn't accept into dead letters: otherwise it would go round for ever.
    /// Uncounted returns are given back as they are instead.
    fn stays_within(&mut self, setup: &Setup) {
        let again = self.again();
        if again.is_empty() || self.message.queue.dead_letter.is_none() {
            return;
        }
        let limits = setup.broker.limits();
        let copies = catch_panic(|| retry::copies(&self.message, &again, true, self.at_ms));
        let refused = copies.unwrap_or_default();
        let Some(error) = refused.iter().find_map(|copy| limits.check(copy).err()) else {
            return;
        };
        for failed in &mut self.failed {
            if let Verdict::Again { counted: true, .. } = failed.verdict {
                failed.verdict = Verdict::Dead;
                let reason = format!("{}; it can't go back to its queue: {error}", failed.reason);
                failed.reason = reason;
            }
        }
    }

    /// Units that go back, in order.
    fn again(&self) -> Vec<usize> {
        self.units_that(|verdict| matches!(verdict, Verdict::Again { .. }))
    }

    /// Units that go into the queues of their shards, by shard and in order.
    fn aside(&self) -> Vec<(usize, Vec<usize>)> {
        let shards = self
            .failed
            .iter()
            .filter_map(|failed| match failed.verdict {
                Verdict::Aside(shard) => Some(shard),
                _ => None,
            });
        let shards: BTreeSet<u8> = shards.collect();
        let of = |shard: u8| {
            let units = self.units_that(|verdict| verdict == Verdict::Aside(shard));
            (usize::from(shard), units)
        };
        shards.into_iter().map(of).collect()
    }

    /// Notes in the span of the message what becomes of its units. Nearly all messages have none.
    fn trace(&mut self) {
        if self.message.delivery.ack_guard.trace().is_none() {
            return;
        }
        let counts = self.counts();
        let dead = self.failed.iter().find(|f| f.verdict == Verdict::Dead);
        let class = dead.map(|failed| failed.class);
        if let Some(span) = self.message.delivery.ack_guard.span_mut() {
            traced::settled(span, counts, class);
        }
    }

    fn units_that(&self, is: impl Fn(Verdict) -> bool) -> Vec<usize> {
        let those = self.failed.iter().filter(|failed| is(failed.verdict));
        let mut units: Vec<usize> = those.map(|failed| failed.unit).collect();
        units.sort_unstable();
        units
    }

    /// Numbers of its units that are stored, dead letters, or go back.
    pub(super) fn counts(&self) -> [usize; 3] {
        let dead = self
            .failed
            .iter()
            .filter(|f| f.verdict == Verdict::Dead)
            .count();
        let stored = units(&self.message.content).saturating_sub(self.failed.len());
        [stored, dead, self.failed.len() - dead]
    }
}

fn panicked(message: &Prepared, setup: &Setup) -> Verdict {
    decide_panicked(message.chances(), (setup.hold_limits.jitter)()).into()
}

/// Publishes what remains of a message, then acknowledges it.
pub(super) async fn settle(setup: &Setup, mut decided: Decided) -> Result<(), GivenUp> {
    decided.stays_within(setup);
    let content = &decided.message.content;
    let (published, tally) = match catch_panic_async(publish_all(setup, &decided)).await {
        Ok(published) => {
            if published.is_ok() {
                // Whatever it does, the message is settled.
                let taps = &setup.states.taps;
                catch_panic(|| seen::settled(taps, &decided.message, &decided.failed)).ok();
            }
            (published, Tally::of(content, &decided.failed))
        }
        // As a whole it may succeed.
        Err(panic) => {
            let published = catch_panic_async(publish_whole(setup, &decided, &panic)).await;
            let published = published.unwrap_or(Err(GivenUp));
            let again = matches!(published, Ok(Ending::Retried));
            (published, Tally::whole(content, again))
        }
    };
    decided.trace();
    let ack_guard = decided.message.delivery.ack_guard;
    let metrics = Arc::clone(ack_guard.metrics());
    let Ok(ending) = published else {
        ack_guard.give_back().await;
        return Err(GivenUp);
    };
    if tally.has_stored() {
        metrics.stored(ack_guard.since().age());
    }
    if ack_guard.acknowledge(ending).await != Ending::Lost {
        metrics.settled(&tally);
    }
    Ok(())
}

async fn publish_all(setup: &Setup, decided: &Decided) -> Result<Ending, GivenUp> {
    let Decided {
        message,
        failed,
        at_ms,
        ..
    } = decided;
    let queue = message.queue;
    let again = decided.again();
    if let Some(route) = queue.dead_letter {
        let letters = letters(&message.content, failed);
        let count = letters.len();
        let mut left = letters.iter();
        let mut pending = FuturesUnordered::new();
        // The other messages of the table wait for this.
        loop {
            while pending.len() < AT_ONCE
                && let Some(letter) = left.next()
            {
                pending.push(publish_letter(setup, decided, route, letter, count));
            }
            match pending.next().await {
                None => break,
                Some(published) => published?,
            }
        }
    }
    let is_counted =
        |failed: &Failed| matches!(failed.verdict, Verdict::Again { counted: true, .. });
    let counted = failed.iter().any(is_counted);
    let mut copies = match again.as_slice() {
        [] => Vec::new(),
        again => retry::copies(message, again, counted, *at_ms),
    };
    // Partitions share the queues of the shards.
    let of = queue.partition.map_or(queue.name, |partition| partition.of);
    for (shard, units) in decided.aside() {
        let of_shard = retry::copies(message, &units, false, *at_ms);
        copies.extend(of_shard.into_iter().map(|mut copy| {
            copy.routing_key = queue_of_shard(of, shard).into();
            copy
        }));
    }
    if copies.is_empty() {
        return Ok(Ending::Acknowledged);
    }
    for copy in copies {
        publish(setup, message, || {
            message.delivery.ack_guard.replaced_by(copy.clone())
        })
        .await?;
    }
    Ok(Ending::Retried)
}

/// Publishes one of so many dead letters of a message.
async fn publish_letter(
    setup: &Setup,
    decided: &Decided,
    route: Route,
    letter: &Alike,
    count: usize,
) -> Result<(), GivenUp> {
    let message = &decided.message;
    let attempts = decided.attempts + message.delivery.failures;
    let outgoing = || {
        let (pipeline, now) = (setup.pipeline, decided.at_ms);
        let outgoing = dead_letter::outgoing(pipeline, message, route, letter, attempts, now);
        fit(outgoing, setup.broker.limits(), count)
    };
    publish(setup, message, outgoing).await?;
    DEAD_LETTERS
        .with([message.queue.name, letter.failed.class.name()])
        .increment(1);
    Ok(())
}

/// Returns a message that panicked as it came; after too many times, makes it a dead letter as it came. Units that are
/// stored already have the same keys when it is replayed.
async fn publish_whole(setup: &Setup, decided: &Decided, panic: &str) -> Result<Ending, GivenUp> {
    let message = &decided.message;
    sleep(setup, Duration::from_secs(1)).await?;
    let copy = retry::whole(message, true, decided.at_ms);
    let fits = setup.broker.limits().check(&copy).is_ok();
    if message.chances().may_retry() && (fits || message.queue.dead_letter.is_none()) {
        publish(setup, message, || {
            message.delivery.ack_guard.replaced_by(copy.clone())
        })
        .await?;
        return Ok(Ending::Retried);
    }
    // The dead-letter table itself has no place for dead letters, so it keeps it.
    let route = message.queue.dead_letter.ok_or(GivenUp)?;
    let failed = panicked_unit(0, "", panic);
    let attempts = decided.attempts + message.delivery.failures;
    let letter = dead_letter::whole(
        setup.pipeline,
        message,
        route,
        &failed,
        attempts,
        decided.at_ms,
    );
    publish(setup, message, || {
        fit(letter.clone(), setup.broker.limits(), 1)
    })
    .await?;
    DEAD_LETTERS
        .with([message.queue.name, failed.class.name()])
        .increment(1);
    Ok(Ending::Acknowledged)
}

/// Publishes a message until the broker has confirmed it.
async fn publish(
    setup: &Setup,
    message: &Prepared,
    make: impl Fn() -> Outgoing,
) -> Result<(), GivenUp> {
    let queue = message.queue.name;
    let mut pause = Duration::from_millis(100);
    loop {
        match setup.broker.publish(make()).await {
            Ok(()) => return Ok(()),
            Err(error) if error.retry_helps() => {
                // The broker's state is logged once, by its monitor.
                tracing::debug!(queue, reason = %error, "A dead letter or a retry waits for the broker.");
                sleep(setup, pause).await?;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            Err(error) => {
                // A copy that is too large waits as it is, because it isn't the message's fault that it isn't stored.
                if matches!(
                    error,
                    PublishError::TooLarge { .. } | PublishError::HeadersTooLarge { .. }
                ) {
                    tracing::debug!(queue, reason = %error, "A message is given back as it is.");
                } else {
                    tracing::error!(queue, reason = %error, "A dead letter or a retry could not be published; its message stays in its queue.");
                }
                // It is delivered again at once; not more often than this.
                sleep(setup, Duration::from_secs(1)).await?;
                return Err(GivenUp);
            }
        }
    }
}

/// Waits, unless the server stops waiting.
pub(super) async fn sleep(setup: &Setup, time: Duration) -> Result<(), GivenUp> {
    let slept = setup
        .give_up
        .run_until_cancelled(tokio::time::sleep(time))
        .await;
    slept.ok_or(GivenUp)
}
