//! Bodies that are being read count against a budget, frame by frame: how many arrive at once is up to the senders.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::Status;

use super::response::Refusal;
use super::status::status;

/// The unit in which bytes are counted.
const UNIT: usize = 1024;

/// How many bytes of a source's requests may be in memory before they are complete.
#[derive(Debug, Clone)]
pub struct Budget {
    units: Arc<Semaphore>,
}

/// A body whose bytes count until it is dropped. It fails where the budget has no room.
#[derive(Debug)]
pub struct Counted {
    body: Body,
    budget: Budget,
    held: Option<OwnedSemaphorePermit>,
    /// How many bytes came, and for how many there is room.
    came: usize,
    room: usize,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: u64) -> Self {
        let units = usize::try_from(bytes / UNIT as u64).unwrap_or(usize::MAX);
        let units = units.clamp(1, Semaphore::MAX_PERMITS);
        Budget {
            units: Arc::new(Semaphore::new(units)),
        }
    }

    /// A body that counts.
    pub fn count(&self, body: Body) -> Counted {
        Counted {
            body,
            budget: self.clone(),
            held: None,
            came: 0,
            room: 0,
        }
    }
}

impl Counted {
    /// Makes room for what came, if there is any.
    fn make_room(&mut self, len: usize) -> Result<(), Refusal> {
        self.came += len;
        let Some(missing) = self
            .came
            .checked_sub(self.room)
            .filter(|missing| *missing > 0)
        else {
            return Ok(());
        };
        let units = u32::try_from(missing.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let more = Arc::clone(&self.budget.units)
            .try_acquire_many_owned(units)
            .map_err(|_| Refusal::Full)?;
        self.room += units as usize * UNIT;
        match &mut self.held {
            None => self.held = Some(more),
            Some(held) => held.merge(more),
        }
        Ok(())
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(Status::from_error(error.into())))),
            Some(Ok(frame)) => frame,
        };
        let len = frame.data_ref().map_or(0, Bytes::len);
        Poll::Ready(Some(match self.make_room(len) {
            Ok(()) => Ok(frame),
            Err(refusal) => Err(status(&refusal)),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
