//! Circuit breaker of a queue: stops it when too many of its units would become dead letters. Then the events are
//! probably not to blame, or an API refuses them for a reason that an operator should look at.
//!
//! Errors of the sender alone don't count, or one sender could stop all others. They count only as long as this process
//! has not stored a single unit of the queue: if none is good, this build may be misreading them, with the same errors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::settle::Decided;
use super::state::States;
use crate::contract::Queue;

/// Length of a counting window.
const WINDOW: Duration = Duration::from_secs(60);

/// First and maximum time that the breaker stays open.
const FIRST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(600);

/// Number of sender errors that count, while no unit is good.
const MANY: u64 = 10_000;

/// Number of messages in the half-open state.
pub(super) const FEW: usize = 10;

/// Minimum number of units to decide on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Least {
    /// While the breaker is closed.
    usual: u64,
    /// While it is half-open.
    trial: u64,
}

impl Least {
    /// For a table, whose messages come in batches and hold many units.
    pub(super) const TABLE: Least = Least {
        usual: 1000,
        trial: 1,
    };
    /// For a request, whose messages are sent one by one, and not many a second.
    pub(super) const REQUEST: Least = Least {
        usual: 100,
        trial: FEW as u64,
    };
}

/// Circuit breakers of the queues of a table or a request.
#[derive(Debug, Clone)]
pub(super) struct Breakers {
    by_queue: Arc<BTreeMap<&'static str, Breaker>>,
}

/// State of a circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The queue is consumed.
    Closed,
    /// The queue is stopped for a while.
    Open,
    /// Half-open: a few messages show if the breaker may close.
    Trial,
}

/// Circuit breaker of one queue.
#[derive(Debug)]
pub(super) struct Breaker {
    queue: &'static Queue,
    states: States,
    least: Least,
    phase: watch::Sender<Phase>,
    count: Mutex<Count>,
}

#[derive(Debug)]
struct Count {
    began: Instant,
    stored: u64,
    dead: u64,
    /// Number of sender errors, while no unit was ever stored.
    own_faults: u64,
    /// True if a unit was ever stored.
    good: bool,
    /// How long it will stay open the next time.
    wait: Duration,
    /// End of the last or present open state.
    until: Instant,
}

impl Breakers {
    pub(super) fn new(queues: &[&'static Queue], least: Least, states: &States) -> Self {
        let breaker =
            |queue: &&'static Queue| (queue.name, Breaker::new(queue, least, states.clone()));
        Breakers {
            by_queue: Arc::new(queues.iter().map(breaker).collect()),
        }
    }

    /// Circuit breaker of a queue.
    pub(super) fn of(&self, queue: &Queue) -> Option<&Breaker> {
        self.by_queue.get(queue.name)
    }

    /// Counts outcomes of messages, and returns those that must not become dead letters because the breaker is open.
    pub(super) async fn admit(&self, decided: Vec<Decided>) -> Vec<Decided> {
        let mut stopped = Vec::new();
        for (name, breaker) in &*self.by_queue {
            let of_queue = decided.iter().filter(|d| d.message.queue.name == *name);
            let (mut stored, mut dead, mut own) = (0, 0, 0);
            for decided in of_queue {
                let [units, letters, _] = decided.counts();
                let faults = decided.own_faults();
                stored += units as u64;
                dead += letters.saturating_sub(faults) as u64;
                own += faults as u64;
            }
            if breaker.record(stored, dead, own) {
                stopped.push(*name);
            }
        }
        if stopped.is_empty() {
            return decided;
        }
        let mut admitted = Vec::with_capacity(decided.len());
        for decided in decided {
            let [_, dead, _] = decided.counts();
            if dead > 0 && stopped.contains(&decided.message.queue.name) {
                decided.message.delivery.ack_guard.give_back().await;
            } else {
                admitted.push(decided);
            }
        }
        admitted
    }
}

impl Breaker {
    fn new(queue: &'static Queue, least: Least, states: States) -> Self {
        let now = Instant::now();
        Breaker {
            queue,
            states,
            least,
            phase: watch::Sender::new(Phase::Closed),
            count: Mutex::new(Count {
                began: now,
                stored: 0,
                dead: 0,
                own_faults: 0,
                good: false,
                wait: FIRST,
                until: now,
            }),
        }
    }

    /// Receiver of the state.
    pub(super) fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Waits while it is open, and returns the next state.
    pub(super) async fn turn(&self) -> Phase {
        let phase = *self.phase.borrow();
        if phase == Phase::Open {
            let until = self.count().until;
            tokio::time::sleep_until(until).await;
            self.phase.send_replace(Phase::Trial);
            return Phase::Trial;
        }
        phase
    }

    /// Counts units: stored ones, dead letters, and sender errors. True if the dead letters among them must not be
    /// made.
    pub(super) fn record(&self, stored: u64, dead: u64, own_faults: u64) -> bool {
        let phase = *self.phase.borrow();
        let mut count = self.count();
        if phase == Phase::Open {
            return true;
        }
        count.good |= stored > 0;
        let dead = dead + self.suspicious(&mut count, phase, own_faults);
        if stored + dead == 0 {
            return false;
        }
        let now = Instant::now();
        if phase == Phase::Closed && now - count.began > WINDOW {
            (count.began, count.stored, count.dead) = (now, 0, 0);
        }
        count.stored += stored;
        count.dead += dead;
        let (dead, all) = (count.dead, count.stored + count.dead);
        if phase == Phase::Closed {
            if all < self.least.usual || !self.is_too_much(dead, all) {
                return false;
            }
            if now - count.until > count.wait {
                count.wait = FIRST;
            }
            self.open(&mut count, dead, all);
            return true;
        }
        // The few messages of the half-open state are settled, or the same few would come for ever.
        if all < self.least.trial {
            return false;
        }
        if self.is_too_much(dead, all) {
            self.open(&mut count, dead, all);
        } else {
            (count.began, count.stored, count.dead) = (now, 0, 0);
            count.until = now;
            self.phase.send_replace(Phase::Closed);
            self.states.resume_queue(self.queue.name);
        }
        false
    }

    /// Number of sender errors that count as if this build were the cause.
    fn suspicious(&self, count: &mut Count, phase: Phase, own_faults: u64) -> u64 {
        if count.good {
            return 0;
        }
        count.own_faults += own_faults;
        match count.own_faults >= MANY {
            // While half-open, each counts by itself.
            true if phase == Phase::Trial => own_faults,
            true => count.own_faults,
            false => 0,
        }
    }

    fn is_too_much(&self, dead: u64, all: u64) -> bool {
        dead * 100 > u64::from(self.queue.breaker) * all
    }

    fn open(&self, count: &mut Count, dead: u64, all: u64) {
        let reason = format!(
            "{dead} of {all} would be dead letters, which is more than {} %",
            self.queue.breaker
        );
        self.states.pause_queue(self.queue.name, &reason);
        let now = Instant::now();
        (count.began, count.stored, count.dead) = (now, 0, 0);
        count.until = now + count.wait;
        count.wait = (count.wait * 2).min(LONGEST);
        self.phase.send_replace(Phase::Open);
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
