//! Sends requests and times their answers.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytes::Bytes;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tonic::transport::{Channel, Endpoint};

use crate::connect::{ConnectArgs, Proof};
use crate::door::{Door, PAUSE, may_pass};
use crate::pattern::Patterns;

/// The longest latency that is told apart, in microseconds.
const LONGEST: u64 = 600_000_000;

/// A load.
pub(crate) struct Load {
    pub(crate) patterns: Patterns,
    pub(crate) events: u64,
    /// Events a second; none for as fast as they are answered.
    pub(crate) rate: Option<u64>,
    /// How long a request is retried.
    pub(crate) patience: Duration,
    /// True if each request is sent once more, after the next one of its sender was taken.
    pub(crate) again: bool,
    /// File that ends it.
    pub(crate) until: Option<PathBuf>,
    /// What proves who sends.
    pub(crate) proof: Proof,
}

/// Result of a load.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
    pub(crate) requests: u64,
    /// Events that were acknowledged.
    pub(crate) acknowledged: u64,
    /// Events that the server rejected.
    pub(crate) rejected: u64,
    /// Events whose requests were given up.
    pub(crate) given_up: u64,
    /// Answers that asked to try again, or that didn't come.
    pub(crate) repeated: u64,
    /// Reason why the last request was given up.
    pub(crate) reason: Option<String>,
    /// Microseconds from when a request was due until its last answer.
    pub(crate) latency: Histogram<u64>,
}

/// Opens so many connections to each address.
pub(crate) async fn connect(
    to: &[String],
    connections: u16,
    with: &ConnectArgs,
) -> anyhow::Result<Vec<Channel>> {
    let mut channels = Vec::new();
    for address in to {
        let endpoint = Endpoint::from_shared(address.clone())
            .with_context(|| format!("{address} is no address"))?
            .tcp_nodelay(true)
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(8 << 20);
        for _ in 0..connections {
            let channel = with.connect(&endpoint).await;
            channels.push(channel.with_context(|| format!("no server answers at {address}"))?);
        }
    }
    Ok(channels)
}

impl Load {
    /// Sends everything, with so many requests unanswered on each connection.
    pub(crate) async fn run(self: &Arc<Self>, channels: Vec<Channel>, in_flight: u16) -> Sent {
        let next = Arc::new(AtomicU64::new(0));
        let began = Instant::now();
        let mut senders = JoinSet::new();
        for (at, channel) in channels.iter().enumerate() {
            // The connections to an address are next to each other.
            let other = (at + channels.len() / 2) % channels.len();
            for _ in 0..in_flight {
                let (load, next) = (Arc::clone(self), Arc::clone(&next));
                let other = channels.get(other).unwrap_or(channel);
                let doors = [channel, other].map(|channel| {
                    Door::new(load.patterns.form(), channel.clone(), load.proof.clone())
                });
                senders.spawn(send_until_done(load, doors, next, began));
            }
        }
        let mut sent = Sent::nothing(began);
        while let Some(part) = senders.join_next().await {
            match part {
                Ok(part) => sent.add(part),
                Err(error) => sent.reason = Some(format!("a sender failed: {error}")),
            }
        }
        sent.ended = Instant::now();
        sent
    }

    fn requests(&self) -> u64 {
        self.events.div_ceil(u64::from(self.patterns.batch()))
    }

    /// True if the file that ends it is there.
    fn is_over(&self) -> bool {
        self.until.as_ref().is_some_and(|path| path.exists())
    }

    /// When a request is due. A server that falls behind is not spared the ones after it.
    fn due(&self, number: u64, began: Instant) -> Option<Instant> {
        let rate = self.rate?;
        let before = number as f64 * f64::from(self.patterns.batch());
        Some(began + Duration::from_secs_f64(before / rate as f64))
    }
}

/// One sender: takes the next request until there are no more.
async fn send_until_done(
    load: Arc<Load>,
    [mut door, mut other]: [Door; 2],
    next: Arc<AtomicU64>,
    began: Instant,
) -> Sent {
    let mut sent = Sent::nothing(began);
    let mut before = None;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= load.requests() || load.is_over() {
            if let Some(request) = before {
                send_again(&load, &mut other, request, &mut sent).await;
            }
            return sent;
        }
        let due = load.due(number, began);
        if let Some(due) = due {
            tokio::time::sleep_until(due.into()).await;
            if load.is_over() {
                continue;
            }
        }
        let due = due.unwrap_or_else(Instant::now);
        let request = load.patterns.request(number);
        loop {
            match door.send(request.clone()).await {
                Ok(rejected) => {
                    sent.answered(rejected, u64::from(load.patterns.batch()));
                    break;
                }
                Err(status) if may_pass(&status) && due.elapsed() < load.patience => {
                    sent.repeated += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                Err(status) => {
                    sent.given_up += u64::from(load.patterns.batch());
                    sent.reason = Some(format!("{}: {}", status.code(), status.message()));
                    break;
                }
            }
        }
        if load.again
            && let Some(request) = before.replace(request)
        {
            send_again(&load, &mut other, request, &mut sent).await;
        }
        sent.requests += 1;
        let micros = u64::try_from(due.elapsed().as_micros()).unwrap_or(LONGEST);
        sent.latency.saturating_record(micros);
    }
}

/// Sends a request that was taken before, until it is taken again.
async fn send_again(load: &Load, door: &mut Door, request: Bytes, sent: &mut Sent) {
    let began = Instant::now();
    while let Err(status) = door.send(request.clone()).await {
        if !may_pass(&status) || began.elapsed() >= load.patience {
            sent.given_up += u64::from(load.patterns.batch());
            sent.reason = Some(format!("{}: {}", status.code(), status.message()));
            return;
        }
        sent.repeated += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

// === impl Sent ===

impl Sent {
    fn nothing(began: Instant) -> Self {
        Sent {
            began,
            ended: began,
            requests: 0,
            acknowledged: 0,
            rejected: 0,
            given_up: 0,
            repeated: 0,
            reason: None,
            latency: latencies(),
        }
    }

    fn answered(&mut self, rejected: u64, events: u64) {
        self.acknowledged += events.saturating_sub(rejected);
        self.rejected += rejected;
    }

    fn add(&mut self, part: Sent) {
        self.requests += part.requests;
        self.acknowledged += part.acknowledged;
        self.rejected += part.rejected;
        self.given_up += part.given_up;
        self.repeated += part.repeated;
        self.reason = part.reason.or(self.reason.take());
        // Both have the same bounds, so nothing can be out of them.
        self.latency.add(&part.latency).ok();
    }
}

/// Three digits of every latency up to the longest.
fn latencies() -> Histogram<u64> {
    // These bounds are valid ones, so the other branch is never taken.
    Histogram::new_with_bounds(1, LONGEST, 3).unwrap_or_else(|_| latencies())
}
