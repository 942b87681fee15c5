//! Poison: events that no table can take, sent among the good ones. Each has a number of its own, and has to become one
//! dead letter with the right class; the good event that travels with it has to be stored.
//!
//! It is for `cargo xtask chaos`: what it looks at in the end is everything that the dead-letter table holds.

mod bodies;
mod found;
mod kinds;
mod send;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tonic::transport::Channel;

use crate::connect::Proof;
use event_grpc::broker::Broker;
use event_grpc::contract::Envelope;
use event_grpc::generated::PIPELINE;
use kinds::Kind;

pub(crate) use found::Found;

/// One poisoned event for so many good ones.
const SHARE: u64 = 100;
/// At most so many a second, good queues must not stop for them.
const FASTEST: f64 = 20.0;
/// So many are under way at once, so that one which has to wait for a server doesn't hold up the others.
const UNDER_WAY: u64 = 16;
/// The digits of a number.
const DIGITS: usize = 8;

/// The poison of a run.
pub(crate) struct Poison {
    prefix: String,
    pace: Pace,
    patience: Duration,
    broker: Arc<dyn Broker>,
    instances: Vec<Channel>,
    proof: Proof,
    envelope: &'static Envelope,
    kinds: Vec<&'static Kind>,
}

/// How many messages there are beside a load, and the interval between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    pub(crate) count: u64,
    pub(crate) pause: Duration,
}

/// Sent events.
#[derive(Debug)]
pub(crate) struct Sent {
    /// So many, numbered from 0.
    count: u64,
    ended: Instant,
    /// Errors before anything could be stored.
    wrong: Vec<String>,
}

impl Poison {
    /// Poison of a run; with `stores` also such as PostgreSQL and an HTTP API refuse.
    pub(crate) fn new(
        broker: Arc<dyn Broker>,
        instances: Vec<Channel>,
        proof: Proof,
        run: u64,
        pace: Pace,
        patience: Duration,
        stores: bool,
    ) -> anyhow::Result<Self> {
        Ok(Poison {
            prefix: format!("poison-{run:016x}-"),
            pace,
            patience,
            broker,
            instances,
            proof,
            envelope: event_grpc::traffic::envelope(&PIPELINE)?,
            kinds: kinds::all(stores).collect(),
        })
    }

    /// Kind of the poison with this number.
    fn kind(&self, number: u64) -> Option<&'static Kind> {
        let of = number.checked_rem(self.kinds.len() as u64)?;
        self.kinds.get(usize::try_from(of).ok()?).copied()
    }

    fn name(&self, number: u64) -> String {
        format!("{}{number:0DIGITS$}", self.prefix)
    }
}

impl Pace {
    /// Pace beside so many events. They end when the events do, however fast those come: if one in a hundred would be more
    /// than a queue should have to bear, there are fewer.
    pub(crate) fn beside(events: u64, rate: Option<u64>) -> Self {
        let share = events / SHARE;
        let Some(rate) = rate else {
            return Pace {
                count: share,
                pause: Duration::from_secs_f64(1.0 / FASTEST),
            };
        };
        let seconds = events as f64 / rate as f64;
        let count = share.min((seconds * FASTEST) as u64);
        Pace {
            count,
            pause: Duration::from_secs_f64(seconds / count.max(1) as f64),
        }
    }

    /// When a message is due.
    pub(crate) fn due(self, number: u64, began: Instant) -> Instant {
        began + self.pause * u32::try_from(number).unwrap_or(u32::MAX)
    }
}

/// Id of the good event that travels with a poisoned one.
fn beside(name: &str) -> String {
    format!("{name}-good")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poison_ends_when_the_events_do() {
        for (events, rate) in [
            (18_000, 300),
            (2_700_000, 3000),
            (10_000_000, 100_000),
            (50, 10),
        ] {
            let Pace { count, pause } = Pace::beside(events, Some(rate));
            let seconds = events as f64 / rate as f64;
            assert!(count <= events / SHARE);
            assert!(pause.as_secs_f64() * count as f64 <= seconds + 1.0);
            assert!(count as f64 / seconds <= FASTEST);
        }
        assert_eq!(
            Pace::beside(18_000, Some(300)),
            Pace {
                count: 180,
                pause: Duration::from_secs_f64(1.0 / 3.0)
            }
        );
        assert_eq!(Pace::beside(2_700_000, Some(3000)).count, 18_000);
    }
}
