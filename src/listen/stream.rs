//! Byte stream of a connection, which reports to its peer what it reads.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::peer::Peer;
use super::transport::Transport;

/// Number of unwanted bytes that are discarded at once, and how often before others have a turn.
const SCRAP: usize = 16 << 10;
const SCRAPS: usize = 16;

/// Connection that reports reads to its peer, and whose socket reports writes.
pub(super) struct Stream {
    inner: Transport,
    peer: Arc<Peer>,
    /// True if the sending side is closed; and until when incoming bytes are discarded.
    closed: bool,
    lingers: Option<Pin<Box<Sleep>>>,
}

impl Stream {
    pub(super) fn new(inner: Transport, peer: Arc<Peer>) -> Self {
        Stream {
            inner,
            peer,
            closed: false,
            lingers: None,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        if let Some(came) = buf.filled().get(before..)
            && !came.is_empty()
        {
            self.peer.heard(came);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    /// Closes the sending side. A client that was refused and goes on sending would get a reset and lose the answer, so
    /// its bytes are discarded for a while.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.closed {
            ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
            self.closed = true;
            self.lingers = self.peer.linger().map(|linger| Box::pin(sleep(linger)));
        }
        let this = &mut *self;
        let Some(lingers) = &mut this.lingers else {
            return Poll::Ready(Ok(()));
        };
        if lingers.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        // What is discarded is not decrypted before.
        let socket = this.inner.socket();
        let mut scrap = [0; SCRAP];
        for _ in 0..SCRAPS {
            let mut scrap = ReadBuf::new(&mut scrap);
            match ready!(Pin::new(&mut *socket).poll_read(cx, &mut scrap)) {
                Ok(()) if !scrap.filled().is_empty() => {}
                _ => return Poll::Ready(Ok(())),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
