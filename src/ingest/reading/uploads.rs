//! Uploads: bodies that are waited for, and which of them are aborted when their room is needed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::listen::{Pace, Peer, one_address};

/// Number of bytes that count as progress: a byte now and then doesn't.
const PROGRESS: usize = 16 << 10;

/// Patience with a body that nothing proves, as a multiple of that with one that makes no progress.
const UNPROVED: u32 = 4;

/// Bodies that are waited for.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    waiting: Mutex<Waiting>,
    /// Bytes of unfinished requests that nothing proves, by address.
    by_address: Mutex<HashMap<IpAddr, u64>>,
}

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    bodies: HashMap<u64, Arc<Body>>,
}

/// Body that is waited for.
#[derive(Debug)]
struct Body {
    held: AtomicU64,
    progress: Mutex<Instant>,
    time_limit: Duration,
    given_up: Notify,
}

/// Body that is being read. Its part of its connection's share is returned when it is dropped.
pub(super) struct Upload {
    uploads: Arc<Uploads>,
    peer: Option<Arc<Peer>>,
    /// Bytes that it holds, and bytes since the last progress.
    held: AtomicU64,
    since: Instant,
    came: usize,
    waits: Option<(u64, Arc<Body>)>,
    /// True if only its body proves the request.
    unproved: bool,
    /// Bytes that it holds of its address's share.
    of_address: u64,
}

impl Uploads {
    /// Aborts bodies that hold at least so many bytes together, those first that hold the most for the longest. Returns
    /// true if there were any.
    pub(super) fn give_up(&self, bytes: u64) -> bool {
        let mut waiting = self.lock();
        let mut slow: Vec<_> = waiting
            .bodies
            .iter()
            .filter_map(|(id, body)| {
                let held = body.held.load(Ordering::Relaxed);
                let waited = lock(&body.progress).elapsed();
                let is_slow = held > 0 && waited >= body.time_limit;
                is_slow.then(|| (u128::from(held) * waited.as_millis(), held, *id))
            })
            .collect();
        slow.sort_unstable_by(|a, b| b.cmp(a));
        let mut freed = 0;
        for (_, held, id) in slow {
            if freed >= bytes {
                break;
            }
            if let Some(body) = waiting.bodies.remove(&id) {
                body.given_up.notify_one();
                freed += held;
            }
        }
        freed > 0
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.waiting)
    }
}

impl Upload {
    pub(super) fn new(uploads: &Arc<Uploads>, peer: Option<Arc<Peer>>, unproved: bool) -> Self {
        Upload {
            uploads: Arc::clone(uploads),
            peer,
            held: AtomicU64::new(0),
            since: Instant::now(),
            came: 0,
            waits: None,
            unproved,
            of_address: 0,
        }
    }

    /// Takes more, unless its address would exceed `most` in all.
    pub(super) fn hold_of_address(&mut self, more: u64, most: u64) -> bool {
        let Some(peer) = &self.peer else {
            return true;
        };
        let mut by_address = lock(&self.uploads.by_address);
        let held = by_address
            .entry(one_address(peer.address().ip()))
            .or_default();
        let fits = held.saturating_add(more) <= most;
        if fits {
            *held += more;
            self.of_address += more;
        }
        fits
    }

    /// Takes more, unless its connection would exceed `most` in all.
    pub(super) fn hold(&self, more: u64, most: u64) -> bool {
        if let Some(peer) = &self.peer
            && !peer.upload(more, most)
        {
            return false;
        }
        let held = self.held.fetch_add(more, Ordering::Relaxed) + more;
        if let Some((_, body)) = &self.waits {
            body.held.store(held, Ordering::Relaxed);
        }
        true
    }

    /// Registers that it has to be waited for.
    pub(super) fn waits(&mut self) {
        if self.waits.is_some() {
            return;
        }
        let pace = self.peer.as_ref().map_or_else(Pace::default, |p| p.pace());
        let body = Arc::new(Body {
            held: AtomicU64::new(self.held.load(Ordering::Relaxed)),
            progress: Mutex::new(self.since),
            time_limit: match self.unproved {
                true => pace.time_limit * UNPROVED,
                false => pace.time_limit,
            },
            given_up: Notify::new(),
        });
        let mut waiting = self.uploads.lock();
        let id = waiting.next;
        waiting.next += 1;
        waiting.bodies.insert(id, Arc::clone(&body));
        drop(waiting);
        self.waits = Some((id, body));
    }

    /// Registers received bytes.
    pub(super) fn came(&mut self, bytes: usize) {
        self.came += bytes;
        if self.came < PROGRESS || self.unproved {
            return;
        }
        self.came = 0;
        self.since = Instant::now();
        if let Some((_, body)) = &self.waits {
            *lock(&body.progress) = self.since;
        }
    }

    /// Waits until it is aborted.
    pub(super) async fn given_up(&self) {
        match &self.waits {
            Some((_, body)) => body.given_up.notified().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some((id, _)) = self.waits.take() {
            self.uploads.lock().bodies.remove(&id);
        }
        if let Some(peer) = &self.peer {
            peer.uploaded(self.held.load(Ordering::Relaxed));
            if self.of_address > 0 {
                let mut by_address = lock(&self.uploads.by_address);
                let address = one_address(peer.address().ip());
                if let Some(held) = by_address.get_mut(&address) {
                    *held = held.saturating_sub(self.of_address);
                    if *held == 0 {
                        by_address.remove(&address);
                    }
                }
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
