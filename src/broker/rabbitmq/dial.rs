//! One connection: how it is made within a time limit, and how it is cut so that nothing of it stays behind.

use std::io;
use std::net::Shutdown;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_compat::Compat;
use lapin::tcp::RustlsConnector;
use lapin::uri::AMQPUri;
use lapin::{AsyncTcpStream, Channel, Connection, ConnectionProperties, Error, ErrorKind};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::address::{Address, place};
use super::address_tls;
use super::frame_filter::{FilteredStream, runtime};
use crate::tls::client::Tls;

/// Timeout of the TCP connection, and of the handshake.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Interval at which a connection is checked while it is to answer.
pub(super) const GLANCE: Duration = Duration::from_millis(250);

/// Maximum number of further connections, for channels that one may not have.
const MORE: usize = 64;

/// Timeout of one answer on an open connection.
const ANSWER: Duration = Duration::from_secs(30);

/// A connection and its socket. Dropped, the socket is closed at once.
pub(super) struct Session {
    pub(super) connection: Connection,
    wire: Wire,
    address: Address,
    node: usize,
    name: String,
    /// Further connections, for channels that this one may not have.
    more: tokio::sync::Mutex<Vec<Arc<Session>>>,
}

/// A second handle of the socket. The library's thread lives as long as the socket does, so a connection that we
/// give up on must be cut from outside; a peer that accepts and then says nothing would keep the thread for ever.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Option<std::net::TcpStream>>>);

impl Session {
    /// Connects to the first node that answers. The error is a text for people. A node that is passed over is told once.
    pub(super) async fn dial(address: &Address, name: &str) -> Result<Self, String> {
        let nodes = address.nodes();
        let mut silent = Vec::new();
        for node in nodes.in_order() {
            match Self::dial_node(address, node, name).await {
                Ok(session) => {
                    for (other, reason) in silent {
                        if nodes.silent(other) {
                            let node = place(address.uri_of(other));
                            tracing::warn!(
                                node,
                                reason,
                                "A node of the broker doesn't answer; another one does."
                            );
                        }
                    }
                    if nodes.answered(node) {
                        let node = place(address.uri_of(node));
                        tracing::info!(node, "The node of the broker answers again.");
                    }
                    return Ok(session);
                }
                Err(reason) => silent.push((node, reason)),
            }
        }
        let reasons = silent
            .into_iter()
            .map(|(node, reason)| match address.nodes().is_one() {
                true => reason,
                false => format!("{}: {reason}", place(address.uri_of(node))),
            });
        Err(reasons.collect::<Vec<_>>().join("; "))
    }

    async fn dial_node(address: &Address, node: usize, name: &str) -> Result<Self, String> {
        let wire = Wire::default();
        let in_thread = wire.clone();
        let tls = address.tls().cloned();
        let uri = address.uri_of(node);
        let connecting = async {
            let frame_max = uri.query.frame_max;
            let properties = ConnectionProperties::default().with_connection_name(name.into());
            let connect = async move |uri: AMQPUri, _| {
                let stream = in_thread.connect(&uri).await?;
                let mut stream = AsyncTcpStream::Plain(Compat::new(stream));
                if let Some(tls) = &tls {
                    stream = encrypted(stream, tls, &uri.authority.host).await?;
                }
                Ok(AsyncTcpStream::Plain(FilteredStream::new(
                    stream, frame_max,
                )))
            };
            Connection::connector(uri.clone(), runtime(), connect, properties).await
        };
        match timeout(2 * TIME_LIMIT, connecting).await {
            Ok(Ok(connection)) => Ok(Self {
                connection,
                wire,
                address: address.clone(),
                node,
                name: name.to_owned(),
                more: tokio::sync::Mutex::default(),
            }),
            Ok(Err(error)) => {
                wire.cut();
                let untrusted = address.tls().and_then(|_| address_tls::refusal(&error));
                Err(untrusted.unwrap_or_else(|| error.to_string()))
            }
            Err(_) => {
                wire.cut();
                Err("the server accepts connections, but doesn't answer".to_owned())
            }
        }
    }

    /// The connection was lost: other nodes are tried before this one.
    pub(super) fn lost(&self) {
        self.address.nodes().lost(self.node);
    }

    /// Opens a channel: on this connection, or where its limit is reached on a further one.
    pub(super) async fn open(self: &Arc<Self>) -> Result<(Arc<Self>, Channel), Error> {
        if let Some(channel) = self.channel().await? {
            return Ok((Arc::clone(self), channel));
        }
        let mut more = self.more.lock().await;
        more.retain(|session| session.is_up());
        for session in more.iter() {
            if let Some(channel) = session.channel().await? {
                return Ok((Arc::clone(session), channel));
            }
        }
        if more.len() >= MORE {
            return Err(ErrorKind::ChannelsLimitReached.into());
        }
        let session = Self::dial(&self.address, &self.name).await;
        let session = Arc::new(session.map_err(io::Error::other)?);
        more.push(Arc::clone(&session));
        match session.channel().await? {
            Some(channel) => Ok((session, channel)),
            None => Err(ErrorKind::ChannelsLimitReached.into()),
        }
    }

    /// A channel of this connection; none if it may have no more.
    async fn channel(&self) -> Result<Option<Channel>, Error> {
        match self.ask(self.connection.create_channel()).await {
            Ok(channel) => Ok(Some(channel)),
            Err(error) if matches!(error.kind(), ErrorKind::ChannelsLimitReached) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Says goodbye, if the other side listens.
    pub(super) async fn close(&self) {
        for session in self.more.lock().await.drain(..) {
            session.close_alone().await;
        }
        self.close_alone().await;
    }

    async fn close_alone(&self) {
        let goodbye = self.connection.close(200, "OK".into());
        // The socket is closed next, whether or not it was heard.
        timeout(Duration::from_secs(2), goodbye).await.ok();
        self.wire.cut();
    }

    /// Waits for the library, but not for ever: what it is asked at the moment when the connection breaks, it may
    /// never answer.
    pub(super) async fn ask<T>(
        &self,
        question: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut question = pin!(question);
        let asked = Instant::now();
        loop {
            if let Ok(answer) = timeout(GLANCE, &mut question).await {
                return answer;
            }
            if !self.is_up() || asked.elapsed() > ANSWER {
                return Err(io::Error::from(io::ErrorKind::TimedOut).into());
            }
        }
    }

    /// True if the connection is usable.
    pub(super) fn is_up(&self) -> bool {
        self.connection.status().connected()
    }
}

/// Puts TLS on a connection, with the certificates that are there now.
async fn encrypted(
    stream: AsyncTcpStream<Compat<TcpStream>>,
    tls: &Tls,
    host: &str,
) -> io::Result<AsyncTcpStream<Compat<TcpStream>>> {
    let connector = RustlsConnector::from(tls.config().map_err(io::Error::other)?);
    let name = tls.server_name(host).map_err(io::Error::other)?;
    let shaken = stream.into_rustls(&connector, &name.to_str()).await;
    shaken.map_err(|error| io::Error::other(tls.failed(host, &error)))
}

impl Drop for Session {
    fn drop(&mut self) {
        self.wire.cut();
    }
}

// === impl Wire ===

impl Wire {
    async fn connect(&self, uri: &AMQPUri) -> io::Result<TcpStream> {
        let place = (uri.authority.host.as_str(), uri.authority.port);
        let stream = timeout(TIME_LIMIT, TcpStream::connect(place))
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        stream.set_nodelay(true)?;
        let stream = stream.into_std()?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(stream.try_clone()?);
        TcpStream::from_std(stream)
    }

    fn cut(&self) {
        let socket = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(socket) = socket {
            // It may be closed already.
            socket.shutdown(Shutdown::Both).ok();
        }
    }
}
