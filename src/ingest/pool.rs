//! Bounded pool of a source: limits the requests that are prepared at once, those that wait, and the weight of those
//! that are unanswered.
//!
//! A request waits for its weight once, before it holds anything; after that its share only shrinks, or grows if there
//! happens to be room. So no request with a share waits for another one's.
//!
//! The queue for bytes is in order, so its first request holds up all others: no request asks for more than a part of
//! the pool. Heavier ones take turns, and hold up each other only.

use std::sync::Arc;
use std::time::Duration;

use metrics::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::reading;
use crate::contract::{self, Source};
use crate::metrics::intake;
use crate::weight::{self, Budget, Permit};

/// Fraction of the pool's bytes for answers that clients haven't read.
const ANSWERS: u64 = 4;

/// Fraction of the pool's bytes that one request may ask for. A heavier one also needs the turn of heavy requests.
const SHARE: u64 = 4;

/// A source's pool.
#[derive(Debug)]
pub struct Pool {
    workers: Arc<Semaphore>,
    places: Arc<Semaphore>,
    bytes: Budget,
    /// Maximum share of one request.
    share: u64,
    /// Turn of the heavier requests.
    heavy: Arc<Semaphore>,
    answers: Budget,
    reading: reading::Budget,
    time_limit: Duration,
    waiting: Gauge,
    preparing: Gauge,
    held: Gauge,
}

/// Request that the pool has admitted, until it is answered.
#[derive(Debug)]
pub struct Admitted {
    /// Worker that prepares it; to be released after that.
    pub worker: Worker,
    /// Its share of the bytes; to be released with what it stands for.
    pub bytes: PoolShare,
}

/// Right to prepare one request.
#[derive(Debug)]
pub struct Worker {
    _permit: OwnedSemaphorePermit,
    preparing: Gauge,
}

/// Share of the pool's bytes, or a part of one.
#[derive(Debug)]
pub struct PoolShare {
    permit: Permit,
    /// Turn of a heavy request, until it holds no more than the usual share.
    turn: Option<Arc<OwnedSemaphorePermit>>,
    held: Gauge,
}

/// No place became free in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server is at its limit of concurrent requests")]
pub struct Full;

/// Environment variable that holds no valid pool size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is {value:?}; it should be a whole number from {least} to {most}")]
pub struct BadSize {
    variable: String,
    value: String,
    least: u32,
    most: u32,
}

/// Variables with the pool sizes of a source: its workers, and its buffer.
pub fn variables(source: &Source) -> [String; 2] {
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
    ["WORKER_POOL_SIZE", "BUFFERED_CHANNEL_SIZE"].map(|suffix| format!("{prefix}_{suffix}"))
}

/// Pool sizes of a source, from `pipeline.yaml` and the environment: `<SOURCE>_WORKER_POOL_SIZE` and
/// `<SOURCE>_BUFFERED_CHANNEL_SIZE`, with `EVENT` for the source `app`.
pub fn sizes(
    source: &Source,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<contract::Pool, BadSize> {
    let size = |name: String, least: u32, most: u32, default: u32| {
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
    let [of_workers, of_buffer] = variables(source);
    let workers = size(of_workers, 1, 1024, pool.workers.into())?;
    pool.workers = u16::try_from(workers).unwrap_or(pool.workers);
    pool.buffer = size(of_buffer, 0, 1_000_000, pool.buffer)?;
    Ok(pool)
}

impl Pool {
    /// Creates a pool of these sizes for requests that are proved by their bodies, which are read before that.
    pub fn of_unproved(source: &'static str, sizes: contract::Pool) -> Self {
        let mut pool = Pool::new(source, sizes);
        pool.reading.of_unproved();
        pool
    }

    /// Creates a pool of these sizes.
    pub fn new(source: &'static str, sizes: contract::Pool) -> Self {
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits as usize));
        let bytes = Budget::new(sizes.bytes);
        intake::POOL_LIMIT.with([source]).set(bytes.bytes() as f64);
        Pool {
            workers: semaphore(sizes.workers.into()),
            places: semaphore(sizes.buffer),
            share: bytes.bytes() / SHARE,
            bytes,
            heavy: semaphore(1),
            answers: Budget::new(sizes.bytes / ANSWERS),
            // As much again as may be unanswered, and at least one request.
            reading: reading::Budget::new(sizes.bytes.max(sizes.max_request.into())),
            time_limit: Duration::from_millis(sizes.timeout_ms),
            waiting: intake::POOL_WAITING.with([source]),
            preparing: intake::POOL_PREPARING.with([source]),
            held: intake::POOL_BYTES.with([source]),
        }
    }

    /// Budget of requests that are still being read.
    pub fn reading(&self) -> &reading::Budget {
        &self.reading
    }

    /// Budget of answers that clients have not read yet.
    pub fn answers(&self) -> &Budget {
        &self.answers
    }

    /// Waits until the pool can admit a request of this weight (see [`weight`]) beside the fixed cost of a request, up
    /// to the pool's timeout. One that is heavier than a quarter of the pool is admitted when no other such one is
    /// there, and gets a quarter.
    pub async fn admit(&self, weight: u64) -> Result<Admitted, Full> {
        let until = Instant::now() + self.time_limit;
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

    /// Grows a share to what the request would have been admitted with, if there is room now.
    pub fn grow(&self, held: &mut PoolShare, weight: u64) -> Result<(), Full> {
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

    fn held(&self, permit: Permit, turn: Option<Arc<OwnedSemaphorePermit>>) -> PoolShare {
        self.held.increment(permit.bytes() as f64);
        PoolShare {
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

/// Counts a waiting request, also if its client gives up.
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

// === impl PoolShare ===

impl PoolShare {
    /// Returns all but this much.
    pub fn shrink_to(&mut self, weight: u64) {
        let before = self.permit.bytes();
        if weight <= before {
            self.turn = None;
        }
        self.permit.shrink_to(weight);
        let less = before.saturating_sub(self.permit.bytes());
        self.held.decrement(less as f64);
    }

    /// Splits this much off, or all of it if that is less.
    pub fn split(&mut self, weight: u64) -> Option<PoolShare> {
        // A part that is heavier than the usual share also blocks other heavy requests.
        let turn = self.turn.clone().filter(|_| weight > self.permit.bytes());
        let permit = self.permit.split(weight.min(self.permit.bytes()))?;
        Some(PoolShare {
            permit,
            turn,
            held: self.held.clone(),
        })
    }
}

impl Drop for PoolShare {
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
        // While one waits, the rest is available to others.
        let small = pool.admit(10 << 20).await.expect("there is room");
        let mut held = first.bytes;
        let bodies = held.split(8 << 20).expect("it has so much");
        held.shrink_to(4 << 10);
        let second = second.await.expect("the first has no more than its share");
        drop((bodies, small, held));
        // A heavy part of a heavy request keeps the turn.
        let mut held = second.bytes;
        let bodies = held.split(20 << 20).expect("it has so much");
        drop(held);
        assert_eq!(pool.admit(76 << 20).await.err(), Some(Full));
        drop(bodies);
        assert!(pool.admit(76 << 20).await.is_ok());
        assert_eq!(pool.bytes.used(), 0);
    }
}
