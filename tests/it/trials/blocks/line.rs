//! A line to ClickHouse that ends when something is sent over it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use event_grpc::sink::clickhouse::{Address, ClickHouse};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Text that crashes the server.
pub(super) const MARKER: &str = "at-this-it-ends";

/// The line.
pub(super) struct Line {
    address: SocketAddr,
    ends: Arc<AtomicU32>,
}

impl Line {
    /// A line to where `store` is, which breaks at the marker and takes no connections for so long.
    pub(super) async fn before(store: &ClickHouse, away: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = std::env::var("EVENT_GRPC_TEST_CLICKHOUSE_URL").unwrap();
        let upstream = url
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .to_owned();
        let ends = Arc::new(AtomicU32::new(0));
        let down = watch::Sender::new(Instant::now());
        let counted = Arc::clone(&ends);
        assert!(!store.address().database().is_empty());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *down.borrow() > Instant::now() {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&upstream).await else {
                    continue;
                };
                let (down, ends) = (down.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    if pass(client, server, down.subscribe()).await {
                        ends.fetch_add(1, Ordering::Relaxed);
                        down.send_replace(Instant::now() + away);
                    }
                });
            }
        });
        Line { address, ends }
    }

    /// The database through this line.
    pub(super) fn over(&self, store: &ClickHouse) -> ClickHouse {
        let address = Address::parse(&format!("http://{}/", self.address)).unwrap();
        ClickHouse::new(address.with_database(store.address().database().to_owned())).unwrap()
    }

    /// Number of crashes.
    pub(super) fn ends(&self) -> u32 {
        self.ends.load(Ordering::Relaxed)
    }
}

/// Passes bytes on until one side ends, or all lines do; true if the marker was among them.
async fn pass(
    mut client: TcpStream,
    mut server: TcpStream,
    mut down: watch::Receiver<Instant>,
) -> bool {
    let (mut up, mut answer) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    let mut seen: Vec<u8> = Vec::new();
    down.mark_unchanged();
    loop {
        tokio::select! {
            _ = down.changed() => return false,
            read = client.read(&mut up) => match read {
                Ok(0) | Err(_) => return false,
                Ok(size) => {
                    seen.extend_from_slice(&up[..size]);
                    if seen.windows(MARKER.len()).any(|bytes| bytes == MARKER.as_bytes()) {
                        return true;
                    }
                    let keep = seen.len().saturating_sub(MARKER.len());
                    seen.drain(..keep);
                    if server.write_all(&up[..size]).await.is_err() {
                        return false;
                    }
                }
            },
            read = server.read(&mut answer) => match read {
                Ok(0) | Err(_) => return false,
                Ok(size) => if client.write_all(&answer[..size]).await.is_err() {
                    return false;
                },
            },
        }
    }
}
