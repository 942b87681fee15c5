//! The task behind a consumer: subscribes, hands on what comes, and subscribes again when the channel or the
//! connection breaks.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
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
use super::monitor::Monitor;
use super::prefetch::Prefetch;
use super::properties::{from_amqp, header};
use crate::broker::api::broker_metrics::QueueMetrics;
use crate::broker::api::delivery::{Ack, Delivery, Settle, Settled, Settlement};
use crate::broker::api::message::HeaderValue;
use crate::broker::api::topology::QueueSpec;
use crate::contract::headers::{DELIVERY_COUNT, RETURNED_OFTEN, UNREADABLE};

/// One consumer's task.
pub(super) struct Subscriber {
    pub(super) shared: Arc<Shared>,
    pub(super) queue: QueueSpec,
    pub(super) phases: watch::Receiver<Phase>,
    pub(super) deliveries: mpsc::Sender<Delivery>,
    pub(super) metrics: Arc<QueueMetrics>,
}

/// A delivery that is not settled yet.
struct Held {
    acker: Acker,
    queue: &'static str,
    settled: bool,
    origin: Arc<Subscription>,
}

/// Subscription of a delivery. It keeps the channel open: a closed one can't settle anything.
struct Subscription {
    session: Arc<Session>,
    channel: Channel,
    metrics: Arc<QueueMetrics>,
}

/// Dropped, nobody wants to consume the queue here any more.
struct Wanted {
    monitor: Arc<Monitor>,
    queue: &'static str,
}

/// A consumer that the broker has, as it is counted.
struct Consuming(Arc<QueueMetrics>);

/// Reason why a subscription ended.
enum Ended {
    /// It isn't needed any more.
    Unwanted,
    /// The channel or the connection broke.
    Broken(String),
}

impl Subscriber {
    /// Consumes until nobody wants the deliveries any more, or the broker is closed.
    pub(super) async fn run(mut self) {
        let mut delays = delays();
        let mut troubled = false;
        let _wanted = Wanted {
            monitor: Arc::clone(&self.shared.monitor),
            queue: self.queue.name,
        };
        while let Some(session) = self.session().await {
            let ended = match self.subscribe(&session, troubled).await {
                Ok(origin) => match self.hand_on(&Arc::new(origin), &mut troubled).await {
                    Ok(ended) => ended,
                    Err(error) => Ended::Broken(error.to_string()),
                },
                Err(error) => Ended::Broken(error.to_string()),
            };
            let Ended::Broken(reason) = ended else {
                return;
            };
            // A broken connection is its keeper's to tell, and to wait for.
            if !session.is_up() {
                continue;
            }
            self.shared.monitor.not_consumed(self.queue.name, &reason);
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

    async fn subscribe(&self, session: &Arc<Session>, again: bool) -> Result<Subscription, Error> {
        if again {
            // The queue may have been deleted.
            self.shared.declare_again(session).await?;
        }
        let (session, channel) = session.open().await?;
        Ok(Subscription {
            session,
            channel,
            metrics: Arc::clone(&self.metrics),
        })
    }

    /// Hands on deliveries until the channel breaks or nobody wants them. When messages turn out to be much larger or
    /// smaller than before, another consumer takes over on the same channel, with another prefetch.
    async fn hand_on(
        &self,
        origin: &Arc<Subscription>,
        troubled: &mut bool,
    ) -> Result<Ended, Error> {
        let mut prefetch = Prefetch::new(self.queue.prefetch, self.queue.prefetch_bytes);
        let mut consuming = None;
        loop {
            let mut consumer = origin.consume(self.queue.name, prefetch.count()).await?;
            consuming.get_or_insert_with(|| Consuming::new(&self.metrics));
            if std::mem::take(troubled) {
                self.shared.monitor.consumed(self.queue.name);
                tracing::info!(queue = self.queue.name, "The queue is consumed again.");
            }
            loop {
                let next = tokio::select! {
                    next = consumer.next() => next,
                    () = self.deliveries.closed() => {
                        if let Ok(left) = origin.cancel(consumer).await {
                            left.into_iter().for_each(give_back);
                        }
                        return Ok(Ended::Unwanted);
                    }
                    () = self.shared.stop.cancelled() => return Ok(Ended::Unwanted),
                };
                // After either of these the stream is silent for ever.
                let delivery = match next {
                    Some(delivery) => delivery?,
                    None => {
                        return Ok(Ended::Broken(
                            "the broker has cancelled the consumer".to_owned(),
                        ));
                    }
                };
                let changes = prefetch.saw(size(&delivery), returned_often(&delivery));
                // What is on its way when another consumer takes over may come after later messages.
                let changes = changes && !self.queue.one_consumer();
                if !self.pass(origin, delivery).await {
                    return Ok(Ended::Unwanted);
                }
                if changes {
                    break;
                }
            }
            for delivery in origin.cancel(consumer).await? {
                if !self.pass(origin, delivery).await {
                    return Ok(Ended::Unwanted);
                }
            }
        }
    }

    /// Passes a delivery to whoever consumes; false if the broker is closed. If nobody takes it, dropping it gives it
    /// back.
    async fn pass(&self, origin: &Arc<Subscription>, delivery: lapin::message::Delivery) -> bool {
        self.metrics.delivered(delivery.redelivered);
        let delivery = self.convert(origin, delivery);
        if delivery.properties.header(UNREADABLE).is_some() {
            self.metrics.unreadable.increment(1);
        }
        tokio::select! {
            sent = self.deliveries.send(delivery) => {
                drop(sent);
                true
            }
            () = self.shared.stop.cancelled() => false,
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
            place: None,
            ack: Ack::new(held),
        }
    }
}

// === impl Wanted, Consuming ===

impl Drop for Wanted {
    fn drop(&mut self) {
        self.monitor.consumed(self.queue);
    }
}

impl Consuming {
    fn new(metrics: &Arc<QueueMetrics>) -> Self {
        metrics.consumers.increment(1.0);
        Consuming(Arc::clone(metrics))
    }
}

impl Drop for Consuming {
    fn drop(&mut self) {
        self.0.consumers.decrement(1.0);
    }
}

// === impl Subscription ===

impl Subscription {
    async fn consume(&self, queue: &str, prefetch: u16) -> Result<Consumer, Error> {
        // It holds for the consumers that come after it.
        let limited = self.channel.basic_qos(prefetch, BasicQosOptions::default());
        self.session.ask(limited).await?;
        let consumer = self.channel.basic_consume(
            name(queue)?,
            name("")?,
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        self.session.ask(consumer).await
    }

    /// Stops a consumer. What it has received and not handed out is the caller's; what was handed on keeps the channel
    /// open.
    async fn cancel(&self, mut consumer: Consumer) -> Result<Vec<lapin::message::Delivery>, Error> {
        let options = BasicCancelOptions::default();
        let cancelled = self.channel.basic_cancel(consumer.tag(), options);
        self.session.ask(cancelled).await?;
        let mut left = Vec::new();
        while let Some(Some(Ok(delivery))) = consumer.next().now_or_never() {
            left.push(delivery);
        }
        Ok(left)
    }
}

/// About what a message takes, in bytes. Headers can be much larger than the body.
fn size(delivery: &lapin::message::Delivery) -> usize {
    let headers = delivery.properties.headers().iter().flatten();
    let headers = headers.map(|(name, value)| {
        // Values other than texts are small, or are left out.
        let text = value
            .as_long_string()
            .map_or(0, |text| text.as_bytes().len());
        name.as_str().len() + text
    });
    delivery.data.len() + headers.sum::<usize>()
}

/// True if a quorum queue has got a message back so often that a limit may be near, which anybody's policy can set.
fn returned_often(delivery: &lapin::message::Delivery) -> bool {
    let headers = delivery.properties.headers().iter().flatten();
    let mut count = headers.filter(|(name, _)| name.as_str() == DELIVERY_COUNT);
    delivery.redelivered
        && count.any(|(_, value)| matches!(header(value), Some(HeaderValue::Integer(n)) if n >= RETURNED_OFTEN))
}

fn give_back(delivery: lapin::message::Delivery) {
    drop(delivery.acker.nack(requeue()).now_or_never());
}

fn requeue() -> BasicNackOptions {
    BasicNackOptions {
        multiple: false,
        requeue: true,
    }
}

// === impl Held ===

impl Settle for Held {
    fn settle(mut self: Box<Self>, how: Settlement) -> BoxFuture<'static, Settled> {
        async move {
            let settled = match how {
                Settlement::Ack => self.wait(self.acker.ack(BasicAckOptions::default())).await,
                Settlement::Requeue => self.wait(self.acker.nack(requeue())).await,
            };
            self.settled = true;
            settled
        }
        .boxed()
    }

    /// True if the channel that it came by is gone.
    fn is_stale(&self) -> bool {
        self.acker.poisoned()
    }
}

impl Held {
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
        self.origin.metrics.held.decrement(1.0);
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
