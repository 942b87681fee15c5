//! The life of a connection: served, looked at now and then, and ended in time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::limits::Limits;
use super::peer::{Peer, Verdict};
use super::places::Place;
use super::service::Requests;
use super::stream::Stream;
use crate::metrics::connections::CLOSED;

/// How many requests an HTTP/2 connection may have at once.
const STREAMS: u32 = 1024;

/// What may be under way to us, of a stream and of a connection, before somebody reads it.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// What is kept to be written, of each stream.
const SEND_BUFFER: usize = 64 << 10;

/// The longest head of a request, and of one in HTTP/2 as it is counted there.
const HEAD: usize = 64 << 10;
const HEADER_LIST: u32 = 16 << 10;

/// How many streams a client may reset before they are answered, and have reset by errors of its own: attacks do little
/// else.
const RESETS: usize = 64;
const ERRORS: usize = 256;

/// How often a connection is asked whether somebody is there, and how long that may take.
const ASKED: Duration = Duration::from_secs(30);
const ANSWERED: Duration = Duration::from_secs(20);

/// How long a connection without a request may take to end once it is told to.
const FAREWELL: Duration = Duration::from_secs(2);

/// What serves the connections of a port.
pub(super) struct Server {
    router: Router,
    limits: Arc<Limits>,
    builder: auto::Builder<TokioExecutor>,
}

impl Server {
    pub(super) fn new(router: Router, limits: Arc<Limits>) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            // hyper counts this from the end of the last answer; a head that takes long is looked for here.
            .header_read_timeout(limits.idle)
            .max_buf_size(HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .max_header_list_size(HEADER_LIST)
            .max_pending_accept_reset_streams(RESETS)
            .max_local_error_reset_streams(ERRORS)
            .keep_alive_interval(ASKED)
            .keep_alive_timeout(ANSWERED);
        Server {
            router: router.with_state(()),
            limits,
            builder,
        }
    }

    /// Serves a connection to its end.
    pub(super) async fn run(
        self: Arc<Self>,
        stream: TcpStream,
        place: Place,
        mut stopping: watch::Receiver<bool>,
    ) {
        let peer = place.peer();
        let io = TokioIo::new(Stream::new(stream, Arc::clone(peer)));
        let requests = Requests::new(self.router.clone(), Arc::clone(peer));
        let mut connection = std::pin::pin!(self.builder.serve_connection(io, requests));
        let tick = self.limits.tick();
        // Since when it is told to end, and when what is asked for has to be answered.
        let mut told: Option<(Instant, Instant)> = None;
        let mut stopped = false;
        loop {
            tokio::select! {
                // In order: what is there already counts before the connection is judged.
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        broken(peer, error.as_ref());
                    }
                    return;
                }
                () = peer.evicted() => return closed(peer, "evicted"),
                // An error says that the server is gone, which is the same.
                _ = stopping.wait_for(|stopping| *stopping), if !stopped => {
                    stopped = true;
                    let now = Instant::now();
                    let until = now + self.limits.drain;
                    if told.is_none() {
                        connection.as_mut().graceful_shutdown();
                    }
                    told = Some(told.map_or((now, until), |(at, earlier)| (at, until.min(earlier))));
                }
                () = tokio::time::sleep(tick) => match (peer.verdict(Instant::now()), told) {
                    (Verdict::Cut(reason), _) => return closed(peer, reason),
                    (_, Some((at, until))) => {
                        // The last answer needs a moment to arrive.
                        let until = peer.idle().map_or(until, |(_, since)| at.max(since) + FAREWELL);
                        if Instant::now() > until {
                            return closed(peer, "farewell");
                        }
                    }
                    (Verdict::Leaves(reason), None) => {
                        closed(peer, reason);
                        let now = Instant::now();
                        told = Some((now, now + self.limits.grace));
                        connection.as_mut().graceful_shutdown();
                    }
                    (Verdict::Stays, None) => {}
                },
            }
        }
    }
}

/// Counts and tells that a connection is closed by us.
fn closed(peer: &Peer, reason: &'static str) {
    let door = peer.door();
    CLOSED.with([door, reason]).increment(1);
    tracing::debug!(door, peer = %peer.address(), reason, "A connection is closed.");
}

/// Counts and tells that a connection ended with an error: mostly that it was cut, or spoke no HTTP.
fn broken(peer: &Peer, error: &(dyn std::error::Error + Send + Sync)) {
    let door = peer.door();
    CLOSED.with([door, "broken"]).increment(1);
    let cause = error.source().map(ToString::to_string);
    tracing::debug!(door, peer = %peer.address(), %error, cause, "A connection broke.");
}
