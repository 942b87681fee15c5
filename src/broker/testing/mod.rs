//! A broker for tests: one queue, whose channels break and whose confirms fail when the test says so. What goes to
//! any exchange is kept as a dead letter.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{self, BoxFuture};
use futures_util::stream;
use tokio::sync::{Notify, watch};

use crate::broker::api::Broker;
use crate::broker::api::delivery::{Ack, Deliveries, Delivery, Settle, Settled, Settlement};
use crate::broker::api::error::{ConsumeError, PublishError};
use crate::broker::api::limits::Limits;
use crate::broker::api::message::{HeaderValue, Outgoing};
use crate::broker::api::status::{Link, Status};
use crate::contract::headers::RETRY_COUNT;

/// Failure of the next publish: before anything has happened, or after all of it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirm {
    Yes,
    Refused,
    Lost,
}

/// Called with the body of each message that is acknowledged, the bodies that are in the queue, and the dead letters.
type OnAck = Box<dyn Fn(&[u8], &[&[u8]], &[Outgoing]) + Send + Sync>;

/// True if the build panics over a message that it publishes.
type Panics = Box<dyn Fn(&Outgoing) -> bool + Send + Sync>;

/// State of the broker.
#[derive(Clone)]
pub(crate) struct Simulated {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    wake: Notify,
    prefetch: usize,
    confirm: Box<dyn Fn() -> Confirm + Send + Sync>,
    on_ack: OnAck,
    panics: OnceLock<Panics>,
    limits: OnceLock<Limits>,
}

#[derive(Default)]
struct State {
    ready: BTreeMap<u64, Entry>,
    held: BTreeMap<u64, Entry>,
    next: u64,
    channel: u64,
    closed: bool,
    seen: Seen,
}

struct Entry {
    message: Outgoing,
    /// Number of returns.
    returns: u32,
    redelivered: bool,
}

/// What happened so far.
#[derive(Default, Clone)]
pub(crate) struct Seen {
    pub(crate) dead: Vec<Outgoing>,
    pub(crate) most_held: usize,
    pub(crate) most_returns: u32,
    pub(crate) most_retries: i64,
    pub(crate) consumers: usize,
    pub(crate) settled_twice: bool,
}

struct Consumer {
    inner: Arc<Inner>,
}

struct Held {
    inner: Arc<Inner>,
    place: u64,
    channel: u64,
    open: bool,
}

impl Simulated {
    pub(crate) fn new(
        prefetch: usize,
        confirm: impl Fn() -> Confirm + Send + Sync + 'static,
        on_ack: impl Fn(&[u8], &[&[u8]], &[Outgoing]) + Send + Sync + 'static,
    ) -> Self {
        let inner = Inner {
            state: Mutex::default(),
            wake: Notify::new(),
            prefetch,
            confirm: Box::new(confirm),
            on_ack: Box::new(on_ack),
            panics: OnceLock::new(),
            limits: OnceLock::new(),
        };
        Simulated {
            inner: Arc::new(inner),
        }
    }

    /// From now on it takes no more of a message.
    pub(crate) fn limit(&self, limits: Limits) {
        self.inner.limits.set(limits).ok();
    }

    /// From now on the build panics over these messages.
    pub(crate) fn panic_at(&self, panics: impl Fn(&Outgoing) -> bool + Send + Sync + 'static) {
        self.inner.panics.set(Box::new(panics)).ok();
    }

    /// Puts a message into the queue.
    pub(crate) fn push(&self, message: Outgoing) {
        self.inner.push(message);
    }

    /// Breaks the channel: what isn't acknowledged is delivered again.
    pub(crate) fn lose_channel(&self) {
        let mut state = self.inner.state();
        state.channel += 1;
        for (place, mut entry) in std::mem::take(&mut state.held) {
            entry.redelivered = true;
            state.ready.insert(place, entry);
        }
        self.inner.wake.notify_waiters();
    }

    /// Number of messages that are in the queue or held.
    pub(crate) fn left(&self) -> (usize, usize) {
        let state = self.inner.state();
        (state.ready.len(), state.held.len())
    }

    pub(crate) fn seen(&self) -> Seen {
        self.inner.state().seen.clone()
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::panic, reason = "a test wants it")]
    fn maybe_panic(&self, message: &Outgoing) {
        if self.panics.get().is_some_and(|panics| panics(message)) {
            panic!("simulated");
        }
    }

    fn push(&self, message: Outgoing) {
        let mut state = self.state();
        if let Some(HeaderValue::Integer(count)) = message.properties.header(RETRY_COUNT) {
            state.seen.most_retries = state.seen.most_retries.max(*count);
        }
        if message.exchange.is_empty() {
            let place = state.next;
            state.next += 1;
            let entry = Entry {
                message,
                returns: 0,
                redelivered: false,
            };
            state.ready.insert(place, entry);
        } else {
            state.seen.dead.push(message);
        }
        self.wake.notify_waiters();
    }

    fn settle(&self, place: u64, channel: u64, give_back: bool) -> Settled {
        let mut state = self.state();
        if state.channel != channel {
            return Settled::Lost;
        }
        let Some(mut entry) = state.held.remove(&place) else {
            state.seen.settled_twice = true;
            return Settled::Lost;
        };
        if give_back {
            entry.returns += 1;
            entry.redelivered = true;
            state.seen.most_returns = state.seen.most_returns.max(entry.returns);
            state.ready.insert(place, entry);
        } else {
            let others: Vec<&[u8]> = state
                .ready
                .values()
                .chain(state.held.values())
                .map(|entry| &entry.message.body[..])
                .collect();
            (self.on_ack)(&entry.message.body, &others, &state.seen.dead);
        }
        self.wake.notify_waiters();
        Settled::Done
    }
}

impl Broker for Simulated {
    fn publish(&self, message: Outgoing) -> BoxFuture<'_, Result<(), PublishError>> {
        async move {
            tokio::time::sleep(Duration::from_millis(2)).await;
            self.inner.maybe_panic(&message);
            self.limits().check(&message)?;
            let confirm = (self.inner.confirm)();
            if confirm != Confirm::Refused {
                self.inner.push(message);
            }
            match confirm {
                Confirm::Yes => Ok(()),
                Confirm::Refused | Confirm::Lost => Err(PublishError::Unknown {
                    reason: "simulated".to_owned(),
                }),
            }
        }
        .boxed()
    }

    fn consume(&self, _: &str) -> Result<Deliveries, ConsumeError> {
        self.inner.state().seen.consumers += 1;
        let inner = Arc::clone(&self.inner);
        let deliveries = stream::unfold(Consumer { inner }, |mut consumer| async move {
            let delivery = consumer.next().await?;
            Some((delivery, consumer))
        });
        Ok(Deliveries::new(deliveries))
    }

    fn limits(&self) -> Limits {
        *self.inner.limits.get().unwrap_or(&Limits::NONE)
    }

    fn status(&self) -> watch::Receiver<Status> {
        watch::Sender::new(Status::of(Link::Up)).subscribe()
    }

    fn close(&self, _: Duration) -> BoxFuture<'_, ()> {
        self.inner.state().closed = true;
        self.inner.wake.notify_waiters();
        future::ready(()).boxed()
    }
}

impl Consumer {
    async fn next(&mut self) -> Option<Delivery> {
        loop {
            let woken = self.inner.wake.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            {
                let mut state = self.inner.state();
                if state.closed {
                    return None;
                }
                if state.held.len() < self.inner.prefetch
                    && let Some((place, entry)) = state.ready.pop_first()
                {
                    let delivery = self.deliver(&state, place, &entry);
                    state.held.insert(place, entry);
                    state.seen.most_held = state.seen.most_held.max(state.held.len());
                    return Some(delivery);
                }
            }
            woken.await;
        }
    }

    fn deliver(&self, state: &State, place: u64, entry: &Entry) -> Delivery {
        let held = Held {
            inner: Arc::clone(&self.inner),
            place,
            channel: state.channel,
            open: true,
        };
        Delivery {
            body: entry.message.body.clone(),
            exchange: entry.message.exchange.clone(),
            routing_key: entry.message.routing_key.clone(),
            redelivered: entry.redelivered,
            properties: entry.message.properties.clone(),
            place: None,
            ack: Ack::new(held),
        }
    }
}

impl Settle for Held {
    fn settle(mut self: Box<Self>, how: Settlement) -> BoxFuture<'static, Settled> {
        self.open = false;
        let give_back = how == Settlement::Requeue;
        let settled = self.inner.settle(self.place, self.channel, give_back);
        future::ready(settled).boxed()
    }

    fn is_stale(&self) -> bool {
        self.inner.state().channel != self.channel
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.open {
            // Its channel may be gone, which is as good.
            let (Settled::Done | Settled::Lost) = self.inner.settle(self.place, self.channel, true);
        }
    }
}
