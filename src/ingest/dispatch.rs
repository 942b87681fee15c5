//! A source of typed events: takes a request in, and answers when all of it is at the broker.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use metrics::{Counter, counter};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::answer::{self, Outcome};
use super::group::Batch;
use super::pool::{Admitted, Held, Pool};
use super::publisher::Publisher;
use super::quarantine::Quarantine;
use super::reading::Budget;
use super::response::{Refusal, RejectedEvent, Response, rejected, success};
use super::route::Route;
use super::scan::{Event, Verdict, scan};
use crate::broker::Outgoing;
use crate::contract::{self, Envelope, Source};

/// How long a request may take at most.
pub const LONGEST: Duration = Duration::from_secs(30);

/// How many events of one request are on their way to quarantine at once.
const KEPT_AT_ONCE: usize = 32;

/// A source of typed events.
#[derive(Debug)]
pub struct Dispatch {
    source: &'static Source,
    envelope: &'static Envelope,
    json: MessageDescriptor,
    max_request: usize,
    pool: Pool,
    publisher: Arc<Publisher>,
    /// One for each type of the envelope.
    routes: Vec<Arc<Route>>,
    received: Vec<Counter>,
    accepted: Vec<Counter>,
    quarantine: Quarantine,
}

/// A request as it came.
#[derive(Debug)]
pub enum Body {
    /// Protobuf.
    Wire(Bytes),
    /// Proto3 JSON.
    Json(Bytes),
}

impl Dispatch {
    /// The source with this layout and pool. `json` describes its request.
    pub fn new(
        source: &'static Source,
        envelope: &'static Envelope,
        json: MessageDescriptor,
        sizes: contract::Pool,
        publisher: Arc<Publisher>,
        fingerprint: &'static str,
    ) -> Self {
        let route = |kind: &contract::EventType| Arc::new(Route::new(source.exchange, kind.name));
        let received = |kind: &contract::EventType| received(source.name, kind.name);
        let accepted = |kind: &contract::EventType| counted(source.name, kind.name, "accepted");
        Dispatch {
            source,
            envelope,
            json,
            max_request: sizes.max_request as usize,
            pool: Pool::new(source.name, sizes),
            publisher,
            routes: envelope.types.iter().map(route).collect(),
            received: envelope.types.iter().map(received).collect(),
            accepted: envelope.types.iter().map(accepted).collect(),
            quarantine: Quarantine::new(source, fingerprint),
        }
    }

    /// The source whose requests it takes.
    pub fn source(&self) -> &'static Source {
        self.source
    }

    /// What bounds the requests that are still being read.
    pub fn reading(&self) -> &Budget {
        self.pool.reading()
    }

    /// The largest request, in bytes.
    pub fn max_request(&self) -> usize {
        self.max_request
    }

    /// Takes a request in. The answer comes within `patience`, and never later than [`LONGEST`] allows.
    pub async fn take(
        self: &Arc<Self>,
        body: Body,
        patience: Duration,
    ) -> Result<Response, Refusal> {
        let answer = timeout_at(Instant::now() + patience.min(LONGEST), self.admit(body))
            .await
            .unwrap_or(Err(Refusal::Late));
        count(self.source.name, &answer);
        answer
    }

    async fn admit(self: &Arc<Self>, body: Body) -> Result<Response, Refusal> {
        if body.len() > self.max_request {
            return Err(Refusal::TooLarge {
                limit: self.max_request,
            });
        }
        let admitted = self.pool.admit(body.len()).await?;
        // A task of its own: it goes on if the sender gives up, and a panic costs this request only.
        let task = tokio::spawn(Arc::clone(self).process(body, admitted));
        joined(self.source.name, task).await
    }

    async fn process(self: Arc<Self>, body: Body, admitted: Admitted) -> Result<Response, Refusal> {
        let Admitted { worker, bytes } = admitted;
        // Held until the last part has ended, also if an answer is there before.
        let _bytes: Held = bytes;
        let request = self.wire(body)?;
        let request = scan(&request, self.envelope)?;
        let Some(header) = &request.header else {
            return Err(Refusal::Invalid("the request has no header".to_owned()));
        };
        if request.events.is_empty() {
            return Err(Refusal::Invalid("the request has no events".to_owned()));
        }
        let batch = Batch::new(self.envelope, header);
        let (parts, outcome) = answer::parts();
        let counts = self.publish(&batch, &request.events, &parts);
        add(&self.received, &counts);
        let verdicts = self.judge(&request.events);
        drop(worker);
        drop(parts);
        let (outcome, kept) = tokio::join!(outcome, self.keep(&batch, &verdicts.kept));
        let accepted = counts.iter().map(|(_, count)| count).sum::<u64>();
        if accepted == 0 && !verdicts.any_taken {
            return Err(Refusal::NoneTaken(verdicts.rejected));
        }
        outcome.unwrap_or(Ok(())).and(kept)?;
        add(&self.accepted, &counts);
        Ok(success(accepted as usize, verdicts.rejected))
    }

    /// The request's bytes as protobuf.
    fn wire(&self, body: Body) -> Result<Bytes, Refusal> {
        let text = match body {
            Body::Wire(bytes) => return Ok(bytes),
            Body::Json(text) => text,
        };
        let mut json = serde_json::Deserializer::from_slice(&text);
        let message = DynamicMessage::deserialize(self.json.clone(), &mut json)
            .and_then(|message| json.end().map(|()| message))
            .map_err(|error| {
                Refusal::Invalid(format!(
                    "the body is not {}: {error}",
                    self.json.full_name()
                ))
            })?;
        Ok(message.encode_to_vec().into())
    }

    /// Hands the good events to the publisher. Returns how many there are of each type, by its place.
    fn publish(
        &self,
        batch: &Batch<'_>,
        events: &[Event<'_>],
        parts: &answer::Parts,
    ) -> Vec<(usize, u64)> {
        let limits = self.publisher.limits();
        let mut counts: Vec<(usize, u64)> = Vec::new();
        for group in batch.groups(events, limits.bytes, limits.events) {
            let types = self.envelope.types;
            let Ok(at) = types.binary_search_by_key(&group.kind.number, |kind| kind.number) else {
                continue;
            };
            let Some(route) = self.routes.get(at) else {
                continue;
            };
            let count = group.events.len();
            let len = batch.len(&group);
            self.publisher.add(route, count, len, parts.part(), |out| {
                batch.write(&group, out)
            });
            match counts.last_mut() {
                Some((last, sum)) if *last == at => *sum += count as u64,
                _ => counts.push((at, count as u64)),
            }
        }
        counts
    }

    /// Says of each event that is not good what becomes of it.
    fn judge<'e, 'a>(&self, events: &'e [Event<'a>]) -> Judged<'e, 'a> {
        let mut judged = Judged::default();
        let keeps = self.quarantine.route().is_some();
        for (index, event) in events.iter().enumerate() {
            if matches!(event.verdict, Verdict::Good(_)) {
                continue;
            }
            let must_keep = keeps && matches!(event.verdict, Verdict::UnknownType(_));
            if must_keep || (keeps && self.quarantine.has_room()) {
                judged.kept.push((event, must_keep));
            } else {
                quarantined(self.source.name, "dropped");
            }
            judged.any_taken |= must_keep;
            let before = judged.rejected.len();
            judged
                .rejected
                .push(rejected(before, index, event, must_keep));
            counted(self.source.name, "", event.verdict.class()).increment(1);
        }
        judged
    }

    /// Publishes events to quarantine. What must be kept and isn't is an error.
    async fn keep(&self, batch: &Batch<'_>, kept: &[(&Event<'_>, bool)]) -> Outcome {
        let Some(route) = self.quarantine.route() else {
            return Ok(());
        };
        let mut outcome = Ok(());
        let mut pending = FuturesUnordered::new();
        let mut left = kept.iter();
        loop {
            while pending.len() < KEPT_AT_ONCE
                && let Some((event, must)) = left.next()
            {
                let message = self.quarantine.message(route, batch, event);
                pending.push(self.keep_one(message, *must));
            }
            match pending.next().await {
                None => return outcome,
                Some(Ok(())) => {}
                Some(Err(error)) => outcome = Err(error),
            }
        }
    }

    async fn keep_one(&self, message: Outgoing, must: bool) -> Outcome {
        let published = self.publisher.publish(message).await;
        let outcome = if published.is_ok() { "kept" } else { "failed" };
        quarantined(self.source.name, outcome);
        match published {
            Err(error) if !must => {
                tracing::warn!(source = self.source.name, %error, "A rejected event could not be kept.");
                Ok(())
            }
            published => published,
        }
    }
}

/// The events of a request that are not good.
#[derive(Default)]
struct Judged<'e, 'a> {
    rejected: Vec<RejectedEvent>,
    /// Those to keep, and whether they must be.
    kept: Vec<(&'e Event<'a>, bool)>,
    any_taken: bool,
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Body::Wire(bytes) | Body::Json(bytes) => bytes.len(),
        }
    }
}

/// Counts an answered request.
pub(super) fn count<T>(source: &'static str, answer: &Result<T, Refusal>) {
    let outcome = match answer {
        Ok(_) => "accepted",
        Err(refusal) => refusal.outcome(),
    };
    counter!("event_grpc_requests_total", "source" => source, "outcome" => outcome).increment(1);
}

/// Waits for the task that prepares a request. A panic in it is this request's alone.
pub(super) async fn joined<T>(
    source: &'static str,
    task: JoinHandle<Result<T, Refusal>>,
) -> Result<T, Refusal> {
    task.await.unwrap_or_else(|failed| {
        tracing::error!(source, error = %failed, "A request could not be prepared.");
        Err(Refusal::Internal(
            "the server failed on this request".to_owned(),
        ))
    })
}

/// Adds how many events there are of each type, by its place.
fn add(counters: &[Counter], counts: &[(usize, u64)]) {
    for (at, count) in counts {
        if let Some(counter) = counters.get(*at) {
            counter.increment(*count);
        }
    }
}

/// Counts the good events of requests, whether or not they are answered with OK then.
pub(super) fn received(source: &'static str, kind: &'static str) -> Counter {
    counter!("event_grpc_events_received_total", "source" => source, "type" => kind)
}

/// Counts events by what became of them: `accepted` are those that a sender was told to be safe.
pub(super) fn counted(source: &'static str, kind: &'static str, outcome: &'static str) -> Counter {
    counter!("event_grpc_events_total", "source" => source, "type" => kind, "outcome" => outcome)
}

/// Counts an event that is not good: whether it is kept, or only counted because there are too many.
fn quarantined(source: &'static str, outcome: &'static str) {
    counter!("event_grpc_quarantined_total", "source" => source, "outcome" => outcome).increment(1);
}
