//! The task that owns a channel with confirms. It alone publishes on it: the library hands out the numbers that
//! confirms refer to and queues the frames in two steps, so two tasks on one channel get each other's confirms.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::{BoxFuture, Fuse, FusedFuture};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use lapin::message::BasicReturnMessage;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Error, PublisherConfirm};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::declare::name;
use super::dial::Session;
use super::lane::Job;
use super::link::{Phase, Shared};
use super::properties::to_amqp;
use crate::broker::error::PublishError;
use crate::broker::message::Outgoing;

/// How long to wait before a new channel is opened in place of a broken one.
const PAUSE: Duration = Duration::from_millis(100);

/// Publishes what comes in by one lane.
pub(super) struct Publisher {
    pub(super) shared: Arc<Shared>,
    pub(super) jobs: mpsc::Receiver<Job>,
    /// A message that was taken from the lane and comes before the others.
    pub(super) first: Option<Job>,
    pub(super) phases: watch::Receiver<Phase>,
    /// How many messages may be unanswered.
    pub(super) unanswered: usize,
    /// How long an answer may take before the channel counts as broken.
    pub(super) patience: Duration,
}

/// How the broker answered a message.
struct Answered {
    job: Job,
    outcome: Outcome,
}

enum Outcome {
    Confirmed {
        taken: bool,
        /// A message that nothing took: this one or another.
        returned: Option<Box<BasicReturnMessage>>,
    },
    /// The channel or the connection broke.
    Broken(String),
}

type Writing = BoxFuture<'static, (Job, Result<PublisherConfirm, Error>)>;

impl Publisher {
    /// Publishes until the lane is gone.
    pub(super) async fn run(mut self) {
        let mut last = Weak::new();
        while let Some(session) = self.session().await {
            // A channel that broke alone, because of an exchange that is gone, say.
            let again = Weak::ptr_eq(&last, &Arc::downgrade(&session));
            last = Arc::downgrade(&session);
            // An error here is the connection's, and its keeper will tell.
            if let Ok(channel) = self.open(&session, again).await
                && self.serve(&session, &channel).await.is_none()
            {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits for a connection, and refuses what comes meanwhile. None ends the publisher.
    async fn session(&mut self) -> Option<Arc<Session>> {
        loop {
            // Looked at after a message is taken: its sender may have seen a change that we have not seen before.
            let refusal = match &*self.phases.borrow_and_update() {
                Phase::Up(session) => return Some(Arc::clone(session)),
                phase => phase.refusal(),
            };
            if let (Some(job), Some((_, refusal))) = (self.first.take(), refusal) {
                job.answer(Err(refusal));
            }
            tokio::select! {
                changed = self.phases.changed() => changed.ok()?,
                job = self.jobs.recv() => self.first = Some(job?),
            }
        }
    }

    async fn open(&self, session: &Session, again: bool) -> Result<Channel, Error> {
        if again {
            self.shared.declare_again(session).await?;
        }
        let channel = session.ask(session.connection.create_channel()).await?;
        let confirming = channel.confirm_select(ConfirmSelectOptions::default());
        session.ask(confirming).await?;
        Ok(channel)
    }

    /// Publishes on one channel until it breaks. None ends the publisher. Messages that have no answer then are
    /// dropped, which tells their senders that their fate is unknown.
    async fn serve(&mut self, session: &Arc<Session>, channel: &Channel) -> Option<()> {
        let mut unanswered = FuturesUnordered::new();
        let mut writing: Fuse<Writing> = Fuse::terminated();
        let mut returned = Vec::new();
        loop {
            let refusal = match &*self.phases.borrow_and_update() {
                Phase::Up(current) if !Arc::ptr_eq(current, session) => return Some(()),
                Phase::Down { .. } => return Some(()),
                phase => phase.refusal(),
            };
            if let Some(job) = self.first.take_if(|_| writing.is_terminated()) {
                match &refusal {
                    None => writing = write(channel, job, self.patience).fuse(),
                    Some((_, refusal)) => job.answer(Err(refusal.clone())),
                }
            }
            let has_place = writing.is_terminated() && unanswered.len() < self.unanswered;
            tokio::select! {
                biased;
                Some(first) = unanswered.next(), if !unanswered.is_empty() => {
                    let batch = all_of_one_answer(first, &mut unanswered, channel);
                    if !settle(batch, &mut returned) {
                        return Some(());
                    }
                }
                (job, written) = &mut writing, if !writing.is_terminated() => match written {
                    Ok(confirm) => unanswered.push(wait(job, confirm, self.patience)),
                    Err(error) => {
                        job.answer(Err(unknown(error.to_string())));
                        return Some(());
                    }
                },
                changed = self.phases.changed() => changed.ok()?,
                job = self.jobs.recv(), if has_place || refusal.is_some() => match refusal {
                    None => writing = write(channel, job?, self.patience).fuse(),
                    Some((_, refusal)) => job?.answer(Err(refusal)),
                },
            }
        }
    }
}

/// Writes a message to the socket. One at a time: the next is not begun before this one is written.
fn write(channel: &Channel, job: Job, patience: Duration) -> Writing {
    let channel = channel.clone();
    async move {
        let written = timeout(patience, publish(&channel, &job.message)).await;
        let late = |_| Error::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
        let written = written.map_err(late).flatten();
        (job, written)
    }
    .boxed()
}

async fn publish(channel: &Channel, message: &Outgoing) -> Result<PublisherConfirm, Error> {
    let properties = to_amqp(&message.properties).map_err(std::io::Error::other)?;
    // What no queue takes comes back, unless an alternate exchange takes it.
    let options = BasicPublishOptions {
        mandatory: true,
        immediate: false,
    };
    channel
        .basic_publish(
            name(&message.exchange)?,
            name(&message.routing_key)?,
            options,
            &message.body,
            properties,
        )
        .await
}

async fn wait(job: Job, confirm: PublisherConfirm, patience: Duration) -> Answered {
    let outcome = match timeout(patience, confirm).await {
        Ok(Ok(confirmation)) => Outcome::Confirmed {
            taken: confirmation.is_ack(),
            returned: confirmation.take_message().map(Box::new),
        },
        Ok(Err(error)) => Outcome::Broken(error.to_string()),
        Err(_) => Outcome::Broken(format!(
            "the broker has not answered within {} s",
            patience.as_secs()
        )),
    };
    Answered { job, outcome }
}

/// Gathers the confirms that one frame of the broker has brought.
///
/// A message that comes back is handed out by the library with whichever confirm it resolves next, and the confirms
/// of one frame are resolved in any order. So before one is believed, all of its frame must be here. The library
/// holds a lock while it resolves them, and this takes the same lock once: `wait_for_confirms` does so when it is
/// first polled, and is not waited for.
fn all_of_one_answer<F: Future<Output = Answered>>(
    first: Answered,
    unanswered: &mut FuturesUnordered<F>,
    channel: &Channel,
) -> Vec<Answered> {
    drop(channel.wait_for_confirms().now_or_never());
    let mut batch = vec![first];
    while let Some(Some(answered)) = unanswered.next().now_or_never() {
        batch.push(answered);
    }
    batch
}

/// Answers a batch; false if the channel is broken. A message that came back is matched by what it holds, and may
/// have come with the confirm of another one, in this batch or before.
fn settle(batch: Vec<Answered>, returned: &mut Vec<BasicReturnMessage>) -> bool {
    let mut confirmed = Vec::with_capacity(batch.len());
    let mut whole = true;
    for Answered { job, outcome } in batch {
        match outcome {
            Outcome::Broken(reason) => {
                job.answer(Err(unknown(reason)));
                whole = false;
            }
            Outcome::Confirmed {
                taken,
                returned: back,
            } => {
                returned.extend(back.map(|back| *back));
                confirmed.push((job, taken));
            }
        }
    }
    for (job, taken) in confirmed {
        let came_back = returned.iter().position(|back| same(back, &job.message));
        let result = match came_back {
            Some(at) => {
                returned.swap_remove(at);
                Err(PublishError::Unroutable {
                    exchange: job.message.exchange.to_string(),
                    routing_key: job.message.routing_key.to_string(),
                })
            }
            None if taken => Ok(()),
            None => Err(PublishError::Refused),
        };
        job.answer(result);
    }
    whole
}

fn same(back: &BasicReturnMessage, sent: &Outgoing) -> bool {
    back.delivery.exchange.as_str() == sent.exchange
        && back.delivery.routing_key.as_str() == sent.routing_key
        && back.delivery.data == sent.body
}

fn unknown(reason: String) -> PublishError {
    PublishError::Unknown { reason }
}
