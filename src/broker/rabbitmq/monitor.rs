//! The state of both connections as one: one line in the log when it turns bad, one when it is good again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use super::address::Address;
use crate::broker::api::status::{Link, Status, Troubles};
use crate::broker::api::topology::TopologyError;
use crate::metrics::broker::{CONNECTION, CONNECTIONS_LOST, EXCHANGE_SHUT, UP};

/// Role of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    Publish = 0,
    Consume = 1,
}

impl Role {
    /// Name in metrics.
    fn name(self) -> &'static str {
        match self {
            Role::Publish => "publish",
            Role::Consume => "consume",
        }
    }
}

/// Both connections' state.
pub(super) struct Monitor {
    address: Address,
    links: Mutex<Links>,
    status: watch::Sender<Status>,
}

struct Links {
    each: [Link; 2],
    /// True while the first attempt is under way, by role.
    beginning: [bool; 2],
    problems: Vec<TopologyError>,
    not_consumed: Troubles,
    shut: Troubles,
    /// Last state that was logged.
    told: Option<LoggedState>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LoggedState {
    Up,
    Down,
    Blocked,
    Closed,
}

impl Monitor {
    pub(super) fn new(address: Address) -> Arc<Self> {
        let first = Link::Down {
            since: SystemTime::now(),
            reason: "the first connection is being made".to_owned(),
        };
        UP.set_to(false);
        Arc::new(Self {
            address,
            links: Mutex::new(Links {
                each: [first.clone(), first.clone()],
                beginning: [true; 2],
                problems: Vec::new(),
                not_consumed: Troubles::new(),
                shut: Troubles::new(),
                told: None,
            }),
            status: watch::Sender::new(Status::of(first)),
        })
    }

    pub(super) fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// A connection is made, and this is what it found declared otherwise.
    pub(super) fn up(&self, role: Role, problems: Vec<TopologyError>) {
        self.problems(problems);
        self.set(role, Link::Up);
    }

    pub(super) fn down(&self, role: Role, reason: String) {
        let since = SystemTime::now();
        self.set(role, Link::Down { since, reason });
    }

    pub(super) fn blocked(&self, role: Role, reason: String) {
        let since = SystemTime::now();
        self.set(role, Link::Blocked { since, reason });
    }

    pub(super) fn unblocked(&self, role: Role) {
        self.set(role, Link::Up);
    }

    pub(super) fn closed(&self) {
        self.set(Role::Publish, Link::Closed);
        self.set(Role::Consume, Link::Closed);
    }

    /// Takes the newest findings, and logs those that are new.
    pub(super) fn problems(&self, problems: Vec<TopologyError>) {
        let mut links = self.lock();
        let known: HashSet<_> = links.problems.drain(..).collect();
        for problem in problems.iter().filter(|problem| !known.contains(problem)) {
            tracing::error!(
                what = problem.what,
                declared = problem.declared,
                broker = problem.broker,
                "The broker has something declared otherwise than the pipeline; it is used as it is. docs/cutover.md tells how to replace it."
            );
        }
        links.problems = problems;
        self.announce(&links);
    }

    /// A queue can't be consumed.
    pub(super) fn not_consumed(&self, queue: &'static str, reason: &str) {
        let mut links = self.lock();
        links.not_consumed.insert(queue, reason.to_owned());
        self.announce(&links);
    }

    /// A queue is consumed, or nobody wants that.
    pub(super) fn consumed(&self, queue: &'static str) {
        let mut links = self.lock();
        if links.not_consumed.remove(queue).is_some() {
            self.announce(&links);
        }
    }

    /// An exchange takes no messages. It is logged once.
    pub(super) fn shut(&self, exchange: &'static str, reason: &str) {
        let mut links = self.lock();
        if links.shut.insert(exchange, reason.to_owned()).is_none() {
            EXCHANGE_SHUT.set([exchange], true);
            tracing::error!(
                exchange,
                reason,
                "The broker takes no messages for an exchange. What is for it is refused; it is tried again."
            );
        }
        self.announce(&links);
    }

    /// An exchange takes messages again.
    pub(super) fn open(&self, exchange: &'static str) {
        let mut links = self.lock();
        if links.shut.remove(exchange).is_some() {
            EXCHANGE_SHUT.set([exchange], false);
            tracing::info!(exchange, "The exchange takes messages again.");
            self.announce(&links);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, role: Role, link: Link) {
        let mut links = self.lock();
        let name = role.name();
        let role = role as usize;
        if let Some(current) = links.each.get_mut(role) {
            count(name, current, &link);
            *current = keep_since(current, link);
        }
        if let Some(beginning) = links.beginning.get_mut(role) {
            *beginning = false;
        }
        // Nothing is said before both first attempts have ended.
        if links.beginning == [false; 2] {
            self.tell(&mut links);
        }
        self.announce(&links);
    }

    /// Logs a change for the worse or the better, but not each failed attempt.
    fn tell(&self, links: &mut Links) {
        let link = links.worst();
        let now = match link {
            Link::Up => LoggedState::Up,
            Link::Down { .. } => LoggedState::Down,
            Link::Blocked { .. } => LoggedState::Blocked,
            Link::Closed => LoggedState::Closed,
        };
        if links.told == Some(now) {
            return;
        }
        let address = &self.address;
        match link {
            Link::Up => tracing::info!(%address, "The broker is connected."),
            Link::Down { reason, .. } => {
                tracing::error!(%address, reason, "The broker is not connected; trying again.");
            }
            Link::Blocked { reason, .. } => {
                tracing::error!(%address, reason, "The broker takes no messages.");
            }
            Link::Closed => tracing::info!(%address, "The broker is disconnected."),
        }
        links.told = Some(now);
    }

    fn announce(&self, links: &Links) {
        let link = links.worst();
        UP.set_to(link == Link::Up);
        self.status.send_replace(Status {
            link,
            problems: links.problems.clone().into(),
            not_consumed: Arc::new(links.not_consumed.clone()),
            shut: Arc::new(links.shut.clone()),
            late: Arc::default(),
        });
    }
}

impl Links {
    fn worst(&self) -> Link {
        let rank = |link: &&Link| match link {
            Link::Up => 0,
            Link::Blocked { .. } => 1,
            Link::Down { .. } => 2,
            Link::Closed => 3,
        };
        self.each
            .iter()
            .max_by_key(rank)
            .cloned()
            .unwrap_or(Link::Closed)
    }
}

/// Counts a change of a connection's state.
fn count(role: &'static str, before: &Link, now: &Link) {
    for (state, is_now) in [
        ("up", matches!(now, Link::Up)),
        ("down", matches!(now, Link::Down { .. })),
        ("blocked", matches!(now, Link::Blocked { .. })),
    ] {
        CONNECTION.set([role, state], is_now);
    }
    let was_up = matches!(before, Link::Up | Link::Blocked { .. });
    if was_up && matches!(now, Link::Down { .. }) {
        CONNECTIONS_LOST.with([role]).increment(1);
    }
}

/// A trouble that goes on began when it began.
fn keep_since(current: &Link, new: Link) -> Link {
    match (current, new) {
        (Link::Down { since, .. }, Link::Down { reason, .. }) => Link::Down {
            since: *since,
            reason,
        },
        (Link::Blocked { since, .. }, Link::Blocked { reason, .. }) => Link::Blocked {
            since: *since,
            reason,
        },
        (_, new) => new,
    }
}
