//! Publisher: batches groups of many requests with the same route into one message, because few large messages cost a
//! broker less.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use metrics::Histogram;
use uuid::Uuid;

use super::answer::{Part, PublishOutcome};
use super::route::{Limits, PendingMessage, Route};
use super::{seen, traced};
use crate::broker::{Broker, Outgoing, Properties, PublishError};
use crate::contract::{Schema, headers};
use crate::metrics::intake::PUBLISH_SECONDS;
use crate::tap::Taps;
use crate::time::now;
use crate::trace::{TraceContext, Tracer};

/// Publishes groups of events, many to a message.
pub struct Publisher {
    broker: Arc<dyn Broker>,
    limits: Limits,
    schema: Option<Schema>,
    seconds: Histogram,
    line: Mutex<Line>,
    taps: Taps,
    tracer: Tracer,
}

/// Round-robin queue of the routes.
#[derive(Default)]
struct Line {
    /// Routes that have something to send, each once.
    routes: VecDeque<Arc<Route>>,
    /// Messages under way.
    in_flight: usize,
}

impl Publisher {
    /// Creates a publisher to this broker; `schema` is what its messages of app events are made under.
    pub fn new(broker: Arc<dyn Broker>, limits: Limits, schema: Option<Schema>) -> Arc<Self> {
        Publisher::seen_by(broker, limits, schema, (Taps::default(), Tracer::default()))
    }

    /// Creates a publisher whose sources and messages are seen by taps, and traced.
    pub fn seen_by(
        broker: Arc<dyn Broker>,
        limits: Limits,
        schema: Option<Schema>,
        (taps, tracer): (Taps, Tracer),
    ) -> Arc<Self> {
        Arc::new(Publisher {
            broker,
            limits,
            schema,
            seconds: PUBLISH_SECONDS.only(),
            line: Mutex::default(),
            taps,
            tracer,
        })
    }

    /// Taps of the instance.
    pub(super) fn taps(&self) -> &Taps {
        &self.taps
    }

    /// What records spans.
    pub(super) fn tracer(&self) -> &Tracer {
        &self.tracer
    }

    /// Batching limits.
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
        state.add(&self.limits, events, len, part, write);
        let lingers = state.begins_to_linger(&self.limits);
        let joins = state.joins_line(&self.limits);
        drop(state);
        if lingers {
            tokio::spawn(Arc::clone(self).linger(Arc::clone(route)));
        }
        if joins {
            self.line().routes.push_back(Arc::clone(route));
            self.send();
        }
    }

    /// Publishes one message by itself. Its properties name the span that causes it.
    pub async fn publish(&self, message: Outgoing) -> PublishOutcome {
        let cause = message.properties.trace;
        self.publish_caused(message, cause).await
    }

    /// Publishes a message that requests with these spans cause.
    async fn publish_caused(
        &self,
        mut message: Outgoing,
        by: impl IntoIterator<Item = TraceContext>,
    ) -> PublishOutcome {
        let start = Instant::now();
        let span = traced::publish(&self.tracer, &mut message, by);
        let seen = seen::before(&self.taps, &message);
        let answer =
            tokio::time::timeout(self.limits.time_limit, self.broker.publish(message)).await;
        self.seconds.record(start.elapsed());
        let outcome = answer.unwrap_or_else(|_| {
            Err(PublishError::Unknown {
                reason: format!("no answer within {:?}", self.limits.time_limit),
            })
        });
        traced::published(span, &outcome);
        if let (Ok(()), Some(message)) = (&outcome, seen) {
            seen::confirmed(&self.taps, &message);
        }
        outcome
    }

    /// Gives the routes in line their turns, as long as there is room for messages under way.
    ///
    /// Tasks are not spawned under a lock: a runtime that shuts down drops a task at once, and that takes the lock.
    fn send(self: &Arc<Self>) {
        while let Some(route) = self.next() {
            let (message, stays) = route.state().turn(&self.limits);
            if stays {
                self.line().routes.push_back(Arc::clone(&route));
            }
            match message {
                Some(message) => {
                    let sent = InFlightMessage {
                        publisher: Arc::clone(self),
                        route,
                    };
                    tokio::spawn(sent.publish(message));
                }
                None => self.line().in_flight -= 1,
            }
        }
    }

    /// Next route in line, with room for its message.
    fn next(&self) -> Option<Arc<Route>> {
        let mut line = self.line();
        if line.in_flight >= self.limits.in_flight {
            return None;
        }
        let route = line.routes.pop_front()?;
        line.in_flight += 1;
        Some(route)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a route in line if it has something to send, and continues.
    fn go_on(self: &Arc<Self>, route: &Arc<Route>) {
        let joins = route.state().joins_line(&self.limits);
        if joins {
            self.line().routes.push_back(Arc::clone(route));
        }
        self.send();
    }

    async fn linger(self: Arc<Self>, route: Arc<Route>) {
        let mut waits = true;
        while waits {
            tokio::time::sleep(self.limits.linger).await;
            waits = route.state().waited();
            self.go_on(&route);
        }
    }
}

impl std::fmt::Debug for Publisher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Publisher")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Message under way. However its task ends, the next one of the route may go.
struct InFlightMessage {
    publisher: Arc<Publisher>,
    route: Arc<Route>,
}

impl InFlightMessage {
    async fn publish(self, message: PendingMessage) {
        let properties = batch_properties(Uuid::now_v7().to_string(), self.publisher.schema);
        let outgoing = Outgoing::new(self.route.exchange, self.route.routing_key, message.body)
            .with(properties)
            .in_partition(self.route.partition);
        let causes = message.parts.iter().filter_map(Part::trace);
        let outcome = self.publisher.publish_caused(outgoing, causes).await;
        for part in message.parts {
            part.end(&outcome);
        }
    }
}

impl Drop for InFlightMessage {
    fn drop(&mut self) {
        self.route.state().in_flight -= 1;
        self.publisher.line().in_flight -= 1;
        // Outside a runtime, which is shutting down then, nothing can continue.
        if tokio::runtime::Handle::try_current().is_ok() {
            self.publisher.go_on(&self.route);
        }
    }
}

/// Properties of a message that holds an `EventBatch`.
fn batch_properties(message_id: String, schema: Option<Schema>) -> Properties {
    Properties {
        content_type: Some(headers::PROTOBUF.into()),
        message_id: Some(message_id),
        kind: Some(headers::EVENT_BATCH.into()),
        timestamp: Some(now().as_secs()),
        schema,
        trace: None,
        headers: Vec::new(),
    }
}
