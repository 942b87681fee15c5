//! The bounded pool of a source: how many requests are prepared at once, how many may wait for that, and how much
//! those may weigh that are unanswered.
//!
//! A request waits for its weight once, before it has anything; after that its share is only made smaller, or larger
//! if there happens to be room. So no request that has a share waits for another one's.
//!
//! The queue for the bytes is in order, so whoever is first in it holds up all others: no request asks for more than a
//! part of the pool. Those that weigh more have their turns one after the other, and hold up each other only.

use std::sync::Arc;
use std::time::Duration;

use metrics::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::reading;
use crate::contract::{self, Source};
use crate::metrics::intake;
use crate::weight::{self, Budget, Permit};

/// Which part of the pool's bytes answers may take that their clients don't read.
const ANSWERS: u64 = 4;

/// Which part of the pool's bytes one request may ask for. One that weighs more needs the turn of the heavy ones, too.
const SHARE: u64 = 4;

/// A source's pool.
#[derive(Debug)]
pub struct Pool {
    workers: Arc<Semaphore>,
    places: Arc<Semaphore>,
    bytes: Budget,
    /// The most that one request has of them.
    share: u64,
    /// The turn of those that weigh more.
    heavy: Arc<Semaphore>,
    answers: Budget,
    reading: reading::Budget,
    patience: Duration,
    waiting: Gauge,
    preparing: Gauge,
    held: Gauge,
}

/// A request that the pool has taken, until it is answered.
#[derive(Debug)]
pub struct Admitted {
    /// The worker that prepares it; to be given back when that is done.
    pub worker: Worker,
    /// Its weight; to be given back when what it stands for is gone.
    pub bytes: Held,
}

/// The right to prepare one request.
#[derive(Debug)]
pub struct Worker {
    _permit: OwnedSemaphorePermit,
    preparing: Gauge,
}

/// A request's share of the pool's bytes, or a part of it.
#[derive(Debug)]
pub struct Held {
    permit: Permit,
    /// Of a request that weighs more than its share, until what it holds is no more than that.
    turn: Option<Arc<OwnedSemaphorePermit>>,
    held: Gauge,
}

/// There was no place in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server has as many requests as it can hold")]
pub struct Full;

/// A setting that is no size of a pool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is {value:?}; it should be a whole number from {least} to {most}")]
pub struct BadSize {
    variable: String,
    value: String,
    least: u32,
    most: u32,
}

/// The pool that a source has by `pipeline.yaml` and the environment: `<SOURCE>_WORKER_POOL_SIZE` and
/// `<SOURCE>_BUFFERED_CHANNEL_SIZE`, with `EVENT` for the source `app`.
pub fn sizes(
    source: &Source,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<contract::Pool, BadSize> {
    let prefix: String = match source.name {
        "app" => "EVENT".to_owned(),
        name => name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_uppercase()
                } else {
                    '_'
                }
            })
            .collect(),
    };
    let size = |suffix: &str, least: u32, most: u32, default: u32| {
        let name = format!("{prefix}_{suffix}");
        let Some(value) = variable(&name).filter(|value| !value.is_empty()) else {
            return Ok(default);
        };
        match value.trim().parse::<u32>() {
            Ok(size) if (least..=most).contains(&size) => Ok(size),
            _ => Err(BadSize {
                variable: name,
                value,
                least,
                most,
            }),
        }
    };
    let mut pool = source.pool;
    let workers = size("WORKER_POOL_SIZE", 1, 1024, pool.workers.into())?;
    pool.workers = u16::try_from(workers).unwrap_or(pool.workers);
    pool.buffer = size("BUFFERED_CHANNEL_SIZE", 0, 1_000_000, pool.buffer)?;
    Ok(pool)
}

impl Pool {
    /// A pool of these sizes.
    pub fn new(source: &'static str, sizes: contract::Pool) -> Self {
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits as usize));
        let bytes = Budget::new(sizes.bytes);
        Pool {
            workers: semaphore(sizes.workers.into()),
            places: semaphore(sizes.buffer),
            share: bytes.bytes() / SHARE,
            bytes,
            heavy: semaphore(1),
            answers: Budget::new(sizes.bytes / ANSWERS),
            // As much again as may be unanswered, and at least one request.
            reading: reading::Budget::new(sizes.bytes.max(sizes.max_request.into())),
            patience: Duration::from_millis(sizes.timeout_ms),
            waiting: intake::POOL_WAITING.with([source]),
            preparing: intake::POOL_PREPARING.with([source]),
            held: intake::POOL_BYTES.with([source]),
        }
    }

    /// What bounds the requests that are still being read.
    pub fn reading(&self) -> &reading::Budget {
        &self.reading
    }

    /// What bounds the answers that their clients have not read yet.
    pub fn answers(&self) -> &Budget {
        &self.answers
    }

    /// Waits until the pool can take a request of this weight (see [`weight`]) beside what every request costs, as long
    /// as a request may wait. One that is heavier than a quarter of the pool is taken when no other such one is there, and
    /// has a quarter.
    pub async fn admit(&self, weight: u64) -> Result<Admitted, Full> {
        let until = Instant::now() + self.patience;
        let weight = weight.saturating_add(weight::REQUEST);
        let mut turn = None;
        if weight > self.share {
            let heavy = Arc::clone(&self.heavy).acquire_owned();
            let heavy = timeout_at(until, heavy).await.map_err(|_| Full)?;
            turn = Some(Arc::new(heavy.map_err(|_| Full)?));
        }
        let permit = timeout_at(until, self.bytes.acquire(weight.min(self.share))).await;
        let bytes = self.held(permit.map_err(|_| Full)?, turn);
        let worker = match Arc::clone(&self.workers).try_acquire_owned() {
            Ok(worker) => worker,
            Err(_) => self.queue(until).await?,
        };
        self.preparing.increment(1.0);
        Ok(Admitted {
            worker: Worker {
                _permit: worker,
                preparing: self.preparing.clone(),
            },
            bytes,
        })
    }

    /// Makes a share as large as if the request had been admitted with this weight, if there is room now.
    pub fn grow(&self, held: &mut Held, weight: u64) -> Result<(), Full> {
        let weight = weight.saturating_add(weight::REQUEST);
        if weight > self.share && held.turn.is_none() {
            let heavy = Arc::clone(&self.heavy).try_acquire_owned();
            held.turn = Some(Arc::new(heavy.map_err(|_| Full)?));
        }
        let weight = weight.min(self.share);
        let Some(more) = weight.checked_sub(held.permit.bytes()).filter(|m| *m > 0) else {
            return Ok(());
        };
        let more = self.bytes.try_acquire(more).ok_or(Full)?;
        held.held.increment(more.bytes() as f64);
        held.permit.merge(more);
        Ok(())
    }

    fn held(&self, permit: Permit, turn: Option<Arc<OwnedSemaphorePermit>>) -> Held {
        self.held.increment(permit.bytes() as f64);
        Held {
            permit,
            turn,
            held: self.held.clone(),
        }
    }

    /// Takes a place in the queue in time, and then waits for its turn.
    async fn queue(&self, until: Instant) -> Result<OwnedSemaphorePermit, Full> {
        let _place = timeout_at(until, self.places.acquire())
            .await
            .map_err(|_| Full)?
            .map_err(|_| Full)?;
        let _waiting = Waiting::of(&self.waiting);
        Arc::clone(&self.workers)
            .acquire_owned()
            .await
            .map_err(|_| Full)
    }
}

/// Counts a waiting request, also if its sender gives up.
struct Waiting<'a>(&'a Gauge);

impl<'a> Waiting<'a> {
    fn of(gauge: &'a Gauge) -> Self {
        gauge.increment(1.0);
        Waiting(gauge)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.preparing.decrement(1.0);
    }
}

// === impl Held ===

impl Held {
    /// Gives back all but this much.
    pub fn shrink_to(&mut self, weight: u64) {
        let before = self.permit.bytes();
        if weight <= before {
            self.turn = None;
        }
        self.permit.shrink_to(weight);
        let less = before.saturating_sub(self.permit.bytes());
        self.held.decrement(less as f64);
    }

    /// Takes this much out of it, or all of it if that is less.
    pub fn split(&mut self, weight: u64) -> Option<Held> {
        // A part that is heavier than all of it keeps others from their turns as well.
        let turn = self.turn.clone().filter(|_| weight > self.permit.bytes());
        let permit = self.permit.split(weight.min(self.permit.bytes()))?;
        Some(Held {
            permit,
            turn,
            held: self.held.clone(),
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.held.decrement(self.permit.bytes() as f64);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn heavy_requests_wait_for_each_other_and_hold_up_nobody_else() {
        let pool = Pool::new(
            "test",
            contract::Pool {
                workers: 8,
                buffer: 8,
                bytes: 64 << 20,
                timeout_ms: 1000,
                max_request: 4 << 20,
            },
        );
        let first = pool.admit(76 << 20).await.expect("it is the only one");
        assert_eq!(pool.bytes.used(), 16 << 20);
        let second = pool.admit(76 << 20);
        tokio::pin!(second);
        assert!(futures_util::poll!(&mut second).is_pending());
        // While one waits, all of the rest is there for others.
        let small = pool.admit(10 << 20).await.expect("there is room");
        let mut held = first.bytes;
        let bodies = held.split(8 << 20).expect("it has so much");
        held.shrink_to(4 << 10);
        let second = second.await.expect("the first has no more than its share");
        drop((bodies, small, held));
        // What came out of a heavy one and is heavy itself keeps the turn.
        let mut held = second.bytes;
        let bodies = held.split(20 << 20).expect("it has so much");
        drop(held);
        assert_eq!(pool.admit(76 << 20).await.err(), Some(Full));
        drop(bodies);
        assert!(pool.admit(76 << 20).await.is_ok());
        assert_eq!(pool.bytes.used(), 0);
    }
}
