//! Peer: the state of one connection, for handlers and limits.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Version;
use tokio::sync::Notify;

use super::limits::{Limits, Pace};

/// Preface of HTTP/2; a connection that sent fewer bytes counts as silent.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection. Each of its requests carries it in an `Arc`, among its extensions.
#[derive(Debug)]
pub struct Peer {
    door: &'static str,
    address: SocketAddr,
    accepted: Instant,
    limits: Arc<Limits>,
    /// Maximum age.
    age: Duration,
    state: Mutex<PeerState>,
    evicted: AtomicBool,
    /// True if unwritten bytes are discarded when it is closed.
    reset: AtomicBool,
    leave: Notify,
    /// Bytes of its incomplete requests.
    uploading: AtomicU64,
}

#[derive(Debug)]
struct PeerState {
    /// Number of bytes received that count as progress.
    heard: u64,
    http2: bool,
    /// Start of an incomplete HTTP/1 request head.
    head: Option<Instant>,
    /// Time since when writing is blocked.
    stuck: Option<Instant>,
    requests: u64,
    under_way: u32,
    /// Number of requests under way that have no end of their own.
    endless: u32,
    /// End of the last request, or the time when it was accepted.
    idle: Instant,
    /// Unwritten pieces of answers, and since when, by a growing number.
    pieces: BTreeMap<u64, Instant>,
    piece: u64,
    /// True if a request was answered before all of it was read.
    unread: bool,
}

/// Decision on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConnectionVerdict {
    Stays,
    /// It is told to close, and closes by itself.
    Leaves(&'static str),
    /// It is closed.
    Cut(&'static str),
}

/// A request that is under way, until the last byte of its answer is written.
#[derive(Debug)]
pub(super) struct UnderWay {
    peer: Arc<Peer>,
}

/// A request under way that has no end of its own.
#[derive(Debug)]
pub struct Endless {
    peer: Arc<Peer>,
}

/// A piece of an answer that the client has to read in time.
#[derive(Debug)]
pub(super) struct Unwritten {
    under_way: Arc<UnderWay>,
    number: u64,
}

impl Peer {
    pub(super) fn new(door: &'static str, address: SocketAddr, limits: Arc<Limits>) -> Self {
        let accepted = Instant::now();
        Peer {
            door,
            address,
            accepted,
            // With jitter, so that the clients of one instance don't all reconnect at once.
            age: limits.age.mul_f64(rand::random_range(0.9..1.1)),
            limits,
            state: Mutex::new(PeerState {
                heard: 0,
                http2: false,
                head: None,
                stuck: None,
                requests: 0,
                under_way: 0,
                endless: 0,
                idle: accepted,
                pieces: BTreeMap::new(),
                piece: 0,
                unread: false,
            }),
            evicted: AtomicBool::new(false),
            reset: AtomicBool::new(false),
            leave: Notify::new(),
            uploading: AtomicU64::new(0),
        }
    }

    /// Name of the port.
    pub fn door(&self) -> &'static str {
        self.door
    }

    /// Remote address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Minimum pace of its request bodies.
    pub fn pace(&self) -> Pace {
        self.limits.pace
    }

    /// Counts bytes of an incomplete request, unless its requests would then exceed `most` bytes together.
    pub fn upload(&self, bytes: u64, most: u64) -> bool {
        let before = self.uploading.fetch_add(bytes, Ordering::Relaxed);
        let fits = before.saturating_add(bytes) <= most;
        if !fits {
            self.uploaded(bytes);
        }
        fits
    }

    /// Stops counting them.
    pub fn uploaded(&self, bytes: u64) {
        self.uploading.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Registers a new request.
    pub(super) fn request(self: &Arc<Self>, version: Version) -> UnderWay {
        let mut state = self.state();
        state.http2 = version == Version::HTTP_2;
        state.head = None;
        state.unread = false;
        state.under_way += 1;
        state.requests += 1;
        UnderWay {
            peer: Arc::clone(self),
        }
    }

    /// Registers received bytes.
    pub(super) fn heard(&self, bytes: &[u8]) {
        let mut state = self.state();
        // Some clients end a request with an extra line. It doesn't begin another.
        let idle = state.under_way == 0 && state.head.is_none() && !state.http2;
        if idle && bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
            return;
        }
        if state.heard == 0 {
            state.http2 = bytes.starts_with(PREFACE.split_at(3).0);
        }
        state.heard = state.heard.saturating_add(bytes.len() as u64);
        if state.under_way == 0 && !state.http2 && state.head.is_none() {
            state.head = Some(Instant::now());
        }
    }

    /// Registers that writing is blocked, or isn't any more.
    pub(super) fn stuck(&self, stuck: bool) {
        self.state().stuck = stuck.then(Instant::now);
    }

    /// Registers that a request was answered before all of it was read.
    pub(super) fn left_unread(&self) {
        self.state().unread = true;
    }

    /// How long incoming bytes should be discarded before it is closed, so that the client reads its answer.
    pub(super) fn linger(&self) -> Option<Duration> {
        let state = self.state();
        (state.unread && !state.http2).then_some(self.limits.linger)
    }

    /// How long the rest of a short request should be discarded on HTTP/2 that was answered before all of it was read: some
    /// clients lose the answer if their stream is reset while they still send.
    pub(super) fn stream_linger(&self) -> Option<Duration> {
        self.state().http2.then_some(self.limits.linger)
    }

    /// Registers an open-ended call: as long as the returned value lives, the call doesn't keep the connection from
    /// being evicted. None if there are `most` of them already.
    pub fn endless(self: &Arc<Self>, most: u32) -> Option<Endless> {
        let mut state = self.state();
        if state.endless >= most {
            return None;
        }
        state.endless += 1;
        if state.under_way <= state.endless {
            state.idle = Instant::now();
        }
        Some(Endless {
            peer: Arc::clone(self),
        })
    }

    /// Idle state: none while a request that ends is under way; otherwise if it ever had one, and since when it has
    /// none.
    pub(super) fn idle(&self) -> Option<(bool, Instant)> {
        let state = self.state();
        (state.under_way <= state.endless).then_some((state.requests > 0, state.idle))
    }

    /// Evicts it: asks it to close in favour of others.
    pub(super) fn evict(&self) {
        self.evicted.store(true, Ordering::Relaxed);
        self.leave.notify_one();
    }

    /// True if it was evicted.
    #[cfg(test)]
    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.load(Ordering::Relaxed)
    }

    /// True if unwritten bytes should be discarded: the client doesn't read them.
    pub(super) fn resets(&self) -> bool {
        self.reset.load(Ordering::Relaxed)
    }

    /// Waits until it is evicted.
    pub(super) async fn evicted(&self) {
        self.leave.notified().await;
    }

    /// Checks it against the limits.
    pub(super) fn verdict(&self, now: Instant) -> ConnectionVerdict {
        let limits = &self.limits;
        let over = |since: Instant, limit: Duration| now.saturating_duration_since(since) > limit;
        let state = self.state();
        let oldest = state.pieces.first_key_value().map(|(_, since)| *since);
        if state.stuck.is_some_and(|since| over(since, limits.unread))
            || oldest.is_some_and(|since| over(since, limits.unread * 2))
        {
            self.reset.store(true, Ordering::Relaxed);
            return ConnectionVerdict::Cut("unread");
        }
        let said_nothing = state.requests == 0 && state.heard < PREFACE.len() as u64;
        if said_nothing && over(self.accepted, limits.silence) {
            return ConnectionVerdict::Cut("silent");
        }
        if state.head.is_some_and(|since| over(since, limits.silence)) {
            return ConnectionVerdict::Cut("head");
        }
        let idle = if state.http2 {
            limits.idle_http2
        } else {
            limits.idle
        };
        if state.under_way == 0 && over(state.idle, idle) {
            return ConnectionVerdict::Leaves("idle");
        }
        // An HTTP/1 client would see a request refused that it sends at this moment.
        if state.http2 && over(self.accepted, self.age) {
            return ConnectionVerdict::Leaves("age");
        }
        ConnectionVerdict::Stays
    }

    fn state(&self) -> MutexGuard<'_, PeerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    /// Registers a piece of an answer that begins to be written.
    pub(super) fn piece(self: &Arc<Self>) -> Unwritten {
        let mut state = self.peer.state();
        let number = state.piece;
        state.piece += 1;
        state.pieces.insert(number, Instant::now());
        Unwritten {
            under_way: Arc::clone(self),
            number,
        }
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.peer.state().endless -= 1;
    }
}

impl Drop for Unwritten {
    fn drop(&mut self) {
        self.under_way.peer.state().pieces.remove(&self.number);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut state = self.peer.state();
        state.under_way -= 1;
        if state.under_way <= state.endless {
            state.idle = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests;
