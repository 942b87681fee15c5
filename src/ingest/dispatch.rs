//! Dispatch: accepts requests of typed events, and answers when all of their events are confirmed by the broker.

mod asked;
mod prepare;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use metrics::Counter;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::answer::PublishOutcome;
use super::clients;
use super::group::Slots;
use super::late::Late;
use super::pool::{Pool, PoolShare};
use super::publisher::Publisher;
use super::quarantine::{Left, Letter, Quarantine, Rejections};
use super::reading::Budget;
use super::response::{Refusal, Rejected, Response, success};
use super::route::Route;
use crate::access::{Denied, Sender};
use crate::broker::{PublishError, Topology};
use crate::client::Client;
use crate::contract::{self, Envelope, Retired, Source};
use crate::metrics::intake;
use crate::proto_json::{ProtoJson, Warnings};
use crate::switches::Switches;
use crate::trace::{TraceContext, Tracer};
use crate::weight::Permit;
use asked::tell;
pub(super) use asked::{Asked, count};
use prepare::{Counts, Prepared, add};

/// Maximum duration of a request.
pub const LONGEST: Duration = Duration::from_secs(30);

/// Maximum weight of a request that is prepared on the connection's own thread. It takes about a millisecond at most.
const AT_ONCE: u64 = 256 << 10;

/// How long a request waits for the dead letters of its refused events to be confirmed.
const KEEPING: Duration = Duration::from_secs(2);

/// Source of typed events.
#[derive(Debug)]
pub struct Dispatch {
    source: &'static Source,
    pub(super) envelope: &'static Envelope,
    pub(super) json: ProtoJson,
    max_request: usize,
    pub(super) pool: Pool,
    pub(super) publisher: Arc<Publisher>,
    /// Routes, one for each type of the envelope and each slot.
    pub(super) routes: Vec<Arc<Route>>,
    pub(super) slots: Slots,
    pub(super) received: Vec<Counter>,
    accepted: Vec<Counter>,
    pub(super) quarantine: Quarantine,
    pub(super) retired: Retired,
    switches: Arc<Switches>,
}

/// Request body as it was received.
#[derive(Debug)]
pub enum Body {
    /// Protobuf.
    Wire(Bytes),
    /// Proto3 JSON.
    Json(Bytes),
}

impl Dispatch {
    /// Creates a source with this layout and pool. `topology` tells how its messages are kept apart.
    pub fn new(
        (pipeline, topology): (&contract::Pipeline, &Topology),
        source: &'static Source,
        envelope: &'static Envelope,
        sizes: contract::Pool,
        publisher: Arc<Publisher>,
    ) -> Self {
        let slots = Slots::new(source.partition_by, topology.slots(source.exchange));
        let routes = |kind: &contract::EventType| {
            let routes = Route::of_slots(source.exchange, kind.name, slots.count());
            routes.map(Arc::new)
        };
        let received = |kind: &contract::EventType| received(source.name, kind.name);
        let accepted =
            |kind: &contract::EventType| counted(source.name, kind.name, intake::ACCEPTED);
        Dispatch {
            source,
            envelope,
            json: ProtoJson::new(envelope),
            max_request: sizes.max_request as usize,
            pool: Pool::new(source.name, sizes),
            publisher,
            routes: envelope.types.iter().flat_map(routes).collect(),
            slots,
            received: envelope.types.iter().map(received).collect(),
            accepted: envelope.types.iter().map(accepted).collect(),
            quarantine: Quarantine::new(source, pipeline.fingerprint, pipeline.retired),
            retired: pipeline.retired,
            switches: Arc::default(),
        }
    }

    /// Rejects what these switches refuse.
    pub fn with_switches(self, switches: Arc<Switches>) -> Self {
        Dispatch { switches, ..self }
    }

    /// Source in the pipeline.
    pub fn source(&self) -> &'static Source {
        self.source
    }

    /// What records spans.
    pub(super) fn tracer(&self) -> &Tracer {
        self.publisher.tracer()
    }

    /// Budget of requests that are still being read.
    pub fn reading(&self) -> &Budget {
        self.pool.reading()
    }

    /// Maximum size of a request, in bytes.
    pub fn max_request(&self) -> usize {
        self.max_request
    }

    /// Handles a request of a client, whose span is `trace` if it is recorded. The answer comes within `time_limit`, and never later
    /// than [`LONGEST`] allows. If the client is gone this is dropped: dead letters that are not published yet are abandoned then.
    pub async fn take(
        self: &Arc<Self>,
        body: Body,
        sender: Sender,
        time_limit: Duration,
        trace: Option<TraceContext>,
    ) -> Answered {
        let asked = Asked::of(self.source.name);
        let client = sender.client();
        let admitted = self.admit(body, sender, trace);
        let result = timeout_at(Instant::now() + time_limit.min(LONGEST), admitted)
            .await
            .unwrap_or(Err(Refusal::Late));
        let answered = self.answered(&client, result);
        asked.answered(&answered.result);
        answered
    }

    /// Counts and refuses a request whose sender may not send it, before its body is read.
    pub fn denied(&self, denied: Denied) -> Refusal {
        let refusal = Refusal::Denied(denied);
        tell(self.source.name, refusal.outcome());
        refusal
    }

    async fn admit(
        self: &Arc<Self>,
        body: Body,
        sender: Sender,
        trace: Option<TraceContext>,
    ) -> Result<Taken, Refusal> {
        if body.len() > self.max_request {
            return Err(Refusal::TooLarge {
                limit: self.max_request,
            });
        }
        let weight = self.weigh(&body)?;
        let admitted = self.pool.admit(weight).await?;
        let dispatch = Arc::clone(self);
        let prepare = move || dispatch.prepare(body, &sender, admitted, trace);
        let prepared = match weight > AT_ONCE {
            false => catch_panic(self.source.name, prepare)?,
            // On a thread where it doesn't hold up other requests.
            true => joined(self.source.name, tokio::task::spawn_blocking(prepare)).await?,
        };
        self.settled(prepared).await
    }

    /// Waits until the request's events are confirmed.
    async fn settled(&self, prepared: Prepared) -> Result<Taken, Refusal> {
        let Prepared {
            counts,
            outcome,
            judged:
                Rejections {
                    rejected,
                    letters,
                    left,
                    late,
                },
            mut warnings,
            held,
        } = prepared;
        let accepted = counts.iter().map(|(_, count)| count).sum::<u64>();
        let any_promised = letters.iter().any(|letter| letter.promised);
        let (outcome, kept) = tokio::join!(outcome, self.keep(letters, left));
        outcome.unwrap_or(Ok(())).and(kept)?;
        if accepted == 0 && late.is_empty() && !any_promised {
            return Err(match rejected.retryable {
                0 => Refusal::NoneTaken(rejected),
                _ => Refusal::NoRoom(rejected),
            });
        }
        late.warn(&mut warnings);
        Ok(Taken {
            accepted: (accepted + late.count()) as usize,
            counts,
            late,
            rejected,
            warnings,
            _held: held,
        })
    }

    /// Builds the answer, with a share of the budget of unread answers. Without room in it, the answer is shortened.
    fn answered(&self, client: &Client, result: Result<Taken, Refusal>) -> Answered {
        let mut counts = Counts::new();
        let mut warnings = Warnings::default();
        let mut late = Late::default();
        let mut result = result.map(|taken| {
            counts = taken.counts;
            late = taken.late;
            warnings = taken.warnings;
            (taken.accepted, taken.rejected)
        });
        let rejected = match &mut result {
            Ok((_, rejected)) => Some(rejected),
            Err(refusal) => refusal.rejected_mut(),
        };
        let rejected_count = rejected.as_ref().map_or(0, |rejected| rejected.count);
        clients::count(client, intake::REJECTED, rejected_count as u64);
        let mut held = None;
        if let Some(rejected) = rejected.filter(|rejected| !rejected.listed.is_empty()) {
            held = self.pool.answers().try_acquire(rejected.weight());
            if held.is_none() {
                rejected.shorten();
            }
        }
        let result =
            result.and_then(
                |(accepted, rejected)| match rejected.tells_what_to_repeat() {
                    true => Ok(success(accepted, rejected, warnings)),
                    false => Err(rejected.unlisted()),
                },
            );
        if result.is_ok() {
            add(&self.accepted, &counts);
            late.tell();
            let accepted = counts.iter().map(|(_, count)| count).sum();
            clients::count(client, intake::ACCEPTED, accepted);
        }
        Answered { result, held }
    }

    /// Publishes dead letters. If a promised one can't be kept, that is an error.
    async fn keep(&self, letters: Vec<Letter>, mut left: Left) -> PublishOutcome {
        let mut pending: FuturesUnordered<_> = letters
            .into_iter()
            .map(|letter| self.keep_one(letter))
            .collect();
        let mut outcome = Ok(());
        while let Some((events, kept)) = pending.next().await {
            left.ended(events);
            outcome = outcome.and(kept);
        }
        outcome
    }

    async fn keep_one(&self, letter: Letter) -> (usize, PublishOutcome) {
        let Letter {
            message,
            events,
            promised,
        } = letter;
        let published = self.publisher.publish(message);
        let published = match promised {
            true => published.await,
            // The sender learns what is wrong whether or not they are kept.
            false => timeout(KEEPING, published).await.unwrap_or_else(|_| {
                Err(PublishError::Unknown {
                    reason: format!("no answer within {KEEPING:?}"),
                })
            }),
        };
        let outcome = if published.is_ok() { "kept" } else { "failed" };
        self.quarantine.count(outcome, events);
        match published {
            Err(error) if !promised => {
                tracing::debug!(source = self.source.name, %error, "The dead letter of a rejected event could not be published.");
                (events, Ok(()))
            }
            published => (events, published),
        }
    }
}

/// Answer with its share of the budget of unread answers, held until the client has read it.
#[derive(Debug)]
pub struct Answered {
    /// Response, or the refusal.
    pub result: Result<Response, Refusal>,
    /// The share.
    pub held: Option<Permit>,
}

/// Outcome of a request's events.
struct Taken {
    accepted: usize,
    /// Number of events of each type, by the type's index.
    counts: Counts,
    /// Events of retired types among the accepted ones.
    late: Late,
    rejected: Rejected,
    warnings: Warnings,
    _held: PoolShare,
}

impl Body {
    fn len(&self) -> usize {
        match self {
            Body::Wire(bytes) | Body::Json(bytes) => bytes.len(),
        }
    }
}

/// Waits for the task that prepares a request. A panic in it affects this request only.
pub(super) async fn joined<T>(
    source: &'static str,
    task: JoinHandle<Result<T, Refusal>>,
) -> Result<T, Refusal> {
    task.await.unwrap_or_else(|failed| {
        tracing::error!(source, error = %failed, "Preparing a request panicked.");
        Err(Refusal::Internal(
            "the server failed on this request".to_owned(),
        ))
    })
}

/// Runs work that doesn't wait. A panic in it affects this request only.
fn catch_panic<T>(
    source: &'static str,
    run: impl FnOnce() -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        tracing::error!(source, "Preparing a request panicked.");
        Err(Refusal::Internal(
            "the server failed on this request".to_owned(),
        ))
    })
}

/// Counter of valid events, whether or not their requests are answered with OK.
pub(super) fn received(source: &'static str, kind: &'static str) -> Counter {
    intake::EVENTS_RECEIVED.with([source, kind])
}

/// Counter of events by outcome: `accepted` are those that a sender was told to be safe.
pub(super) fn counted(source: &'static str, kind: &'static str, outcome: &'static str) -> Counter {
    intake::EVENTS.with([source, kind, outcome])
}
