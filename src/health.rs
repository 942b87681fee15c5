//! Health of an instance: tells load balancers if it wants traffic.

use std::sync::Arc;

use http::StatusCode;
use tokio::sync::watch;

use crate::broker::{Link, Status};

/// Health of this instance. All copies share one state.
#[derive(Debug, Clone)]
pub struct Health {
    state: Arc<watch::Sender<State>>,
}

/// What health depends on: how far the instance is, and what operators said, neither of which changes the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    phase: Phase,
    /// An operator said that it shall want no traffic.
    rests: bool,
}

/// How far an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It has not been connected to its broker yet.
    Starting,
    /// It has been.
    Serving,
    /// It was told to stop.
    Stopping,
    /// It accepts no requests any more.
    Ended,
}

impl State {
    /// The health that follows.
    pub fn beat(self) -> Beat {
        match (self.phase, self.rests) {
            (Phase::Ended, _) => Beat::Ending,
            (Phase::Stopping, _) | (_, true) => Beat::Resting,
            (Phase::Starting, false) => Beat::Starting,
            (Phase::Serving, false) => Beat::Beating,
        }
    }
}

/// Health state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// It has not been connected to its broker yet, and can't accept events.
    Starting,
    /// It wants traffic.
    Beating,
    /// It wants no traffic: it is about to stop, or an operator said so.
    Resting,
    /// It accepts no requests any more.
    Ending,
}

impl Health {
    /// Health of an instance that wants traffic.
    pub fn beating() -> Self {
        Health::of(Phase::Serving)
    }

    /// Health of an instance that doesn't want traffic yet.
    pub fn starting() -> Self {
        Health::of(Phase::Starting)
    }

    fn of(phase: Phase) -> Self {
        let rests = false;
        Health {
            state: Arc::new(watch::Sender::new(State { phase, rests })),
        }
    }

    /// Present state.
    pub fn now(&self) -> Beat {
        self.state.borrow().beat()
    }

    /// True if it wants traffic now.
    pub fn is_beating(&self) -> bool {
        self.now() == Beat::Beating
    }

    /// What `/heartbeat/` answers.
    pub fn answer(&self) -> (StatusCode, &'static str) {
        match self.now() {
            Beat::Beating => (StatusCode::OK, "beating"),
            Beat::Starting => (StatusCode::SERVICE_UNAVAILABLE, "starting"),
            Beat::Resting | Beat::Ending => (StatusCode::GONE, "not beating"),
        }
    }

    /// Sets what an operator says: whether it shall want traffic, as far as it can take some.
    pub fn beat(&self, beating: bool) {
        self.change(|state| state.rests = !beating);
    }

    /// Wants no traffic any more, whatever operators say: it is about to stop.
    pub fn stop(&self) {
        self.enter(Phase::Stopping);
    }

    /// Ends the service: from now on it accepts none.
    pub fn end(&self) {
        self.enter(Phase::Ended);
    }

    fn enter(&self, phase: Phase) {
        self.change(|state| state.phase = phase);
    }

    /// Changes the state, and tells those who watch if its health is another one then.
    fn change(&self, change: impl FnOnce(&mut State)) {
        self.state.send_if_modified(|state| {
            let before = state.beat();
            change(state);
            state.beat() != before
        });
    }

    /// Wants traffic once the broker accepts messages, unless an operator says otherwise. A broker that is lost later
    /// changes nothing: every other instance has lost it too.
    pub async fn beat_once_connected(self, mut broker: watch::Receiver<Status>) {
        if broker.wait_for(|s| s.link == Link::Up).await.is_ok() {
            self.change(|state| {
                if state.phase == Phase::Starting {
                    state.phase = Phase::Serving;
                }
            });
        }
    }

    /// Receiver of changes.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(link: Link) -> Status {
        Status {
            link,
            problems: Arc::new([]),
            not_consumed: Arc::default(),
            late: Arc::default(),
            shut: Arc::default(),
        }
    }

    #[tokio::test]
    async fn it_beats_once_the_broker_is_there_unless_it_was_told_to_rest() {
        for rests in [false, true] {
            let broker = watch::Sender::new(status(Link::Closed));
            let health = Health::starting();
            let waits = health.clone().beat_once_connected(broker.subscribe());
            let waits = tokio::spawn(waits);
            if rests {
                health.beat(false);
            }
            broker.send_replace(status(Link::Up));
            assert!(waits.await.is_ok());
            assert_eq!(health.is_beating(), !rests);
        }
    }

    #[test]
    fn no_operator_makes_it_want_traffic_before_it_is_connected_or_while_it_stops() {
        let health = Health::starting();
        for beating in [true, false, true] {
            health.beat(beating);
            assert!(!health.is_beating());
        }
        assert_eq!(health.now(), Beat::Starting);
        health.enter(Phase::Serving);
        assert!(health.is_beating());
        health.beat(false);
        assert_eq!(health.now(), Beat::Resting);
        health.beat(true);
        assert!(health.is_beating());
        health.stop();
        health.beat(true);
        assert_eq!(health.now(), Beat::Resting);
        health.end();
        health.beat(true);
        assert_eq!(health.now(), Beat::Ending);
    }
}
