//! Poison: events that no table can take, sent among the good ones. Each has a number of its own, and has to become one
//! dead letter with the right class; the good event that travels with it has to be stored.
//!
//! It is for `cargo xtask chaos`: what it looks at in the end is everything that the dead-letter table holds.

mod found;
mod kinds;
mod send;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use tonic::transport::Channel;

use crate::connect::Proof;
use event_grpc::broker::{Address, Rabbit, RabbitOptions, Topology};
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
    count: u64,
    pause: Duration,
    patience: Duration,
    broker: Rabbit,
    instances: Vec<Channel>,
    proof: Proof,
    envelope: &'static Envelope,
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
    /// Poison for a load of so many events.
    pub(crate) fn new(
        url: &str,
        instances: Vec<Channel>,
        proof: Proof,
        run: u64,
        events: u64,
        rate: Option<u64>,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let address = Address::parse(url).context("--poison-amqp-url")?;
        let options = RabbitOptions {
            name: "event-grpc loadgen".to_owned(),
            ..RabbitOptions::default()
        };
        let (count, pause) = paced(events, rate);
        Ok(Poison {
            prefix: format!("poison-{run:016x}-"),
            count,
            pause,
            patience,
            broker: Rabbit::connect(address, Topology::of(&PIPELINE, |_| true), options),
            instances,
            proof,
            envelope: event_grpc::traffic::envelope(&PIPELINE)?,
        })
    }

    fn name(&self, number: u64) -> String {
        format!("{}{number:0DIGITS$}", self.prefix)
    }
}

/// Number of poisoned events beside so many events, and the interval between them. They end when the events do, however
/// fast those come: if one in a hundred would be more than a queue should have to bear, there are fewer.
fn paced(events: u64, rate: Option<u64>) -> (u64, Duration) {
    let share = events / SHARE;
    let Some(rate) = rate else {
        return (share, Duration::from_secs_f64(1.0 / FASTEST));
    };
    let seconds = events as f64 / rate as f64;
    let count = share.min((seconds * FASTEST) as u64);
    (
        count,
        Duration::from_secs_f64(seconds / count.max(1) as f64),
    )
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
            let (count, pause) = paced(events, Some(rate));
            let seconds = events as f64 / rate as f64;
            assert!(count <= events / SHARE);
            assert!(pause.as_secs_f64() * count as f64 <= seconds + 1.0);
            assert!(count as f64 / seconds <= FASTEST);
        }
        assert_eq!(
            paced(18_000, Some(300)),
            (180, Duration::from_secs_f64(1.0 / 3.0))
        );
        assert_eq!(paced(2_700_000, Some(3000)).0, 18_000);
    }
}
