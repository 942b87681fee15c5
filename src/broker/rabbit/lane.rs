//! The way into a publisher: bounded, and refused at once while there is no connection.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use super::link::Phase;
use crate::broker::error::PublishError;
use crate::broker::message::Outgoing;

/// What a message costs beside its body.
const OVERHEAD: usize = 512;

/// The way into one publisher.
pub(super) struct Lane {
    jobs: mpsc::Sender<Job>,
    /// Bytes of messages that are not answered.
    room: Arc<Semaphore>,
    size: u32,
    phases: watch::Receiver<Phase>,
    /// How long a trouble may last before messages are refused.
    grace: Duration,
}

/// A message to publish. Dropped without an answer, it is one of unknown fate.
pub(super) struct Job {
    pub(super) message: Outgoing,
    answer: oneshot::Sender<Result<(), PublishError>>,
    _room: OwnedSemaphorePermit,
}

impl Lane {
    /// A lane for this many messages and bytes, and the end that the publisher takes from.
    pub(super) fn new(
        messages: usize,
        bytes: usize,
        grace: Duration,
        phases: watch::Receiver<Phase>,
    ) -> (Self, mpsc::Receiver<Job>) {
        let (jobs, publisher) = mpsc::channel(messages.max(1));
        let size = u32::try_from(bytes).unwrap_or(u32::MAX);
        let lane = Self {
            jobs,
            room: Arc::new(Semaphore::new(size as usize)),
            size,
            phases,
            grace,
        };
        (lane, publisher)
    }

    /// Another lane, to another publisher. Both have the same bytes to share.
    pub(super) fn sibling(&self, messages: usize) -> (Self, mpsc::Receiver<Job>) {
        let (jobs, publisher) = mpsc::channel(messages.max(1));
        let lane = Self {
            jobs,
            room: Arc::clone(&self.room),
            size: self.size,
            phases: self.phases.clone(),
            grace: self.grace,
        };
        (lane, publisher)
    }

    /// Publishes, and waits for the answer.
    pub(super) async fn publish(&self, message: Outgoing) -> Result<(), PublishError> {
        let (answer, answered) = oneshot::channel();
        tokio::select! {
            biased;
            admitted = self.admit(message, answer) => admitted?,
            refusal = self.refused() => return Err(refusal),
        }
        answered.await.unwrap_or_else(|_| {
            Err(PublishError::Unknown {
                reason: "the connection broke before the broker answered".to_owned(),
            })
        })
    }

    /// Waits until all messages under way are answered.
    pub(super) async fn empty(&self) {
        // Never closed; and with all of the room in hand, nobody else holds any.
        self.room.acquire_many(self.size).await.ok();
    }

    async fn admit(
        &self,
        message: Outgoing,
        answer: oneshot::Sender<Result<(), PublishError>>,
    ) -> Result<(), PublishError> {
        self.phases
            .clone()
            .wait_for(|phase| phase.session().is_some())
            .await
            .map_err(|_| PublishError::Closed)?;
        let size = u32::try_from(message.body.len() + OVERHEAD).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room)
            .acquire_many_owned(size.min(self.size))
            .await
            .map_err(|_| PublishError::Closed)?;
        let job = Job {
            message,
            answer,
            _room: room,
        };
        self.jobs.send(job).await.map_err(|_| PublishError::Closed)
    }

    /// Returns once a trouble has lasted longer than the grace.
    async fn refused(&self) -> PublishError {
        let mut phases = self.phases.clone();
        loop {
            let refusal = phases.borrow_and_update().refusal();
            let changed = phases.changed();
            let Some((since, refusal)) = refusal else {
                if changed.await.is_err() {
                    return PublishError::Closed;
                }
                continue;
            };
            tokio::select! {
                changed = changed => if changed.is_err() {
                    return PublishError::Closed;
                },
                () = tokio::time::sleep_until(since + self.grace) => return refusal,
            }
        }
    }
}

// === impl Job ===

impl Job {
    pub(super) fn answer(self, result: Result<(), PublishError>) {
        // Whoever has stopped waiting doesn't mind.
        self.answer.send(result).ok();
    }
}
