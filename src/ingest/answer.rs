//! Fan-in of a request's parts: several messages, one outcome, which arrives when the last of them has ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::pool::PoolShare;
use crate::broker::PublishError;
use crate::trace::TraceContext;

/// Outcome of publishing all parts of a request.
pub type PublishOutcome = Result<(), PublishError>;

/// One part of a request on its way to the broker. If it is dropped unfinished, its outcome is unknown.
#[derive(Debug)]
pub struct Part {
    request: Arc<Request>,
    ended: bool,
}

/// Creates the parts of a request.
#[derive(Debug)]
pub struct Parts {
    request: Arc<Request>,
}

#[derive(Debug)]
struct Request {
    state: Mutex<PartsState>,
    /// Its span, if that is recorded.
    trace: Option<TraceContext>,
    /// Share of the pool for the parts' bytes, until the last of them is gone.
    _held: Option<PoolShare>,
}

#[derive(Debug)]
struct PartsState {
    failure: Option<PublishError>,
    answer: Option<oneshot::Sender<PublishOutcome>>,
}

/// Creates the parts of a request, which hold a share of the pool, and the receiver of its outcome. The outcome arrives
/// once all parts have ended and [`Parts`] is dropped.
pub fn parts(
    held: Option<PoolShare>,
    trace: Option<TraceContext>,
) -> (Parts, oneshot::Receiver<PublishOutcome>) {
    let (sender, receiver) = oneshot::channel();
    let state = Mutex::new(PartsState {
        failure: None,
        answer: Some(sender),
    });
    let request = Arc::new(Request {
        state,
        trace,
        _held: held,
    });
    (Parts { request }, receiver)
}

impl Parts {
    /// Adds a part.
    pub fn part(&self) -> Part {
        Part {
            request: Arc::clone(&self.request),
            ended: false,
        }
    }
}

impl Part {
    /// Span of its request, if that is recorded.
    pub fn trace(&self) -> Option<TraceContext> {
        self.request.trace
    }

    /// Ends the part with its outcome.
    pub fn end(mut self, outcome: &PublishOutcome) {
        self.ended = true;
        if let Err(failure) = outcome {
            self.request.fail(failure.clone());
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.ended {
            self.request.fail(PublishError::Unknown {
                reason: "publishing was abandoned".to_owned(),
            });
        }
    }
}

impl Request {
    /// Keeps the most significant failure: a permanent one before a transient one.
    fn fail(&self, failure: PublishError) {
        let mut state = self.state();
        let worse = match &state.failure {
            None => true,
            Some(before) => before.retry_helps() && !failure.retry_helps(),
        };
        if worse {
            state.failure = Some(failure);
        }
    }

    fn state(&self) -> MutexGuard<'_, PartsState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut state = self.state();
        let outcome = state.failure.take().map_or(Ok(()), Err);
        if let Some(answer) = state.answer.take() {
            // The receiver may be gone.
            drop(answer.send(outcome));
        }
    }
}
