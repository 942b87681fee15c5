//! What the workers tell of their destinations: which tables and targets are paused, and why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::texts::LongTexts;
use super::unknown::UnknownFields;
use crate::metrics::{requests, workers};

/// A table, or the target of a request, that takes nothing at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Since when.
    pub since: SystemTime,
    /// Why, in the destination's words.
    pub reason: String,
}

impl Paused {
    fn now(reason: &str) -> Self {
        Paused {
            since: SystemTime::now(),
            reason: reason.to_owned(),
        }
    }

    fn seconds(&self) -> u64 {
        self.since.elapsed().map_or(0, |time| time.as_secs())
    }
}

/// The paused tables and targets, by name; no two have the same. Queues that are stopped stand beside them, since a
/// queue may be named like its table. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct States {
    paused: Arc<Mutex<BTreeMap<&'static str, Paused>>>,
    queues: Arc<Mutex<BTreeMap<&'static str, Paused>>>,
    /// The queues that get messages back again and again.
    returns: Arc<Mutex<BTreeMap<&'static str, Returns>>>,
    /// Which texts were longer than they should be.
    pub(super) long_texts: LongTexts,
    /// Which unknown fields were seen.
    pub(super) unknown: UnknownFields,
}

/// Messages of a queue that were returned to it again and again, of late.
#[derive(Debug, Clone, Copy)]
struct Returns {
    /// How many there were.
    messages: u64,
    /// The most returns of one.
    most: i64,
    last: Instant,
}

/// For so long after the last such message a queue is said to be in trouble.
const LATE: Duration = Duration::from_secs(600);

impl States {
    /// The queues that get messages back again and again, and what that means.
    pub fn returned(&self) -> BTreeMap<&'static str, String> {
        let returns = self.returns.lock().unwrap_or_else(PoisonError::into_inner);
        let of_late = returns.iter().filter(|(_, r)| r.last.elapsed() < LATE);
        let told = |(queue, returns): (&&'static str, &Returns)| {
            let Returns { messages, most, .. } = returns;
            let why = format!(
                "{messages} messages came back to this queue again and again, one of them {most} times, and were put \
                 into it anew: a delivery limit would drop what comes back more often, without a dead letter unless its \
                 policy names one; `rabbitmqctl list_queues name policy effective_policy_definition` shows limits, and \
                 the log why messages come back"
            );
            (*queue, why)
        };
        of_late.map(told).collect()
    }

    /// Notes that a message of a queue was returned so often; logs the first of a time.
    pub(super) fn returned_often(&self, queue: &'static str, count: i64) {
        let mut returns = self.returns.lock().unwrap_or_else(PoisonError::into_inner);
        let known = returns.get(queue).filter(|r| r.last.elapsed() < LATE);
        if known.is_none() {
            tracing::error!(
                queue,
                count,
                "Messages come back to the queue again and again; they are put into it anew, since a delivery limit \
                 would drop them."
            );
        }
        let (messages, most) = known.map_or((0, 0), |r| (r.messages, r.most));
        let now = Returns {
            messages: messages + 1,
            most: most.max(count),
            last: Instant::now(),
        };
        returns.insert(queue, now);
    }

    /// What is paused.
    pub fn paused(&self) -> BTreeMap<&'static str, Paused> {
        self.paused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The queues that their breakers have stopped.
    pub fn stopped_queues(&self) -> BTreeMap<&'static str, Paused> {
        self.queues
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes that a queue is stopped; logs it once.
    pub(super) fn pause_queue(&self, queue: &'static str, reason: &str) {
        let mut stopped = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if stopped.contains_key(queue) {
            return;
        }
        tracing::error!(queue, reason, "Stopped: it would fill the dead letters.");
        workers::QUEUE_STOPPED.set([queue], true);
        stopped.insert(queue, Paused::now(reason));
    }

    /// Notes that a queue is worked on again.
    pub(super) fn resume_queue(&self, queue: &'static str) {
        let mut stopped = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = stopped.remove(queue) {
            let seconds = pause.seconds();
            tracing::info!(queue, seconds, "Resumed: its messages are good again.");
            workers::QUEUE_STOPPED.set([queue], false);
        }
    }

    /// Notes that the target of a request takes nothing; logs it once.
    pub(super) fn pause_target(&self, target: &'static str, reason: &str) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if paused.contains_key(target) {
            return;
        }
        tracing::error!(
            request = target,
            reason,
            "Paused: the target takes nothing."
        );
        requests::TARGET_PAUSED.set([target], true);
        paused.insert(target, Paused::now(reason));
    }

    /// Notes that the target of a request takes messages again.
    pub(super) fn resume_target(&self, target: &'static str) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = paused.remove(target) {
            let seconds = pause.seconds();
            tracing::info!(
                request = target,
                seconds,
                "Resumed: the target takes messages again."
            );
            requests::TARGET_PAUSED.set([target], false);
        }
    }

    /// Notes that a table takes nothing; logs it once.
    pub(super) fn pause(&self, table: &'static str, reason: &str) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if paused.contains_key(table) {
            return;
        }
        tracing::error!(table, reason, "Paused: the destination takes nothing.");
        workers::TABLE_PAUSED.set([table], true);
        paused.insert(table, Paused::now(reason));
    }

    /// Notes that a table takes rows again.
    pub(super) fn resume(&self, table: &'static str) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = paused.remove(table) {
            let seconds = pause.seconds();
            tracing::info!(table, seconds, "Resumed: the destination takes rows again.");
            workers::TABLE_PAUSED.set([table], false);
        }
    }
}
