//! The way into a publisher: bounded, and refused at once while there is no connection.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::link::Phase;
use crate::broker::api::error::PublishError;
use crate::broker::api::message::Outgoing;
use crate::weight::{Budget, Permit};

/// The way into one publisher.
pub(super) struct Lane {
    jobs: mpsc::Sender<Job>,
    /// The weight of messages that are not answered.
    room: Budget,
    phases: watch::Receiver<Phase>,
    /// How long a problem may last before messages are refused.
    grace: Duration,
}

/// A message to publish. Dropped without an answer, it is one of unknown fate.
pub(super) struct Job {
    pub(super) message: Outgoing,
    answer: oneshot::Sender<Result<(), PublishError>>,
    _room: Permit,
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
        let lane = Self {
            jobs,
            room: Budget::new(bytes as u64),
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
            room: self.room.clone(),
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
        // With all of the room in hand, nobody else holds any.
        drop(self.room.acquire(self.room.bytes()).await);
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
        let room = self.room.acquire(message.weight()).await;
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
