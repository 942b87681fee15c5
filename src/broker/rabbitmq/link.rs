//! Keeps one connection: makes it, declares the topology, sees when it breaks, and makes it again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use futures_util::StreamExt;
use lapin::{Error, Event};
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::address::Address;
use super::declare::declare;
use super::dial::Session;
use super::monitor::{Monitor, Role};
use crate::broker::api::error::PublishError;
use crate::broker::api::topology::{Topology, TopologyError};

/// A connection that held this long starts the backoff anew when it breaks.
const STABLE: Duration = Duration::from_secs(5);

/// Phase of a connection, as its users see it.
#[derive(Clone)]
pub(super) enum Phase {
    /// It can be used, and the topology is declared.
    Up(Arc<Session>),
    /// It is there, but the broker reads nothing from it.
    Blocked { since: Instant, reason: String },
    /// The remainder is zero.
    Down { since: Instant, reason: String },
}

/// State that both connections share.
pub(super) struct Shared {
    pub(super) address: Address,
    pub(super) name: String,
    pub(super) topology: Topology,
    pub(super) monitor: Arc<Monitor>,
    pub(super) stop: CancellationToken,
    /// The largest frame that the connections take, in bytes.
    pub(super) frame_max: AtomicUsize,
    /// The largest body that the broker takes, as far as we know, in bytes.
    pub(super) max_body: AtomicUsize,
    /// Held while declaring: two connections that declare the same queue at the same moment only get in each
    /// other's way.
    pub(super) declaring: Mutex<()>,
}

impl Shared {
    /// Declares the topology once more, because something that was there is gone.
    pub(super) async fn declare_again(&self, session: &Session) -> Result<(), Error> {
        let problems = self.declare(session).await?;
        self.monitor.problems(problems);
        Ok(())
    }

    /// Takes note of the largest body that the broker takes, if that is what it says.
    pub(super) fn learn_max_body(&self, refusal: &str) {
        let Some((_, rest)) = refusal.split_once("larger than configured max size ") else {
            return;
        };
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next();
        if let Some(Ok(limit)) = digits.map(str::parse) {
            let before = self.max_body.fetch_min(limit, Ordering::Relaxed);
            if limit < before {
                tracing::warn!(
                    limit,
                    "The broker takes smaller messages than usual; larger dead letters are cut."
                );
            }
        }
    }

    async fn declare(&self, session: &Session) -> Result<Vec<TopologyError>, Error> {
        let _alone = self.declaring.lock().await;
        declare(session, &self.topology).await
    }
}

/// One connection's keeper.
pub(super) struct Link {
    shared: Arc<Shared>,
    role: Role,
    phases: watch::Sender<Phase>,
}

/// Delays between attempts, without end.
pub(super) fn delays() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(5))
        .with_jitter()
        .without_max_times()
        .build()
}

impl Link {
    pub(super) fn new(shared: &Arc<Shared>, role: Role) -> Self {
        let first = Phase::Down {
            since: Instant::now(),
            reason: "the first connection is being made".to_owned(),
        };
        Self {
            shared: Arc::clone(shared),
            role,
            phases: watch::Sender::new(first),
        }
    }

    pub(super) fn phases(&self) -> watch::Receiver<Phase> {
        self.phases.subscribe()
    }

    /// Keeps the connection until the broker is closed.
    pub(super) async fn keep(self) {
        let stop = self.shared.stop.clone();
        let mut delays = delays();
        while !stop.is_cancelled() {
            let began = Instant::now();
            let connected = tokio::select! {
                connected = self.connect() => connected,
                () = stop.cancelled() => break,
            };
            let reason = match connected {
                Ok((session, problems)) => {
                    let session = Arc::new(session);
                    let reason = self.watch(&session, problems).await;
                    session.lost();
                    session.close().await;
                    reason
                }
                Err(reason) => reason,
            };
            if stop.is_cancelled() {
                break;
            }
            self.down(reason);
            if began.elapsed() > STABLE {
                delays = self::delays();
            }
            let delay = delays.next().unwrap_or(STABLE);
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = stop.cancelled() => break,
            }
        }
        self.phases.send_replace(Phase::Down {
            since: Instant::now(),
            reason: "the broker is closed".to_owned(),
        });
    }

    async fn connect(&self) -> Result<(Session, Vec<TopologyError>), String> {
        let session = Session::dial(&self.shared.address, &self.shared.name).await?;
        let frame_max = session.connection.configuration().frame_max();
        let frame_max = usize::try_from(frame_max).unwrap_or(usize::MAX);
        self.shared.frame_max.store(frame_max, Ordering::Relaxed);
        let problems = self.shared.declare(&session).await;
        let problems = problems.map_err(|error| error.to_string())?;
        Ok((session, problems))
    }

    /// Watches a connection until it breaks or is not wanted any more, and says what ended it.
    async fn watch(&self, session: &Arc<Session>, problems: Vec<TopologyError>) -> String {
        let mut events = session.connection.events_listener();
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut reason = "the connection was lost".to_owned();
        // Usable first, then announced: who waits for the announcement must not be refused.
        self.phases.send_replace(Phase::Up(Arc::clone(session)));
        self.shared.monitor.up(self.role, problems);
        if session.connection.status().blocked() {
            self.blocked("it has not said why".to_owned());
        }
        while session.is_up() {
            tokio::select! {
                event = events.next() => match event {
                    Some(Event::ConnectionBlocked(reason)) => self.blocked(reason),
                    Some(Event::ConnectionUnblocked) => {
                        self.phases.send_replace(Phase::Up(Arc::clone(session)));
                        self.shared.monitor.unblocked(self.role);
                    }
                    Some(Event::Error(error)) => reason = error.to_string(),
                    Some(_) => {}
                    None => break,
                },
                // An error is announced a moment before the state changes, so look again soon.
                _ = tick.tick() => {}
                () = self.shared.stop.cancelled() => break,
            }
        }
        reason
    }

    fn blocked(&self, reason: String) {
        self.phases.send_replace(Phase::Blocked {
            since: Instant::now(),
            reason: reason.clone(),
        });
        self.shared.monitor.blocked(self.role, reason);
    }

    fn down(&self, reason: String) {
        self.phases.send_modify(|phase| {
            let since = match phase {
                Phase::Down { since, .. } => *since,
                _ => Instant::now(),
            };
            *phase = Phase::Down {
                since,
                reason: reason.clone(),
            };
        });
        self.shared.monitor.down(self.role, reason);
    }
}

// === impl Phase ===

impl Phase {
    /// The connection, if it can be used.
    pub(super) fn session(&self) -> Option<&Arc<Session>> {
        match self {
            Self::Up(session) => Some(session),
            _ => None,
        }
    }

    /// Reason why nothing can be published, and since when.
    pub(super) fn refusal(&self) -> Option<(Instant, PublishError)> {
        match self.clone() {
            Self::Up(_) => None,
            Self::Blocked { since, reason } => Some((since, PublishError::Blocked { reason })),
            Self::Down { since, reason } => Some((since, PublishError::Down { reason })),
        }
    }
}
