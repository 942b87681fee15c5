//! Whether this instance wants traffic, as load balancers ask for it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::broker::{Link, Status};

/// Whether this instance wants traffic. All copies share one state.
#[derive(Debug, Clone)]
pub struct Health {
    state: Arc<watch::Sender<Beat>>,
}

/// What an instance says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beat {
    /// It has not been connected to its broker yet, and could take nothing.
    Starting,
    /// It wants traffic.
    Beating,
    /// It wants none: it is about to end, or was told to rest.
    Resting,
    /// It takes none any more.
    Ending,
}

impl Health {
    /// An instance that wants traffic.
    pub fn beating() -> Self {
        Health::of(Beat::Beating)
    }

    /// An instance that wants none yet.
    pub fn starting() -> Self {
        Health::of(Beat::Starting)
    }

    fn of(beat: Beat) -> Self {
        Health {
            state: Arc::new(watch::Sender::new(beat)),
        }
    }

    /// What it says now.
    pub fn now(&self) -> Beat {
        *self.state.borrow()
    }

    /// Whether it wants traffic now.
    pub fn is_beating(&self) -> bool {
        self.now() == Beat::Beating
    }

    /// From now on it wants traffic, or none.
    pub fn beat(&self, beating: bool) {
        self.state.send_replace(match beating {
            true => Beat::Beating,
            false => Beat::Resting,
        });
    }

    /// From now on it takes none.
    pub fn end(&self) {
        self.state.send_replace(Beat::Ending);
    }

    /// Wants traffic once the broker takes messages, unless it was told something else until then. A broker that is
    /// lost later changes nothing: every other instance has lost it too, and can only say so.
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

    /// Follows the changes.
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
