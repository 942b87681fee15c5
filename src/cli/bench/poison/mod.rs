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

use crate::broker::{Address, Rabbit, RabbitOptions, Topology};
use crate::contract::Envelope;
use crate::generated::PIPELINE;
use kinds::Kind;

pub(super) use found::Found;

/// One poisoned event for so many good ones.
const SHARE: u64 = 100;
/// At most so many a second, good queues must not stop for them.
const FASTEST: f64 = 20.0;
/// The digits of a number.
const DIGITS: usize = 8;

/// The poison of a run.
pub(super) struct Poison {
    prefix: String,
    count: u64,
    pause: Duration,
    patience: Duration,
    broker: Rabbit,
    instances: Vec<Channel>,
    envelope: &'static Envelope,
}

/// What was sent.
#[derive(Debug)]
pub(super) struct Sent {
    /// So many, numbered from 0.
    count: u64,
    ended: Instant,
    /// What went wrong before anything could be stored.
    wrong: Vec<String>,
}

impl Poison {
    /// Poison for a load of so many events.
    pub(super) fn new(
        url: &str,
        instances: Vec<Channel>,
        run: u64,
        events: u64,
        rate: Option<u64>,
        patience: Duration,
    ) -> anyhow::Result<Self> {
        let address = Address::parse(url).context("--poison-amqp-url")?;
        let options = RabbitOptions {
            name: "event-grpc bench".to_owned(),
            ..RabbitOptions::default()
        };
        let rate = rate.map_or(FASTEST, |rate| (rate as f64 / SHARE as f64).min(FASTEST));
        Ok(Poison {
            prefix: format!("poison-{run:016x}-"),
            count: events / SHARE,
            pause: Duration::from_secs_f64(1.0 / rate),
            patience,
            broker: Rabbit::connect(address, Topology::of(&PIPELINE, |_| true), options),
            instances,
            envelope: crate::cli::demo::envelope()?,
        })
    }

    fn name(&self, number: u64) -> String {
        format!("{}{number:0DIGITS$}", self.prefix)
    }
}

/// What the good event is called that travels with a poisoned one.
fn beside(name: &str) -> String {
    format!("{name}-good")
}
