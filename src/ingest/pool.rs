//! The bounded pool of a source: how many requests are prepared at once, how many may wait for that, and how many
//! bytes of requests may be unanswered.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Gauge, gauge};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::reading::Budget;
use crate::contract::{self, Source};

/// What a request costs beside its own bytes, so that many small ones are bounded too.
const OVERHEAD: u64 = 2 * 1024;

/// The unit in which bytes are counted.
const UNIT: u64 = 1024;

/// A source's pool.
#[derive(Debug)]
pub struct Pool {
    workers: Arc<Semaphore>,
    places: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    units: u32,
    reading: Budget,
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
    /// Its bytes; to be given back when it is answered.
    pub bytes: Held,
}

/// The right to prepare one request.
#[derive(Debug)]
pub struct Worker {
    _permit: OwnedSemaphorePermit,
    preparing: Gauge,
}

/// A request's share of the pool's bytes.
#[derive(Debug)]
pub struct Held {
    permit: OwnedSemaphorePermit,
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
        let units = u32::try_from(sizes.bytes / UNIT)
            .unwrap_or(u32::MAX >> 3)
            .max(1);
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits as usize));
        Pool {
            workers: semaphore(sizes.workers.into()),
            places: semaphore(sizes.buffer),
            bytes: semaphore(units),
            units,
            // As much again as may be unanswered, and at least one request.
            reading: Budget::new(sizes.bytes.max(sizes.max_request.into())),
            patience: Duration::from_millis(sizes.timeout_ms),
            waiting: gauge!("event_grpc_pool_waiting", "source" => source),
            preparing: gauge!("event_grpc_pool_preparing", "source" => source),
            held: gauge!("event_grpc_pool_bytes", "source" => source),
        }
    }

    /// What bounds the requests that are still being read.
    pub fn reading(&self) -> &Budget {
        &self.reading
    }

    /// Waits until the pool can take a request of so many bytes, as long as a request may wait.
    pub async fn admit(&self, len: usize) -> Result<Admitted, Full> {
        let until = Instant::now() + self.patience;
        let bytes = self.hold(len, until).await?;
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

    async fn hold(&self, len: usize, until: Instant) -> Result<Held, Full> {
        let cost = (len as u64 + OVERHEAD).div_ceil(UNIT);
        // A request that is larger than the whole pool is taken when it is alone.
        let cost = u32::try_from(cost).unwrap_or(u32::MAX).min(self.units);
        let permit = timeout_at(until, Arc::clone(&self.bytes).acquire_many_owned(cost))
            .await
            .map_err(|_| Full)?
            .map_err(|_| Full)?;
        self.held.increment(f64::from(cost) * UNIT as f64);
        Ok(Held {
            permit,
            held: self.held.clone(),
        })
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

impl Drop for Held {
    fn drop(&mut self) {
        self.held
            .decrement(self.permit.num_permits() as f64 * UNIT as f64);
    }
}
