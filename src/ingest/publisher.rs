//! Groups of many requests that go the same way share one message: few big messages cost a broker much less.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use metrics::{Histogram, histogram};
use uuid::Uuid;

use super::answer::{Outcome, Part};
use crate::broker::{Broker, Outgoing, Properties, PublishError};
use crate::contract::headers;

/// When messages go out.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A message goes out with this many bytes.
    pub bytes: usize,
    /// A message goes out with this many events.
    pub events: usize,
    /// How long a message waits for more. Zero: as long as another one of its route is under way, and no longer.
    pub linger: Duration,
    /// How many messages of a route may be under way.
    pub in_flight: usize,
    /// How long the broker may take to answer.
    pub patience: Duration,
}

/// Publishes groups of events, many to a message.
pub struct Publisher {
    broker: Arc<dyn Broker>,
    limits: Limits,
    seconds: Histogram,
}

/// One way to go: an exchange and a routing key, with the message that is being filled.
#[derive(Debug)]
pub struct Route {
    exchange: &'static str,
    routing_key: &'static str,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: Message,
    /// Full messages that wait until fewer are under way.
    full: VecDeque<Message>,
    in_flight: usize,
    /// Whether a task waits until the open message is due.
    lingers: bool,
    /// Whether the open message is due, and too many are under way.
    overdue: bool,
}

#[derive(Debug, Default)]
struct Message {
    body: Vec<u8>,
    /// How many bytes of the body are whole groups.
    whole: usize,
    events: usize,
    parts: Vec<Part>,
}

impl Limits {
    /// For a broker that confirms what it has stored.
    pub fn remote() -> Self {
        Limits {
            bytes: 256 * 1024,
            events: 4096,
            linger: Duration::from_millis(5),
            in_flight: 4,
            patience: Duration::from_secs(30),
        }
    }

    /// For the broker in memory, which answers when the events are in their databases.
    pub fn embedded() -> Self {
        Limits {
            linger: Duration::ZERO,
            in_flight: 16,
            ..Limits::remote()
        }
    }
}

impl Route {
    /// A way that nothing goes yet.
    pub fn new(exchange: &'static str, routing_key: &'static str) -> Self {
        Route {
            exchange,
            routing_key,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            // Somebody panicked while appending: what is not whole goes, and the others' groups stay.
            let mut state = poisoned.into_inner();
            let whole = state.open.whole;
            state.open.body.truncate(whole);
            self.state.clear_poison();
            state
        })
    }
}

impl Publisher {
    /// A publisher to this broker.
    pub fn new(broker: Arc<dyn Broker>, limits: Limits) -> Arc<Self> {
        Arc::new(Publisher {
            broker,
            limits,
            seconds: histogram!("event_grpc_publish_seconds"),
        })
    }

    /// When messages go out.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Adds a group of so many events and at most `len` bytes to the route's message; `write` appends it. It must be
    /// called within a runtime.
    pub fn add(
        self: &Arc<Self>,
        route: &Arc<Route>,
        events: usize,
        len: usize,
        part: Part,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let mut state = route.state();
        let open = &state.open;
        if open.events > 0
            && (open.body.len() + len > self.limits.bytes
                || open.events + events > self.limits.events)
        {
            state.close();
        }
        state.open.body.reserve(len);
        write(&mut state.open.body);
        state.open.whole = state.open.body.len();
        state.open.events += events;
        state.open.parts.push(part);
        if state.open.body.len() >= self.limits.bytes || state.open.events >= self.limits.events {
            state.close();
        }
        let due = state.due(&self.limits);
        drop(state);
        self.send(route, due);
    }

    /// Publishes one message by itself.
    pub async fn publish(&self, message: Outgoing) -> Outcome {
        let start = Instant::now();
        let answer = tokio::time::timeout(self.limits.patience, self.broker.publish(message)).await;
        self.seconds.record(start.elapsed());
        answer.unwrap_or_else(|_| {
            Err(PublishError::Unknown {
                reason: format!("no answer within {:?}", self.limits.patience),
            })
        })
    }

    /// Sends what is due. Not under the route's lock: a runtime that shuts down drops a task at once, which takes it.
    fn send(self: &Arc<Self>, route: &Arc<Route>, due: Due) {
        for message in due.messages {
            let sent = Sent {
                publisher: Arc::clone(self),
                route: Arc::clone(route),
            };
            tokio::spawn(sent.publish(message));
        }
        if due.linger {
            tokio::spawn(Arc::clone(self).linger(Arc::clone(route)));
        }
    }

    async fn linger(self: Arc<Self>, route: Arc<Route>) {
        tokio::time::sleep(self.limits.linger).await;
        let due = {
            let mut state = route.state();
            state.lingers = false;
            state.overdue = state.open.events > 0;
            state.due(&self.limits)
        };
        self.send(&route, due);
    }
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// What is to be done for a route now.
#[derive(Default)]
struct Due {
    messages: Vec<Message>,
    linger: bool,
}

impl State {
    /// The open message is as big as it gets.
    fn close(&mut self) {
        self.overdue = false;
        self.full.push_back(std::mem::take(&mut self.open));
    }

    /// Takes out what may go now, and counts it as under way.
    fn due(&mut self, limits: &Limits) -> Due {
        let mut due = Due::default();
        while self.in_flight < limits.in_flight {
            let open_is_due = if limits.linger.is_zero() {
                self.in_flight == 0
            } else {
                self.overdue
            };
            if self.full.is_empty() && self.open.events > 0 && open_is_due {
                self.close();
            }
            let Some(message) = self.full.pop_front() else {
                break;
            };
            self.in_flight += 1;
            due.messages.push(message);
        }
        let waits = self.open.events > 0 && !limits.linger.is_zero();
        if waits && !self.overdue && !self.lingers {
            self.lingers = true;
            due.linger = true;
        }
        due
    }
}

/// A message under way. However its task ends, the next one of the route may go.
struct Sent {
    publisher: Arc<Publisher>,
    route: Arc<Route>,
}

impl Sent {
    async fn publish(self, message: Message) {
        let outgoing = Outgoing::new(self.route.exchange, self.route.routing_key, message.body)
            .with(batch_properties(Uuid::now_v7().to_string()));
        let outcome = self.publisher.publish(outgoing).await;
        for part in message.parts {
            part.end(&outcome);
        }
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.route.state().in_flight -= 1;
        // Outside a runtime, which is being shut down then, there is nobody to go on.
        if tokio::runtime::Handle::try_current().is_ok() {
            let due = self.route.state().due(&self.publisher.limits);
            self.publisher.send(&self.route, due);
        }
    }
}

/// The properties of a message that holds an `EventBatch`.
pub(super) fn batch_properties(message_id: String) -> Properties {
    Properties {
        content_type: Some(headers::PROTOBUF.into()),
        message_id: Some(message_id),
        kind: Some(headers::EVENT_BATCH.into()),
        timestamp: Some(now().as_secs()),
        headers: Vec::new(),
    }
}

/// The time since the epoch.
pub(super) fn now() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
