//! Stops a queue that turns too much into dead letters: then it is not the events that are bad, or an API that refuses
//! them has a reason that somebody should look at.
//!
//! What a sender alone is to blame for doesn't count, or one sender could stop all others. It does so only as long as
//! this build has not stored a single unit of the queue: if nobody's are good, it may be the build that reads them
//! wrongly, in the same words.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::settle::Decided;
use super::state::States;
use crate::contract::Queue;

/// How long is counted before it is counted anew.
const WINDOW: Duration = Duration::from_secs(60);

/// How long a queue is stopped at first, and at most.
const FIRST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(600);

/// How many units that only their senders are to blame for say something, while none is good.
const MANY: u64 = 10_000;

/// How many messages a trial takes.
pub(super) const FEW: usize = 10;

/// How many units say anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Least {
    /// While the queue is worked on.
    usual: u64,
    /// In a trial.
    trial: u64,
}

impl Least {
    /// Of a table, whose messages come in batches and hold many units.
    pub(super) const TABLE: Least = Least {
        usual: 1000,
        trial: 1,
    };
    /// Of a request, whose messages are sent one by one, and not many a second.
    pub(super) const REQUEST: Least = Least {
        usual: 100,
        trial: FEW as u64,
    };
}

/// The breakers of a table's queues, or of a request's.
#[derive(Debug, Clone)]
pub(super) struct Breakers {
    by_queue: Arc<BTreeMap<&'static str, Breaker>>,
}

/// Whether a queue is worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It is.
    Closed,
    /// It isn't, for a while.
    Open,
    /// A few messages show whether it may be again.
    Trial,
}

/// The breaker of one queue.
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
    /// Whose senders are to blame, as long as none was ever stored.
    own_faults: u64,
    /// Whether any was ever stored.
    good: bool,
    /// How long the next stop takes.
    wait: Duration,
    /// When the last one ended, or the present one does.
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

    /// The breaker of a queue.
    pub(super) fn of(&self, queue: &Queue) -> Option<&Breaker> {
        self.by_queue.get(queue.name)
    }

    /// Counts what became of messages, and gives back those that would be dead letters of a queue that is stopped.
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
                decided.message.delivery.duty.give_back().await;
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

    /// The phase, and every change of it.
    pub(super) fn phases(&self) -> watch::Receiver<Phase> {
        self.phase.subscribe()
    }

    /// Waits while the queue is stopped, and says how it is worked on next.
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

    /// Counts units: stored ones, dead letters, and those that their senders are to blame for. True if what is a dead
    /// letter among them must not become one.
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
        // The few that were let through for a trial get what they deserve, or it would be the same few for ever.
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

    /// How many of the units whose senders are to blame count as if the build were.
    fn suspicious(&self, count: &mut Count, phase: Phase, own_faults: u64) -> u64 {
        if count.good {
            return 0;
        }
        count.own_faults += own_faults;
        match count.own_faults >= MANY {
            // In a trial each counts by itself.
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
