//! Health of an instance: tells load balancers if it wants traffic.

use std::sync::Arc;

use http::StatusCode;
use tokio::sync::watch;

use crate::broker::{Link, Status};

/// Health of this instance. All copies share one state.
#[derive(Debug, Clone)]
pub struct Health {
    state: Arc<watch::Sender<Beat>>,
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
        Health::of(Beat::Beating)
    }

    /// Health of an instance that doesn't want traffic yet.
    pub fn starting() -> Self {
        Health::of(Beat::Starting)
    }

    fn of(beat: Beat) -> Self {
        Health {
            state: Arc::new(watch::Sender::new(beat)),
        }
    }

    /// Present state.
    pub fn now(&self) -> Beat {
        *self.state.borrow()
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

    /// Sets if it wants traffic.
    pub fn beat(&self, beating: bool) {
        self.state.send_replace(match beating {
            true => Beat::Beating,
            false => Beat::Resting,
        });
    }

    /// Ends the service: from now on it accepts none.
    pub fn end(&self) {
        self.state.send_replace(Beat::Ending);
    }

    /// Wants traffic once the broker accepts messages, unless set otherwise until then. A broker that is lost later
    /// changes nothing: every other instance has lost it too.
    pub async fn beat_once_connected(self, mut broker: watch::Receiver<Status>) {
        if broker.wait_for(|s| s.link == Link::Up).await.is_ok() {
            self.state.send_if_modified(|beat| {
                let starting = *beat == Beat::Starting;
                if starting {
                    *beat = Beat::Beating;
                }
                starting
            });
        }
    }

    /// Receiver of changes.
    pub fn watch(&self) -> watch::Receiver<Beat> {
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
}
