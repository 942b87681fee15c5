//! The task that owns a channel with confirms. It alone publishes on it: the library hands out the numbers that
//! confirms refer to and queues the frames in two steps, so two tasks on one channel get each other's confirms.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, Fuse, FusedFuture};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Channel, Error, PublisherConfirm};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::answers::{Reason, all_of_one_answer, settle, unknown, wait};
use super::declare::name;
use super::declare::partitions::slot_text;
use super::dial::Session;
use super::link::{Phase, Shared};
use super::properties::to_amqp;
use super::publish_queue::Job;
use crate::broker::api::error::PublishError;
use crate::broker::api::message::Outgoing;

/// Pause before a broken channel is replaced.
const PAUSE: Duration = Duration::from_millis(100);

/// Backoff of an exchange that accepts no messages: the first, and it doubles each time.
const SHUT: Duration = Duration::from_secs(1);
/// The longest.
const SHUT_LONGEST: Duration = Duration::from_secs(30);

/// AMQP's codes for what we may not do, and for what isn't there.
const ACCESS_REFUSED: u16 = 403;
const NOT_FOUND: u16 = 404;
/// For a message that is too large, among others.
const PRECONDITION_FAILED: u16 = 406;

/// Publishes what comes in by one publish queue, all of it to one exchange.
pub(super) struct Publisher {
    pub(super) shared: Arc<Shared>,
    /// Exchange; empty for the default exchange.
    pub(super) exchange: &'static str,
    pub(super) jobs: mpsc::Receiver<Job>,
    /// A message that was taken from the publish queue and comes before the others.
    pub(super) first: Option<Job>,
    pub(super) phases: watch::Receiver<Phase>,
    /// Maximum number of unconfirmed messages.
    pub(super) unanswered: usize,
    /// Confirm timeout, after which the channel counts as broken.
    pub(super) time_limit: Duration,
    /// Number of slots of the exchange.
    pub(super) slots: u64,
    /// True if the exchange was shut when it was last tried.
    pub(super) troubled: bool,
}

/// Reason why publishing on one channel ended.
enum Ended {
    /// There is no use for the channel any more.
    Over,
    /// It broke.
    Broken(Reason),
}

type Writing = BoxFuture<'static, (Job, Result<PublisherConfirm, Error>)>;

impl Publisher {
    /// Publishes until the publish queue is gone.
    pub(super) async fn run(mut self) {
        let mut breaks = 0;
        let mut gone = false;
        while let Some(session) = self.session().await {
            // An error here is the connection's, and its keeper will tell.
            let reason = match self.open(&session, gone).await {
                Ok((home, channel)) => {
                    let (ended, worked) = self.serve(&session, &home, &channel).await;
                    if worked {
                        breaks = 0;
                    }
                    match ended {
                        None => return,
                        Some(Ended::Over) => Reason::none(),
                        Some(Ended::Broken(reason)) => reason,
                    }
                }
                Err(error) => error.into(),
            };
            if reason.code == PRECONDITION_FAILED {
                self.shared.learn_max_body(&reason.text);
            }
            let shut = match reason.code {
                ACCESS_REFUSED => true,
                // Declaring it again may help, once.
                NOT_FOUND => breaks > 0,
                _ => false,
            };
            gone = reason.code == NOT_FOUND;
            if !shut {
                breaks += u32::from(gone);
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            breaks += 1;
            let pause = SHUT
                .saturating_mul(1 << (breaks - 1).min(5))
                .min(SHUT_LONGEST);
            if self.stay_shut(&session, reason.text, pause).await.is_none() {
                return;
            }
        }
    }

    /// Refuses what comes, until it is time to try the exchange again or there is another connection. None ends the
    /// publisher.
    async fn stay_shut(
        &mut self,
        session: &Arc<Session>,
        reason: String,
        pause: Duration,
    ) -> Option<()> {
        self.shared.monitor.shut(self.exchange, &reason);
        self.troubled = true;
        let refusal = PublishError::Shut {
            exchange: self.exchange.to_owned(),
            reason,
        };
        let mut end = pin!(tokio::time::sleep(pause));
        loop {
            if let Some(job) = self.first.take() {
                job.answer(Err(refusal.clone()));
            }
            tokio::select! {
                () = &mut end => return Some(()),
                changed = self.phases.changed() => {
                    changed.ok()?;
                    let now = self.phases.borrow_and_update().session().map(Arc::as_ptr);
                    if now.is_some_and(|now| now != Arc::as_ptr(session)) {
                        return Some(());
                    }
                }
                job = self.jobs.recv() => self.first = Some(job?),
            }
        }
    }

    /// Waits for a message and a connection, and refuses what comes while there is none. None ends the publisher.
    async fn session(&mut self) -> Option<Arc<Session>> {
        loop {
            // Looked at after a message is taken: its sender may have seen a change that we have not seen before.
            let refusal = match &*self.phases.borrow_and_update() {
                Phase::Up(session) if self.first.is_some() => return Some(Arc::clone(session)),
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

    async fn open(
        &self,
        session: &Arc<Session>,
        again: bool,
    ) -> Result<(Arc<Session>, Channel), Error> {
        if again {
            self.shared.declare_again(session).await?;
        }
        let (home, channel) = session.open().await?;
        let confirming = channel.confirm_select(ConfirmSelectOptions::default());
        home.ask(confirming).await?;
        Ok((home, channel))
    }

    /// Publishes on one channel until it breaks; says whether the exchange has taken anything, too. None ends the
    /// publisher. Messages that have no answer then are dropped, which tells their senders that their fate is unknown.
    async fn serve(
        &mut self,
        session: &Arc<Session>,
        home: &Session,
        channel: &Channel,
    ) -> (Option<Ended>, bool) {
        let mut worked = false;
        let ended = self.publish_all(session, home, channel, &mut worked).await;
        (ended, worked)
    }

    async fn publish_all(
        &mut self,
        session: &Arc<Session>,
        home: &Session,
        channel: &Channel,
        worked: &mut bool,
    ) -> Option<Ended> {
        let mut unanswered = FuturesUnordered::new();
        let mut writing: Fuse<Writing> = Fuse::terminated();
        let mut returned = Vec::new();
        loop {
            let refusal = match &*self.phases.borrow_and_update() {
                Phase::Up(current) if !Arc::ptr_eq(current, session) => return Some(Ended::Over),
                Phase::Down { .. } => return Some(Ended::Over),
                phase => phase.refusal(),
            };
            if !home.is_up() {
                return Some(Ended::Over);
            }
            if let Some(job) = self.first.take_if(|_| writing.is_terminated()) {
                match &refusal {
                    None => writing = write(channel, job, self.time_limit, self.slots).fuse(),
                    Some((_, refusal)) => job.answer(Err(refusal.clone())),
                }
            }
            // A closed exchange is tried with one message.
            let most = if self.troubled { 1 } else { self.unanswered };
            let has_place = writing.is_terminated() && unanswered.len() < most;
            tokio::select! {
                biased;
                Some(first) = unanswered.next(), if !unanswered.is_empty() => {
                    let batch = all_of_one_answer(first, &mut unanswered, channel);
                    if let Err(reason) = settle(batch, &mut returned) {
                        return Some(Ended::Broken(reason));
                    }
                    *worked = true;
                    if std::mem::take(&mut self.troubled) {
                        self.shared.monitor.open(self.exchange);
                    }
                }
                (job, written) = &mut writing, if !writing.is_terminated() => match written {
                    Ok(confirm) => unanswered.push(wait(job, confirm, self.time_limit)),
                    Err(error) => {
                        let reason = Reason::from(error);
                        job.answer(Err(unknown(reason.text.clone())));
                        return Some(Ended::Broken(reason));
                    }
                },
                changed = self.phases.changed() => changed.ok()?,
                job = self.jobs.recv(), if has_place || refusal.is_some() => match refusal {
                    None => writing = write(channel, job?, self.time_limit, self.slots).fuse(),
                    Some((_, refusal)) => job?.answer(Err(refusal)),
                },
            }
        }
    }
}

/// Writes a message to the socket. One at a time: the next is not begun before this one is written.
fn write(channel: &Channel, job: Job, time_limit: Duration, slots: u64) -> Writing {
    let channel = channel.clone();
    async move {
        let written = timeout(time_limit, publish(&channel, &job.message, slots)).await;
        let late = |_| Error::from(std::io::Error::from(std::io::ErrorKind::TimedOut));
        let written = written.map_err(late).flatten();
        (job, written)
    }
    .boxed()
}

async fn publish(
    channel: &Channel,
    message: &Outgoing,
    slots: u64,
) -> Result<PublisherConfirm, Error> {
    let partition = message.partition.filter(|_| slots > 1);
    let slot = partition.map(|hash| slot_text(hash % slots, slots));
    let properties = to_amqp(&message.properties, slot).map_err(std::io::Error::other)?;
    // A message that no queue accepts is returned, unless an alternate exchange accepts it.
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
