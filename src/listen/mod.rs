//! Listeners: one accept loop for both ports, and the limits of their connections.
//!
//! Nothing here knows the content of a request. A connection that is silent, too slow, doesn't read its answers or
//! exceeds a limit costs itself alone: it is closed, counted, and logged at debug.

mod connection;
pub mod descriptors;
mod handshake;
mod limits;
mod peer;
mod places;
mod refused;
mod service;
mod socket;
mod stream;
mod transport;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use limits::{Limits, Pace};
pub use peer::{Endless, Peer};
pub use places::one_address;
pub use refused::{Look, Refused, RefusedRequest, of_client, of_source};

use crate::metrics::connections::REFUSED;
use crate::tls::ServerTls;
use places::ConnectionSlots;

/// Shortest and longest pause after accepting a connection failed.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Time without errors after which an accept error is logged again.
const QUIET: Duration = Duration::from_secs(60);

/// Port: its name in metrics and logs, and what looks at the requests that it refuses.
#[derive(Clone)]
pub struct Door {
    name: &'static str,
    look: Option<Look>,
}

impl Door {
    /// A port whose refused requests are looked at.
    pub fn seen_by(name: &'static str, look: Look) -> Self {
        let look = Some(look);
        Door { name, look }
    }
}

impl From<&'static str> for Door {
    fn from(name: &'static str) -> Self {
        Door { name, look: None }
    }
}

/// Serves on one port until `stop` ends, and then until the last connection is closed. The port is free as soon as
/// `stop` ends.
///
/// A connection with a long request can keep this from ending: the caller sets a deadline.
pub async fn serve(
    listener: TcpListener,
    door: impl Into<Door>,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    serve_tls(listener, door, router, limits, None, stop).await;
}

/// Serves as [`serve`] does, over TLS if it is given. A request over a connection whose client showed a certificate has
/// it, a [`PeerCertificate`](crate::tls::PeerCertificate), among its extensions.
pub async fn serve_tls(
    listener: TcpListener,
    door: impl Into<Door>,
    router: Router,
    limits: Limits,
    tls: Option<ServerTls>,
    stop: impl Future<Output = ()>,
) {
    let Door { name: door, look } = door.into();
    let limits = Arc::new(limits);
    let places = Arc::new(ConnectionSlots::new(door, Arc::clone(&limits)));
    let server = Arc::new(connection::Server::new(router, look, limits, tls));
    let stopping = watch::Sender::new(false);
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let mut trouble = Trouble::default();
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                trouble.rest(door, &error, &places).await;
                continue;
            }
        };
        let Some(place) = places.take(address) else {
            continue;
        };
        prepare(&stream);
        let connection = Arc::clone(&server).run(stream, place, stopping.subscribe());
        connections.spawn(connection);
    }
    drop(listener);
    stopping.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// Disables Nagle's algorithm: answers are small and should leave at once. A connection that refuses works all the
/// same.
fn prepare(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set on a connection.");
    }
}

/// Recent accept errors.
#[derive(Default)]
struct Trouble {
    pause: Duration,
    last: Option<Instant>,
}

impl Trouble {
    /// Waits after an error of `accept`. Errors of one connection don't affect others; without descriptors the loop
    /// would spin, so it makes room and waits.
    async fn rest(&mut self, door: &'static str, error: &std::io::Error, places: &ConnectionSlots) {
        if is_of_one_connection(error) {
            return;
        }
        REFUSED.with([door, "descriptors"]).increment(1);
        let now = Instant::now();
        let news = self
            .last
            .is_none_or(|last| now.duration_since(last) > QUIET);
        self.last = Some(now);
        if news {
            self.pause = PAUSE;
            tracing::error!(door, %error, open = places.open(), "Connections can't be accepted; the listener retries.");
        }
        if places.make_room() {
            // Connections that are evicted need a moment to close.
            self.pause = PAUSE;
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

/// True if an error of `accept` is about the accepted connection only, which is gone.
fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::Interrupted
    )
}
