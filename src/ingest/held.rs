//! Body bytes that hold their share of a budget until they are written to the socket or dropped: answers that a client
//! has to read.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};

use crate::weight::Permit;

/// Body that holds its share until all of its bytes are gone.
pub(super) fn body<B>(body: B, held: Option<Permit>) -> Body
where
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<axum::BoxError>,
{
    match held {
        None => Body::new(body),
        Some(held) => Body::new(HeldBody {
            body,
            held: Arc::new(held),
        }),
    }
}

struct HeldBody<B> {
    body: B,
    held: Arc<Permit>,
}

struct HeldBytes {
    bytes: Bytes,
    _held: Arc<Permit>,
}

impl AsRef<[u8]> for HeldBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin> HttpBody for HeldBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        // The connection keeps the bytes after the end of the body, as long as the client doesn't read them.
        let hold = |bytes| {
            Bytes::from_owner(HeldBytes {
                bytes,
                _held: Arc::clone(&self.held),
            })
        };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(hold))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
