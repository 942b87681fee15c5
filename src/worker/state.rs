//! State of the destinations: paused tables and targets, and stopped queues, with reasons.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::held::HeldAges;
use super::texts::LongTexts;
use super::unknown::UnknownFields;
use crate::metrics::{requests, workers};
use crate::tap::Taps;
use crate::trace::Tracer;

/// Paused table, or paused target of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paused {
    /// Time since when.
    pub since: SystemTime,
    /// Reason, in the destination's words.
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

/// Paused tables and targets, by name; no two have the same. Stopped queues are separate, since a queue may be named
/// like its table. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct States {
    paused: Arc<Mutex<BTreeMap<&'static str, Paused>>>,
    queues: Arc<Mutex<BTreeMap<&'static str, Paused>>>,
    /// Queues with messages that are returned repeatedly.
    returns: Arc<Mutex<BTreeMap<&'static str, Returns>>>,
    /// Messages that are held.
    pub held: HeldAges,
    /// Texts that were longer than their limit.
    pub(super) long_texts: LongTexts,
    /// Unknown fields that were seen.
    pub(super) unknown: UnknownFields,
    /// Taps of the instance.
    pub(super) taps: Taps,
    /// What records spans of the instance.
    pub(super) tracer: Tracer,
}

/// Messages that were returned to a queue repeatedly, of late.
#[derive(Debug, Clone, Copy)]
struct Returns {
    /// Number of messages.
    messages: u64,
    /// Most returns of a single one.
    most: i64,
    last: Instant,
}

/// Time after the last such message during which a queue is reported.
const LATE: Duration = Duration::from_secs(600);

impl States {
    /// State of an instance whose units are seen by taps, and traced.
    pub fn seen_by(taps: &Taps, tracer: &Tracer) -> Self {
        States {
            taps: taps.clone(),
            tracer: tracer.clone(),
            ..States::default()
        }
    }

    /// Queues with messages that are returned repeatedly, with an explanation.
    pub fn returned(&self) -> BTreeMap<&'static str, String> {
        let returns = self.returns.lock().unwrap_or_else(PoisonError::into_inner);
        let of_late = returns.iter().filter(|(_, r)| r.last.elapsed() < LATE);
        let told = |(queue, returns): (&&'static str, &Returns)| {
            let Returns { messages, most, .. } = returns;
            let why = format!(
                "{messages} messages were returned to this queue repeatedly, one of them {most} times, and were \
                 republished: a delivery limit would drop messages that are returned more often, without a dead letter unless its \
                 policy names one; `rabbitmqctl list_queues name policy effective_policy_definition` shows limits, and \
                 the log shows why messages are returned"
            );
            (*queue, why)
        };
        of_late.map(told).collect()
    }

    /// Records that a message of a queue was returned so often; logs the first one of a period.
    pub(super) fn returned_often(&self, queue: &'static str, count: i64) {
        let mut returns = self.returns.lock().unwrap_or_else(PoisonError::into_inner);
        let known = returns.get(queue).filter(|r| r.last.elapsed() < LATE);
        if known.is_none() {
            tracing::error!(
                queue,
                count,
                "Messages are returned to the queue repeatedly; they are republished, since a delivery limit \
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

    /// Paused tables and targets.
    pub fn paused(&self) -> BTreeMap<&'static str, Paused> {
        self.paused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Queues that their circuit breakers have stopped.
    pub fn stopped_queues(&self) -> BTreeMap<&'static str, Paused> {
        self.queues
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Records that a queue is stopped; logs it once.
    pub(super) fn pause_queue(&self, queue: &'static str, reason: &str) {
        let mut stopped = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if stopped.contains_key(queue) {
            return;
        }
        tracing::error!(
            queue,
            reason,
            "Circuit breaker opened: the queue is stopped, because too many of its units would become dead letters."
        );
        workers::QUEUE_STOPPED.set([queue], true);
        stopped.insert(queue, Paused::now(reason));
    }

    /// Records that a queue is consumed again.
    pub(super) fn resume_queue(&self, queue: &'static str) {
        let mut stopped = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = stopped.remove(queue) {
            let seconds = pause.seconds();
            tracing::info!(
                queue,
                seconds,
                "Circuit breaker closed: the queue is consumed again."
            );
            workers::QUEUE_STOPPED.set([queue], false);
        }
    }

    /// Records that a target accepts nothing; logs it once.
    pub(super) fn pause_target(&self, target: &'static str, reason: &str) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if paused.contains_key(target) {
            return;
        }
        tracing::error!(
            request = target,
            reason,
            "Paused: the target accepts nothing."
        );
        requests::TARGET_PAUSED.set([target], true);
        paused.insert(target, Paused::now(reason));
    }

    /// Records that a target accepts messages again.
    pub(super) fn resume_target(&self, target: &'static str) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = paused.remove(target) {
            let seconds = pause.seconds();
            tracing::info!(
                request = target,
                seconds,
                "Resumed: the target accepts messages again."
            );
            requests::TARGET_PAUSED.set([target], false);
        }
    }

    /// Records that a table accepts nothing; logs it once, and only at `debug` if it is for the reason of another one, since an
    /// outage is one line.
    pub(super) fn pause(&self, table: &'static str, reason: &str) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if paused.contains_key(table) {
            return;
        }
        if paused.values().any(|other| other.reason == reason) {
            tracing::debug!(table, reason, "Paused, as another table is.");
        } else {
            tracing::error!(table, reason, "Paused: the destination accepts nothing.");
        }
        workers::TABLE_PAUSED.set([table], true);
        paused.insert(table, Paused::now(reason));
    }

    /// Records that a table accepts rows again.
    pub(super) fn resume(&self, table: &'static str) {
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = paused.remove(table) {
            let seconds = pause.seconds();
            if paused.values().any(|other| other.reason == pause.reason) {
                tracing::debug!(table, seconds, "Resumed, before another table.");
            } else {
                tracing::info!(
                    table,
                    seconds,
                    "Resumed: the destination accepts rows again."
                );
            }
            workers::TABLE_PAUSED.set([table], false);
        }
    }
}
