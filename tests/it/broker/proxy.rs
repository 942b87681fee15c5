//! A TCP proxy before the broker, whose line can be cut, held up, or made to say something.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};

/// Behaviour of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Bytes pass both ways.
    Open,
    /// The broker's bytes wait; ours pass.
    Held,
    /// New connections are accepted, and nothing passes.
    Silent,
    /// There are no connections.
    Cut,
}

/// The proxy.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    line: watch::Sender<Line>,
    said: broadcast::Sender<Arc<[u8]>>,
}

impl Proxy {
    pub(super) async fn before(upstream: String, line: Line) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let line = watch::Sender::new(line);
        let said = broadcast::Sender::new(4);
        let (state, words) = (line.subscribe(), said.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *state.borrow() == Line::Cut {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&upstream).await else {
                    continue;
                };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let (up, down) = (state.clone(), state.clone());
                let (mute, words) = (broadcast::Sender::new(1).subscribe(), words.subscribe());
                tokio::spawn(pump(from_client, to_server, up, Line::Silent, mute));
                tokio::spawn(pump(from_server, to_client, down, Line::Held, words));
            }
        });
        Self {
            address,
            line,
            said,
        }
    }

    pub(super) fn set(&self, line: Line) {
        self.line.send_replace(line);
    }

    /// Says something to all clients in the broker's name. Nothing else may be on its way.
    pub(super) fn say(&self, bytes: Vec<u8>) {
        self.said.send(bytes.into()).unwrap();
    }
}

/// Passes bytes on, unless the line is cut, silent, or as `waits` says.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut line: watch::Receiver<Line>,
    waits: Line,
    mut said: broadcast::Receiver<Arc<[u8]>>,
) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let state = *line.borrow_and_update();
        if state == Line::Cut {
            return;
        }
        let passes = state != Line::Silent && state != waits;
        tokio::select! {
            changed = line.changed() => if changed.is_err() { return },
            Ok(bytes) = said.recv() => if to.write_all(&bytes).await.is_err() { return },
            read = from.read(&mut buffer), if passes => match read {
                Ok(0) | Err(_) => return,
                Ok(size) => if to.write_all(&buffer[..size]).await.is_err() { return },
            },
        }
    }
}
