//! A filter between RabbitMQ and the AMQP client, which ends a connection at the first frame that it can't read.
//!
//! Anybody who may publish can write names, ids and routing keys that are not UTF-8, tables within tables to any depth,
//! and headers that are larger than a frame once the broker has added its own. The broker delivers them all. Here such
//! a frame is written anew, and its message says so in a header, by which a worker makes a dead letter of it. All others
//! go through as they are: bodies, which are nearly everything, are not even looked at.

mod content;
mod filter;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod reader;
mod runtime;
#[cfg(test)]
mod tests;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::io::{AsyncRead, AsyncWrite};

use self::filter::{Begin, Filter, begin};
pub(super) use self::runtime::runtime;

/// Number of bytes that are read at once where frames begin.
const AT_ONCE: usize = 16 << 10;

/// The most of a frame that is held. Only a header can have more, and only its beginning is looked at then.
const MOST: usize = 32 << 20;

/// A connection's stream, with what comes by it filtered.
pub(in crate::broker) struct FilteredStream<S> {
    stream: S,
    filter: Filter,
    /// Bytes that were read. Up to `start` they are handed out, up to `through` they may be, up to `end` they are to be
    /// checked.
    inbox: Vec<u8>,
    start: usize,
    through: usize,
    end: usize,
    /// Replacement of the frame at `through`, the number of its bytes that are handed out, and of the frame's bytes
    /// that are here.
    instead: Vec<u8>,
    given: usize,
    hole: usize,
    /// Number of unread bytes that are passed on unchecked.
    unseen: usize,
    /// Number of unread bytes that are dropped.
    dropped: usize,
}

impl<S> FilteredStream<S> {
    /// Filters a stream, for a client that allows frames of at most so many bytes, if it says so.
    pub(super) fn new(stream: S, frame_max: Option<u32>) -> Self {
        FilteredStream {
            stream,
            filter: Filter::new(frame_max),
            inbox: vec![0; AT_ONCE],
            start: 0,
            through: 0,
            end: 0,
            instead: Vec::new(),
            given: 0,
            hole: 0,
            unseen: 0,
            dropped: 0,
        }
    }

    /// Hands out what is ready. None if there is nothing.
    fn take(&mut self, into: &mut [u8]) -> Option<usize> {
        let ready = self.inbox.get(self.start..self.through)?;
        if !ready.is_empty() {
            let taken = copy(ready, into);
            self.start += taken;
            return Some(taken);
        }
        let left = self.instead.get(self.given..)?;
        if left.is_empty() {
            return None;
        }
        let taken = copy(left, into);
        self.given += taken;
        if self.given == self.instead.len() {
            (self.instead, self.given) = (Vec::new(), 0);
            self.through += std::mem::take(&mut self.hole);
            self.start = self.through;
        }
        Some(taken)
    }

    /// Looks at the frames that are there, until one has to be replaced or isn't there as a whole.
    fn look(&mut self) {
        let dropped = self.dropped.min(self.end - self.through);
        if dropped > 0 && self.instead.is_empty() {
            self.dropped -= dropped;
            self.through += dropped;
            self.start = self.through;
        }
        while self.unseen == 0 && self.dropped == 0 && self.instead.is_empty() {
            let bytes = self.inbox.get(self.through..self.end).unwrap_or_default();
            match begin(bytes) {
                Begin::Unclear => return,
                Begin::Through(size) => {
                    let here = size.min(bytes.len());
                    self.through += here;
                    self.unseen = size - here;
                }
                Begin::Whole(size) => {
                    let Some(frame) = bytes.get(..size.min(MOST)) else {
                        return;
                    };
                    let here = frame.len();
                    match self.filter.replaced(frame) {
                        // A frame that isn't here as a whole is always replaced, or invalid.
                        None => {
                            self.through += here;
                            self.unseen = size - here;
                        }
                        Some(instead) => {
                            self.instead = instead;
                            self.hole = here;
                            self.dropped = size - here;
                        }
                    }
                }
            }
        }
    }

    /// Makes room for more behind what is there.
    fn make_room(&mut self) {
        self.inbox.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.through -= self.start;
        self.start = 0;
        if self.end == self.inbox.len() {
            self.inbox.resize(2 * self.end, 0);
        } else if self.end == 0 && self.inbox.len() > AT_ONCE {
            self.inbox = vec![0; AT_ONCE];
        }
    }
}

fn copy(from: &[u8], into: &mut [u8]) -> usize {
    let size = from.len().min(into.len());
    if let (Some(from), Some(into)) = (from.get(..size), into.get_mut(..size)) {
        into.copy_from_slice(from);
    }
    size
}

impl<S: AsyncRead + Unpin> AsyncRead for FilteredStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if into.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            if let Some(taken) = this.take(into) {
                return Poll::Ready(Ok(taken));
            }
            // All that is here is handed out: the rest of a body goes straight to the client.
            if this.unseen > 0 && this.start == this.end {
                let size = this.unseen.min(into.len());
                let into = into.get_mut(..size).unwrap_or_default();
                let read = ready!(Pin::new(&mut this.stream).poll_read(cx, into))?;
                this.unseen -= read;
                return Poll::Ready(Ok(read));
            }
            this.look();
            if this.start < this.through || !this.instead.is_empty() || this.unseen > 0 {
                continue;
            }
            this.make_room();
            let room = this.inbox.get_mut(this.end..).unwrap_or_default();
            let read = ready!(Pin::new(&mut this.stream).poll_read(cx, room))?;
            if read == 0 {
                return Poll::Ready(Ok(0));
            }
            this.end += read;
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FilteredStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, from)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        from: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, from)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_close(cx)
    }
}
