//! A queue in memory, its consumers and the deliveries that they hold.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{self, BoxFuture};
use futures_util::stream::{self, Stream};
use metrics::Gauge;
use tokio::sync::Notify;

use super::best_effort::BestEffortBudget;
use super::publish_wait::PublishWait;
use crate::broker::api::broker_metrics::{self, QueueMetrics};
use crate::broker::api::delivery::{Ack, Delivery, Settle, Settled, Settlement};
use crate::broker::api::message::{Outgoing, Properties};
use crate::broker::api::origin::Origin;
use crate::broker::api::topology::QueueSpec;
use crate::metrics::broker::READY;
use crate::weight;

/// A queue.
pub(super) struct Queue {
    pub(super) name: &'static str,
    /// Best-effort budget of a queue whose messages no client waits for.
    pub(super) best_effort: Option<BestEffortBudget>,
    prefetch: usize,
    state: Mutex<QueueState>,
    metrics: Arc<QueueMetrics>,
    ready: Gauge,
}

/// State that all copies of a message share.
pub(super) struct QueuedMessage {
    pub(super) body: Bytes,
    pub(super) exchange: Cow<'static, str>,
    pub(super) routing_key: Cow<'static, str>,
    pub(super) properties: Properties,
}

impl QueuedMessage {
    /// Weight of a message under way.
    pub(super) fn weight(&self) -> u64 {
        weight::message(self.body.len(), self.properties.encoded_len())
    }
}

impl From<Outgoing> for QueuedMessage {
    fn from(message: Outgoing) -> Self {
        QueuedMessage {
            body: message.body,
            exchange: message.exchange,
            routing_key: message.routing_key,
            properties: message.properties,
        }
    }
}

/// One consumer of a queue.
pub(super) struct Consumer {
    queue: Arc<Queue>,
    hands: Arc<Hands>,
}

/// A delivery that is not settled yet.
struct Held {
    // None once it is settled.
    entry: Option<Entry>,
    queue: Arc<Queue>,
    hands: Arc<Hands>,
}

#[derive(Default)]
struct QueueState {
    ready: VecDeque<Entry>,
    next: u64,
    consumers: Vec<Arc<Hands>>,
    closed: bool,
}

/// A message's copy in one queue.
struct Entry {
    /// Its place in line, which it keeps when it is given back.
    place: u64,
    redelivered: bool,
    message: Arc<QueuedMessage>,
    publish_wait: Arc<PublishWait>,
}

/// Number of bytes that a consumer holds, and how to wake it.
#[derive(Default)]
struct Hands {
    held: AtomicUsize,
    wake: Notify,
}

impl Queue {
    /// A queue of a broker that may hold `budget` bytes.
    pub(super) fn new(spec: &QueueSpec, budget: usize, metrics: &Arc<QueueMetrics>) -> Arc<Self> {
        Arc::new(Self {
            name: spec.name,
            best_effort: (!spec.awaited).then(|| BestEffortBudget::new(spec.name, budget)),
            prefetch: usize::from(spec.prefetch.max(1)),
            state: Mutex::default(),
            metrics: Arc::clone(metrics),
            ready: broker_metrics::messages(spec.name, READY),
        })
    }

    /// Puts an entry at the end of the line; false if the queue is closed.
    pub(super) fn push(&self, message: Arc<QueuedMessage>, publish_wait: Arc<PublishWait>) -> bool {
        let mut state = self.state();
        if state.closed {
            return false;
        }
        let place = state.next;
        state.next += 1;
        state.ready.push_back(Entry {
            place,
            redelivered: false,
            message,
            publish_wait,
        });
        state.wake_all();
        self.metrics.confirmed.increment(1);
        self.ready.increment(1.0);
        true
    }

    /// Lets go of all messages and ends all consumers.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        let ready = std::mem::take(&mut state.ready);
        self.ready.decrement(ready.len() as f64);
        state.wake_all();
        drop(state);
        // Outside the lock: this wakes publishers.
        drop(ready);
    }

    /// Puts an entry back to its place in line, which is near the front.
    fn put_back(&self, mut entry: Entry) {
        entry.redelivered = true;
        let mut state = self.state();
        if state.closed {
            drop(state);
            drop(entry);
            return;
        }
        let at = state
            .ready
            .iter()
            .position(|other| other.place > entry.place)
            .unwrap_or(state.ready.len());
        state.ready.insert(at, entry);
        self.ready.increment(1.0);
        state.wake_all();
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn wake_all(&self) {
        for hands in &self.consumers {
            hands.wake.notify_one();
        }
    }
}

// === impl Consumer ===

impl Consumer {
    /// A new consumer; none if the queue is closed.
    pub(super) fn of(queue: &Arc<Queue>) -> Option<Self> {
        let hands = Arc::new(Hands::default());
        let mut state = queue.state();
        if state.closed {
            return None;
        }
        state.consumers.push(Arc::clone(&hands));
        drop(state);
        Some(Self {
            queue: Arc::clone(queue),
            hands,
        })
    }

    /// Its deliveries, until the queue is closed.
    pub(super) fn deliveries(self) -> impl Stream<Item = Delivery> + Send + 'static {
        stream::unfold(self, |mut consumer| async move {
            let delivery = consumer.next().await?;
            Some((delivery, consumer))
        })
    }

    /// The next delivery, or `None` once the queue is closed.
    async fn next(&mut self) -> Option<Delivery> {
        loop {
            // A wake-up is remembered until someone waits, so none that comes in between is missed.
            {
                let mut state = self.queue.state();
                if state.closed {
                    return None;
                }
                if self.hands.held.load(Ordering::Acquire) < self.queue.prefetch
                    && let Some(entry) = state.ready.pop_front()
                {
                    drop(state);
                    return Some(self.deliver(entry));
                }
            }
            self.hands.wake.notified().await;
        }
    }

    fn deliver(&self, entry: Entry) -> Delivery {
        self.hands.held.fetch_add(1, Ordering::AcqRel);
        self.queue.ready.decrement(1.0);
        self.queue.metrics.delivered(entry.redelivered);
        let message = Arc::clone(&entry.message);
        Delivery {
            body: message.body.clone(),
            exchange: message.exchange.clone(),
            routing_key: message.routing_key.clone(),
            redelivered: entry.redelivered,
            properties: message.properties.clone(),
            place: None,
            ack: Ack::new(Held {
                entry: Some(entry),
                queue: Arc::clone(&self.queue),
                hands: Arc::clone(&self.hands),
            }),
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let mut state = self.queue.state();
        state
            .consumers
            .retain(|hands| !Arc::ptr_eq(hands, &self.hands));
    }
}

// === impl Held ===

impl Settle for Held {
    fn settle(mut self: Box<Self>, how: Settlement) -> BoxFuture<'static, Settled> {
        if let Some(entry) = self.entry.take() {
            match how {
                Settlement::Ack => entry.publish_wait.acknowledged(),
                Settlement::Requeue => self.queue.put_back(entry),
            }
        }
        self.let_go();
        future::ready(Settled::Done).boxed()
    }

    fn origin(&self) -> Origin {
        match &self.entry {
            Some(entry) => Origin::of(Arc::clone(&entry.publish_wait)),
            None => Origin::any(),
        }
    }
}

impl Held {
    fn let_go(&self) {
        self.hands.held.fetch_sub(1, Ordering::AcqRel);
        self.queue.metrics.held.decrement(1.0);
        self.hands.wake.notify_one();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            tracing::debug!(
                queue = self.queue.name,
                "A delivery was dropped without being settled, and goes back to its queue."
            );
            self.queue.put_back(entry);
            self.let_go();
        }
    }
}
