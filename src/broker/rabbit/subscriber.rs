//! The task behind a consumer: subscribes, hands on what comes, and subscribes again when the channel or the
//! connection breaks.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
};
use lapin::types::FieldTable;
use lapin::{Acker, Channel, Consumer, Error};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::declare::name;
use super::dial::{GLANCE, Session};
use super::link::{Phase, Shared, delays};
use super::properties::from_amqp;
use crate::broker::delivery::{self, Ack, Delivery, Settled};
use crate::broker::meters::QueueMeters;
use crate::broker::topology::QueueSpec;

/// One consumer's task.
pub(super) struct Subscriber {
    pub(super) shared: Arc<Shared>,
    pub(super) queue: QueueSpec,
    pub(super) phases: watch::Receiver<Phase>,
    pub(super) deliveries: mpsc::Sender<Delivery>,
    pub(super) meters: Arc<QueueMeters>,
}

/// A delivery that is not settled yet.
pub(in crate::broker) struct Held {
    acker: Acker,
    queue: &'static str,
    settled: bool,
    origin: Arc<Subscription>,
}

/// What a delivery came by. It keeps the channel open: a closed one can't settle anything.
struct Subscription {
    session: Arc<Session>,
    channel: Channel,
    meters: Arc<QueueMeters>,
}

/// Why a subscription ended.
enum Ended {
    /// Nobody wants it any more.
    Unwanted,
    /// The channel or the connection broke.
    Broken(String),
}

impl Subscriber {
    /// Consumes until nobody wants the deliveries any more, or the broker is closed.
    pub(super) async fn run(mut self) {
        let mut delays = delays();
        let mut troubled = false;
        while let Some(session) = self.session().await {
            let ended = match self.subscribe(&session, troubled).await {
                Ok((channel, consumer)) => {
                    if std::mem::take(&mut troubled) {
                        delays = self::delays();
                        tracing::info!(queue = self.queue.name, "The queue is consumed again.");
                    }
                    {
                        let origin = Subscription {
                            session: Arc::clone(&session),
                            channel,
                            meters: Arc::clone(&self.meters),
                        };
                        self.hand_on(origin, consumer).await
                    }
                }
                Err(error) => Ended::Broken(error.to_string()),
            };
            let Ended::Broken(reason) = ended else {
                return;
            };
            // A broken connection is its keeper's to tell, and to wait for.
            if !session.is_up() {
                continue;
            }
            if !std::mem::replace(&mut troubled, true) {
                tracing::error!(
                    queue = self.queue.name,
                    reason,
                    "The queue can't be consumed; trying again."
                );
            }
            tokio::select! {
                () = tokio::time::sleep(delays.next().unwrap_or_default()) => {}
                () = self.deliveries.closed() => return,
                () = self.shared.stop.cancelled() => return,
            }
        }
    }

    /// Waits for a connection; none if nobody wants one any more.
    async fn session(&mut self) -> Option<Arc<Session>> {
        tokio::select! {
            phase = self.phases.wait_for(|phase| phase.session().is_some_and(|session| session.is_up())) => {
                phase.ok()?.session().cloned()
            }
            () = self.deliveries.closed() => None,
            () = self.shared.stop.cancelled() => None,
        }
    }

    async fn subscribe(
        &self,
        session: &Session,
        again: bool,
    ) -> Result<(Channel, Consumer), Error> {
        if again {
            // The queue may have been deleted.
            self.shared.declare_again(session).await?;
        }
        let channel = session.ask(session.connection.create_channel()).await?;
        let prefetch = self.queue.prefetch.max(1);
        let limited = channel.basic_qos(prefetch, BasicQosOptions::default());
        session.ask(limited).await?;
        let consumer = channel.basic_consume(
            name(self.queue.name)?,
            name("")?,
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let consumer = session.ask(consumer).await?;
        Ok((channel, consumer))
    }

    /// Hands on deliveries until the channel breaks or nobody wants them.
    async fn hand_on(&self, origin: Subscription, mut consumer: Consumer) -> Ended {
        let origin = Arc::new(origin);
        loop {
            let next = tokio::select! {
                next = consumer.next() => next,
                () = self.deliveries.closed() => {
                    origin.cancel(consumer).await;
                    return Ended::Unwanted;
                }
                () = self.shared.stop.cancelled() => return Ended::Unwanted,
            };
            // After either of these the stream is silent for ever.
            let delivery = match next {
                Some(Ok(delivery)) => delivery,
                Some(Err(error)) => return Ended::Broken(error.to_string()),
                None => return Ended::Broken("the broker has cancelled the consumer".to_owned()),
            };
            self.meters.delivered(delivery.redelivered);
            let delivery = self.convert(&origin, delivery);
            tokio::select! {
                // If nobody takes it, dropping it gives it back.
                sent = self.deliveries.send(delivery) => drop(sent),
                () = self.shared.stop.cancelled() => return Ended::Unwanted,
            }
        }
    }

    fn convert(&self, origin: &Arc<Subscription>, delivery: lapin::message::Delivery) -> Delivery {
        let held = Held {
            acker: delivery.acker,
            queue: self.queue.name,
            settled: false,
            origin: Arc::clone(origin),
        };
        Delivery {
            body: Bytes::from(delivery.data),
            exchange: Cow::Owned(delivery.exchange.to_string()),
            routing_key: Cow::Owned(delivery.routing_key.to_string()),
            redelivered: delivery.redelivered,
            properties: from_amqp(&delivery.properties),
            ack: Ack::new(delivery::Held::Rabbit(held)),
        }
    }
}

// === impl Subscription ===

impl Subscription {
    /// Stops the consumer and gives back what it has not handed on. What has been handed on keeps the channel open.
    async fn cancel(&self, mut consumer: Consumer) {
        let options = BasicCancelOptions::default();
        let cancelled = self.channel.basic_cancel(consumer.tag(), options);
        if self.session.ask(cancelled).await.is_err() {
            // The channel is gone, and with it the consumer.
            return;
        }
        while let Some(Some(Ok(delivery))) = consumer.next().now_or_never() {
            drop(delivery.acker.nack(requeue()).now_or_never());
        }
    }
}

fn requeue() -> BasicNackOptions {
    BasicNackOptions {
        multiple: false,
        requeue: true,
    }
}

// === impl Held ===

impl Held {
    pub(in crate::broker) async fn ack(mut self) -> Settled {
        let told = self.acker.ack(BasicAckOptions::default());
        let settled = self.wait(told).await;
        self.settled = true;
        settled
    }

    pub(in crate::broker) async fn requeue(mut self) -> Settled {
        let told = self.acker.nack(requeue());
        let settled = self.wait(told).await;
        self.settled = true;
        settled
    }

    /// Whether the channel that it came by is gone.
    pub(in crate::broker) fn is_stale(&self) -> bool {
        self.acker.poisoned()
    }

    /// Waits until the broker is told. The library may never say so if the channel breaks at this moment.
    async fn wait(&self, told: impl Future<Output = Result<bool, Error>>) -> Settled {
        let mut told = pin!(told);
        loop {
            match timeout(GLANCE, &mut told).await {
                Ok(Ok(true)) => return Settled::Done,
                // Not sent, or not known to be: either way it may come again.
                Ok(Ok(false) | Err(_)) => return Settled::Lost,
                Err(_) if self.is_stale() || !self.origin.session.is_up() => return Settled::Lost,
                Err(_) => {}
            }
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.origin.meters.held.decrement(1.0);
        if self.settled || !self.acker.usable() {
            return;
        }
        tracing::debug!(
            queue = self.queue,
            "A delivery was dropped without being settled, and goes back to its queue."
        );
        // The first poll hands the request to the library's task, which does the rest.
        drop(self.acker.nack(requeue()).now_or_never());
    }
}
