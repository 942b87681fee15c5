//! Forwarder: sends what the messages of a queue hold to an HTTP API or a topic of others, one by one, and settles each.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Setup;
use super::blocking;
use super::breaker::Breakers;
use super::catch_panic::catch_panic_async;
use super::disposition::{Forwarding, decide_request};
use super::failed::{Failed, Verdict, bad_unit, panicked_unit};
use super::gate::Gate;
use super::message::{Prepared, units};
use super::outbound::{Outbound, Sent};
use super::settle::{Decided, GivenUp, settle};
use super::traced;
use crate::contract::{Context, Request};
use crate::dead_letter::Class;
use crate::metrics::requests;
use crate::row_error::RowError;
use crate::sink::requests::{RequestError, Target};
use crate::time::now_ms;
use crate::trace::TraceContext;

/// State that all workers of a request share.
pub(super) struct Forwarder {
    setup: Setup,
    request: &'static Request,
    targets: Arc<[Target]>,
    gates: Vec<Gate>,
    breakers: Breakers,
}

/// Object or event on its way to one target.
struct Parcel<'a> {
    target: &'a Target,
    gate: &'a Gate,
    body: Bytes,
    /// Key of the record, if it becomes one.
    key: Option<String>,
    id: String,
    retries: u8,
    /// Span of its message, if that is recorded.
    trace: Option<TraceContext>,
}

/// Outcome of one object or event of a message.
enum ForwardOutcome {
    Taken,
    Dead {
        class: Class,
        reason: String,
        attempts: u32,
    },
}

impl Forwarder {
    pub(super) fn new(
        setup: Setup,
        request: &'static Request,
        targets: Arc<[Target]>,
        breakers: Breakers,
    ) -> Self {
        Forwarder {
            setup,
            breakers,
            request,
            gates: targets.iter().map(|_| Gate::new()).collect(),
            targets,
        }
    }

    /// Forwards a message and settles it. One that is given up is in its queue.
    pub(super) async fn see_through(&self, message: Prepared) -> Result<(), GivenUp> {
        let forwarded = match catch_panic_async(self.forward(&message)).await {
            Ok(forwarded) => forwarded,
            Err(panic) => {
                let all = 0..units(&message.content);
                Ok((all.map(|unit| panicked_unit(unit, "", &panic)).collect(), 1))
            }
        };
        // Dropped here, it goes back to its queue.
        let (failed, attempts) = forwarded?;
        let decided = Decided::after(message, failed, attempts, &self.setup);
        for decided in self.breakers.admit(vec![decided]).await {
            self.held_and_settled(decided).await?;
        }
        Ok(())
    }

    /// Settles a message, after a delay if it goes back.
    async fn held_and_settled(&self, decided: Decided) -> Result<(), GivenUp> {
        if let Some(time) = decided.hold() {
            self.wait(time).await?;
        }
        settle(&self.setup, decided).await
    }

    /// Sends the objects or events of a message, and returns the failed ones and the number of attempts.
    async fn forward(&self, message: &Prepared) -> Result<(Vec<Failed>, u32), GivenUp> {
        let cx = Context { now_ms: now_ms() };
        let outbound = match Outbound::of(message, self.request, &cx) {
            Ok(outbound) => outbound,
            Err(failed) => return Ok((vec![failed], 1)),
        };
        let bytes = message.delivery.body.len() as u64;
        let (lanes, mut failed) = blocking::work(bytes, || outbound.lanes());
        let at_once = usize::from(self.request.concurrency.max(1));
        let (mut left, mut under_way) = (lanes.iter(), FuturesUnordered::new());
        let mut most = 1;
        loop {
            while under_way.len() < at_once
                && let Some(lane) = left.next()
            {
                under_way.push(self.lane(message, &outbound, lane));
            }
            let Some(done) = under_way.next().await else {
                break;
            };
            let (of_lane, attempts) = done?;
            failed.extend(of_lane);
            most = most.max(attempts);
        }
        failed.sort_by_key(|failed| failed.unit);
        Ok((failed, most))
    }

    /// Sends the units of a lane one after the other, likewise.
    async fn lane(
        &self,
        message: &Prepared,
        outbound: &Outbound<'_>,
        lane: &[usize],
    ) -> Result<(Vec<Failed>, u32), GivenUp> {
        let mut failed = Vec::new();
        let mut most = 1;
        for unit in lane.iter().copied() {
            let sent = match outbound.sent(unit) {
                Ok(sent) => sent,
                Err(bad) => {
                    failed.push(bad);
                    continue;
                }
            };
            let Some(parcel) = self.parcel(message, sent) else {
                let bad = RowError::Layout("of such targets");
                failed.push(bad_unit(unit, outbound.kind(unit), &bad));
                continue;
            };
            let began = Instant::now();
            let outcome = self.deliver(&parcel).await?;
            let (target, queue) = (parcel.target.name(), message.queue.name);
            requests::SECONDS.with([target]).record(began.elapsed());
            let outcome = match outcome {
                ForwardOutcome::Taken => "taken",
                ForwardOutcome::Dead {
                    class,
                    reason,
                    attempts,
                } => {
                    most = most.max(attempts);
                    failed.push(Failed {
                        unit,
                        event_type: outbound.kind(unit).to_owned(),
                        class,
                        reason,
                        verdict: Verdict::Dead,
                    });
                    "dead_letter"
                }
            };
            requests::FORWARDED
                .with([queue, target, outcome])
                .increment(1);
        }
        Ok((failed, most))
    }

    /// What is sent, on its way; none if there is no such target.
    fn parcel<'a>(&'a self, of: &Prepared, sent: Sent) -> Option<Parcel<'a>> {
        let Sent { made, id } = sent;
        Some(Parcel {
            target: self.targets.get(made.aim.target)?,
            gate: self.gates.get(made.aim.target)?,
            body: made.body.into(),
            key: made.aim.key,
            id,
            retries: of.queue.retries,
            trace: of.delivery.ack_guard.trace(),
        })
    }

    /// Sends one body until the target has accepted it, or it is a dead letter.
    async fn deliver(&self, parcel: &Parcel<'_>) -> Result<ForwardOutcome, GivenUp> {
        let target = parcel.target;
        let (mut attempts, mut counted) = (0u32, 0u32);
        let mut seen = target.taken();
        loop {
            let Some(error) = self.attempt(parcel).await? else {
                return Ok(ForwardOutcome::Taken);
            };
            attempts += 1;
            requests::ERRORS
                .with([target.name(), error.fault.name()])
                .increment(1);
            // Counter that tells if the target accepted another message since the last attempt.
            let taken = target.taken();
            let counts = taken > seen;
            seen = taken;
            let failures = counted + u32::from(counts);
            let tried = attempts;
            match decide_request(&error, tried, failures, parcel.retries, rand::random()) {
                Forwarding::Pause => {}
                Forwarding::Again(pause) => {
                    counted = failures;
                    if tried == 1 {
                        tracing::warn!(request = target.name(), reason = %error, "A request failed and is repeated.");
                    }
                    self.wait(pause).await?;
                }
                Forwarding::DeadLetter(class) => {
                    let reason = match class {
                        Class::Retries => format!("failed {tried} times, the last time: {error}"),
                        _ => error.to_string(),
                    };
                    return Ok(ForwardOutcome::Dead {
                        class,
                        reason,
                        attempts: tried,
                    });
                }
            }
        }
    }

    /// One attempt, once the gate and the target's rate limit allow it.
    async fn attempt(&self, parcel: &Parcel<'_>) -> Result<Option<RequestError>, GivenUp> {
        let Parcel { target, gate, .. } = parcel;
        loop {
            let pass = self.unless_stopped(gate.pass()).await?;
            let turn = self.unless_stopped(target.turn()).await?;
            if gate.is_shut() && !pass.is_probe() {
                continue;
            }
            let mut span = traced::request(&self.setup.states.tracer, parcel.trace, target);
            let (id, key) = (parcel.id.as_str(), parcel.key.as_deref());
            let sending = target.send(turn, parcel.body.clone(), id, key, span.as_mut());
            let sent = cancellable(&self.setup.give_up, sending).await?;
            traced::answered(span, &sent);
            match &sent {
                Err(error) if error.fault == crate::sink::Fault::Destination => {
                    gate.shut();
                    self.setup
                        .states
                        .pause_target(target.name(), &error.message);
                }
                // It answers again, even if it refuses this message.
                _ => {
                    gate.open();
                    self.setup.states.resume_target(target.name());
                }
            }
            return Ok(sent.err());
        }
    }

    async fn wait(&self, time: Duration) -> Result<(), GivenUp> {
        self.unless_stopped(tokio::time::sleep(time)).await
    }

    /// A message that only waits is given back at once when the server stops: another instance may succeed.
    async fn unless_stopped<T>(&self, waiting: impl Future<Output = T>) -> Result<T, GivenUp> {
        cancellable(&self.setup.stop, cancellable(&self.setup.give_up, waiting)).await?
    }
}

async fn cancellable<T>(
    token: &CancellationToken,
    work: impl Future<Output = T>,
) -> Result<T, GivenUp> {
    token.run_until_cancelled(work).await.ok_or(GivenUp)
}
