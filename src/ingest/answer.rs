//! The answer to a request whose parts travel in several messages: it is there when the last of them has ended.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::pool::Held;
use crate::broker::PublishError;

/// What became of a request's parts.
pub type Outcome = Result<(), PublishError>;

/// One part of a request on its way to the broker. If it is dropped without an end, nobody knows what became of it.
#[derive(Debug)]
pub struct Part {
    request: Arc<Request>,
    ended: bool,
}

/// Makes the parts of a request.
#[derive(Debug)]
pub struct Parts {
    request: Arc<Request>,
}

#[derive(Debug)]
struct Request {
    state: Mutex<State>,
    /// The share of the pool that the parts' bytes have, until the last of them is gone.
    _held: Option<Held>,
}

#[derive(Debug)]
struct State {
    failure: Option<PublishError>,
    answer: Option<oneshot::Sender<Outcome>>,
}

/// A request to be split into parts, which hold a share of the pool, and where its outcome arrives once all parts have
/// ended and [`Parts`] is dropped.
pub fn parts(held: Option<Held>) -> (Parts, oneshot::Receiver<Outcome>) {
    let (sender, receiver) = oneshot::channel();
    let state = Mutex::new(State {
        failure: None,
        answer: Some(sender),
    });
    let request = Arc::new(Request { state, _held: held });
    (Parts { request }, receiver)
}

impl Parts {
    /// One more part.
    pub fn part(&self) -> Part {
        Part {
            request: Arc::clone(&self.request),
            ended: false,
        }
    }
}

impl Part {
    /// Says how the part ended.
    pub fn end(mut self, outcome: &Outcome) {
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
                reason: "publishing it was given up".to_owned(),
            });
        }
    }
}

impl Request {
    /// Keeps the failure that says most: one that no repetition mends, before one that may pass.
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut state = self.state();
        let outcome = state.failure.take().map_or(Ok(()), Err);
        if let Some(answer) = state.answer.take() {
            // Nobody may be waiting any more.
            drop(answer.send(outcome));
        }
    }
}
