//! Socket of a connection, which tells its peer when writing is blocked.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::peer::Peer;

/// Socket that reports writes to its peer.
pub(super) struct Socket {
    inner: TcpStream,
    peer: Arc<Peer>,
    stuck: bool,
}

impl Socket {
    pub(super) fn new(inner: TcpStream, peer: Arc<Peer>) -> Self {
        Socket {
            inner,
            peer,
            stuck: false,
        }
    }

    /// Peer of the connection.
    pub(super) fn peer(&self) -> &Arc<Peer> {
        &self.peer
    }

    /// First byte of the connection, which stays to be read. None if the client left before it sent any.
    pub(super) async fn first_byte(&self) -> io::Result<Option<u8>> {
        let mut first = [0; 1];
        let count = self.inner.peek(&mut first).await?;
        Ok((count > 0).then_some(first[0]))
    }

    fn wrote<T>(&mut self, result: &Poll<T>) {
        let stuck = result.is_pending();
        if stuck != self.stuck {
            self.stuck = stuck;
            self.peer.stuck(stuck);
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.peer.resets()
            && let Err(error) = self.inner.set_zero_linger()
        {
            tracing::debug!(%error, "Unread data of a connection could not be discarded at once.");
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.wrote(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.wrote(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
