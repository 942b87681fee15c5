//! The broker in memory: the same exchanges, queues and settlements, and nothing that would have to be recovered.
//!
//! A publisher waits until its message is settled everywhere, so nothing that was answered with OK is ever only in
//! memory. Queues that nobody waits for are the exception: what is in them is best effort.

mod best_effort;
mod publish_wait;
mod queue;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use self::publish_wait::{Live, PublishWait};
use self::queue::{Consumer, Queue, QueuedMessage};
use crate::broker::api::Broker;
use crate::broker::api::broker_metrics::BrokerMetrics;
use crate::broker::api::delivery::Deliveries;
use crate::broker::api::error::{ConsumeError, PublishError};
use crate::broker::api::limits::Limits;
use crate::broker::api::message::Outgoing;
use crate::broker::api::origin::Origin;
use crate::broker::api::status::{Link, Status};
use crate::broker::api::topology::Topology;
use crate::metrics::broker::UP;
use crate::weight::{self, Budget, Permit};

/// How long the shutdown waits for messages that no client waits for.
const LAST_CHANCE: Duration = Duration::from_secs(1);

/// A broker in memory.
pub struct Embedded {
    queues: Vec<Arc<Queue>>,
    metrics: BrokerMetrics,
    max_body: usize,
    /// The weight of messages that came from outside and are not settled. Whoever finds it used up waits in line.
    budget: Budget,
    /// Nothing is taken from outside any more.
    closed: CancellationToken,
    live: Arc<Live>,
    /// Live publish waits of messages that no client waits for.
    unawaited: Arc<Live>,
    status: watch::Sender<Status>,
}

impl Embedded {
    /// A broker that holds messages of at most this weight in bytes. Messages in place of a delivery are not counted:
    /// their original was.
    pub fn new(topology: &Topology, budget: usize) -> Self {
        UP.set_to(true);
        let metrics = BrokerMetrics::new(topology);
        let queues = topology.queues.iter().enumerate();
        Self {
            queues: queues
                .filter_map(|(at, spec)| Some(Queue::new(spec, budget, metrics.queue(at)?)))
                .collect(),
            metrics,
            max_body: budget.saturating_sub(weight::MESSAGE as usize),
            budget: Budget::new(budget as u64),
            closed: CancellationToken::new(),
            live: Arc::default(),
            unawaited: Arc::default(),
            status: watch::Sender::new(Status::of(Link::Up)),
        }
    }

    async fn publish_counted(&self, message: Outgoing) -> Result<(), PublishError> {
        self.limits().check(&message)?;
        let targets = self.metrics.routes().targets(
            &message.exchange,
            &message.routing_key,
            message.partition,
        )?;
        if let Some(publish_wait) = message
            .origin
            .as_ref()
            .and_then(Origin::known::<PublishWait>)
        {
            publish_wait.expect(targets.len());
            return self.put(&Arc::new(message.into()), &targets, &publish_wait);
        }
        let best_effort = |at: &usize| {
            self.queues
                .get(*at)
                .is_some_and(|q| q.best_effort.is_some())
        };
        let (unawaited, awaited): (Vec<usize>, Vec<usize>) =
            targets.iter().partition(|at| best_effort(at));
        if awaited.is_empty() {
            return self.put_spare(&Arc::new(message.into()), &unawaited);
        }
        let permit = self.room_for(message.weight()).await?;
        let message = Arc::new(QueuedMessage::from(message));
        self.put_spare(&message, &unawaited)?;
        let (settled, answer) = oneshot::channel();
        let publish_wait = PublishWait::new(awaited.len(), settled, permit, Arc::clone(&self.live));
        self.put(&message, &awaited, &publish_wait)?;
        drop(publish_wait);
        answer.await.map_err(|_| PublishError::Unknown {
            reason: "the broker was closed before every destination had the message".to_owned(),
        })
    }

    async fn room_for(&self, weight: u64) -> Result<Permit, PublishError> {
        tokio::select! {
            biased;
            () = self.closed.cancelled() => Err(PublishError::Closed),
            permit = self.budget.acquire(weight) => Ok(permit),
        }
    }

    fn put(
        &self,
        message: &Arc<QueuedMessage>,
        targets: &[usize],
        publish_wait: &Arc<PublishWait>,
    ) -> Result<(), PublishError> {
        for queue in targets.iter().filter_map(|at| self.queues.get(*at)) {
            if !queue.push(Arc::clone(message), Arc::clone(publish_wait)) {
                return Err(PublishError::Closed);
            }
        }
        Ok(())
    }

    /// Puts a message where nobody waits for it, as far as there is room. Each copy has a publish wait of its own.
    fn put_spare(
        &self,
        message: &Arc<QueuedMessage>,
        targets: &[usize],
    ) -> Result<(), PublishError> {
        for at in targets {
            let best_effort = self
                .queues
                .get(*at)
                .and_then(|queue| queue.best_effort.as_ref());
            let room = best_effort.and_then(|best_effort| best_effort.take(message.weight()));
            let Some(room) = room else { continue };
            let (settled, _) = oneshot::channel();
            let publish_wait = PublishWait::new(1, settled, room, Arc::clone(&self.unawaited));
            self.put(message, &[*at], &publish_wait)?;
        }
        Ok(())
    }
}

impl Broker for Embedded {
    fn limits(&self) -> Limits {
        Limits {
            body: self.max_body,
            ..Limits::NONE
        }
    }

    fn publish(&self, message: Outgoing) -> BoxFuture<'_, Result<(), PublishError>> {
        async move {
            let publishing = self.metrics.putting(&message);
            let result = self.publish_counted(message).await;
            publishing.end(&result);
            result
        }
        .boxed()
    }

    fn consume(&self, queue: &str) -> Result<Deliveries, ConsumeError> {
        let no_queue = || ConsumeError::NoQueue {
            queue: queue.to_owned(),
        };
        let at = self.metrics.routes().queue(queue).ok_or_else(no_queue)?;
        let queue = self.queues.get(at).ok_or_else(no_queue)?;
        let consumer = Consumer::of(queue).ok_or(ConsumeError::Closed)?;
        Ok(Deliveries::new(consumer.deliveries()))
    }

    fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    fn close(&self, time_limit: Duration) -> BoxFuture<'_, ()> {
        async move {
            let began = Instant::now();
            self.closed.cancel();
            if tokio::time::timeout(time_limit, self.live.none_left())
                .await
                .is_err()
            {
                tracing::warn!(
                    messages = self.live.count(),
                    "The embedded broker closes before all messages are settled."
                );
            }
            // Messages that no client waits for get a short time only.
            let last = time_limit.saturating_sub(began.elapsed()).min(LAST_CHANCE);
            tokio::time::timeout(last, self.unawaited.none_left())
                .await
                .ok();
            match self.unawaited.count() {
                0 => {}
                messages => tracing::warn!(
                    messages,
                    "Messages that nobody waits for end with the embedded broker."
                ),
            }
            for queue in &self.queues {
                queue.close();
            }
            UP.set_to(false);
            self.status.send_replace(Status::of(Link::Closed));
        }
        .boxed()
    }
}
