//! Life cycle of a connection: served, checked at intervals, and closed in time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::handshake;
use super::limits::Limits;
use super::peer::{ConnectionVerdict, Peer};
use super::places::ConnectionSlot;
use super::refused::{self, Look};
use super::service::Requests;
use super::socket::Socket;
use super::stream::Stream;
use super::transport::Transport;
use crate::metrics::connections::CLOSED;
use crate::tls::ServerTls;

/// Maximum number of concurrent streams of an HTTP/2 connection.
const STREAMS: u32 = 1024;

/// Flow-control window of a stream and of a connection, in bytes.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// Send buffer of each stream, in bytes.
const SEND_BUFFER: usize = 64 << 10;

/// Maximum size of a request head in HTTP/1 and, as HTTP/2 counts it, in HTTP/2.
const HEAD: usize = 64 << 10;
const HEADER_LIST: u32 = 16 << 10;

/// Maximum number of streams that a client may reset before they are answered, or have reset by errors of its own:
/// attacks do little else.
const RESETS: usize = 64;
const ERRORS: usize = 256;

/// Interval of HTTP/2 keep-alive pings, and how long an answer may take.
const ASKED: Duration = Duration::from_secs(30);
const ANSWERED: Duration = Duration::from_secs(20);

/// Time limit for a connection without a request to close after it is told to.
const FAREWELL: Duration = Duration::from_secs(2);

/// HTTP server of the connections of a port.
pub(super) struct Server {
    router: Router,
    look: Option<Look>,
    limits: Arc<Limits>,
    tls: Option<ServerTls>,
    builder: auto::Builder<TokioExecutor>,
}

impl Server {
    pub(super) fn new(
        router: Router,
        look: Option<Look>,
        limits: Arc<Limits>,
        tls: Option<ServerTls>,
    ) -> Self {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            // hyper counts this from the end of the last answer, and breaks the connection off. The limits for idle
            // connections and slow heads are checked below, and end TLS properly.
            .header_read_timeout(limits.idle + limits.tick() * 2)
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
            look,
            limits,
            tls,
            builder,
        }
    }

    /// Serves a connection to its end.
    pub(super) async fn run(
        self: Arc<Self>,
        stream: TcpStream,
        place: ConnectionSlot,
        mut stopping: watch::Receiver<bool>,
    ) {
        let peer = place.peer();
        let socket = Socket::new(stream, Arc::clone(peer));
        let Some(transport) = self.transport(socket, peer, &mut stopping).await else {
            return;
        };
        let certificate = transport.certificate();
        let io = TokioIo::new(Stream::new(transport, Arc::clone(peer)));
        let seen = (Arc::clone(peer), self.look.clone());
        let requests = Requests::new(self.router.clone(), seen, certificate);
        let mut connection = std::pin::pin!(self.builder.serve_connection(io, requests));
        let tick = self.limits.tick();
        // When it was told to close, and when open requests have to be answered.
        let mut told: Option<(Instant, Instant)> = None;
        let mut stopped = false;
        loop {
            tokio::select! {
                // In order: bytes that have arrived count before the connection is judged.
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        broken((peer, self.look.as_ref()), error.as_ref());
                    }
                    return;
                }
                () = peer.evicted() => return closed(peer, "evicted"),
                // An error means that the server is gone, which is the same.
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
                    (ConnectionVerdict::Cut(reason), _) => return closed(peer, reason),
                    (_, Some((at, until))) => {
                        // The last answer needs a moment to arrive.
                        let until = peer.idle().map_or(until, |(_, since)| at.max(since) + FAREWELL);
                        if Instant::now() > until {
                            return closed(peer, "farewell");
                        }
                    }
                    (ConnectionVerdict::Leaves(reason), None) => {
                        closed(peer, reason);
                        let now = Instant::now();
                        told = Some((now, now + self.limits.grace));
                        connection.as_mut().graceful_shutdown();
                    }
                    (ConnectionVerdict::Stays, None) => {}
                },
            }
        }
    }
}

impl Server {
    /// The socket, with TLS on it if the port speaks it. None if that failed, or the connection has to leave before.
    async fn transport(
        &self,
        socket: Socket,
        peer: &Peer,
        stopping: &mut watch::Receiver<bool>,
    ) -> Option<Transport> {
        let Some(tls) = &self.tls else {
            return Some(Transport::Plain(socket));
        };
        tokio::select! {
            biased;
            transport = handshake::secure(tls, socket, self.limits.silence) => transport,
            () = peer.evicted() => {
                closed(peer, "evicted");
                None
            }
            _ = stopping.wait_for(|stopping| *stopping) => None,
        }
    }
}

/// Counts and logs that the server closes a connection.
fn closed(peer: &Peer, reason: &'static str) {
    let door = peer.door();
    CLOSED.with([door, reason]).increment(1);
    tracing::debug!(door, peer = %peer.address(), reason, "A connection is closed.");
}

/// Counts and logs that a connection ended with an error: mostly it was cut, or didn't speak HTTP, which is a request that was
/// refused.
fn broken(
    (peer, look): (&Peer, Option<&Look>),
    error: &(dyn std::error::Error + Send + Sync + 'static),
) {
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        refused::tell_head((peer, look), error);
    }
    let door = peer.door();
    CLOSED.with([door, "broken"]).increment(1);
    let cause = error.source().map(ToString::to_string);
    tracing::debug!(door, peer = %peer.address(), %error, cause, "A connection broke.");
}
