//! Workers of one queue: they consume its messages, prepare them and hand them to the batcher, or forward them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Setup;
use super::blocking;
use super::breaker::{Breaker, Breakers, FEW, Phase};
use super::forward::Forwarder;
use super::message::Prepared;
use super::prepare::Preparer;
use super::renew::renewed;
use super::traced;
use crate::broker::Deliveries;
use crate::contract::Queue;

/// Timeout of a half-open state, after which there is another one.
const HALF_OPEN_LIMIT: Duration = Duration::from_secs(60);

/// Workers of one queue.
#[derive(Clone)]
pub(super) struct Intake {
    pub setup: Setup,
    pub queue: &'static Queue,
    pub preparer: Arc<Preparer>,
    pub breakers: Breakers,
    pub to: To,
    /// Stops them.
    pub halt: CancellationToken,
}

/// Receiver of the messages.
#[derive(Clone)]
pub(super) enum To {
    /// Batcher of a table.
    Batcher(mpsc::Sender<Prepared>),
    /// Forwarder to an HTTP API; the worker processes each message to its end.
    Forwarder(Arc<Forwarder>),
}

impl Intake {
    /// Runs until the broker ends the deliveries, or it is halted.
    pub(super) async fn run(self, first: Option<Deliveries>) {
        let mut first = first;
        let Some(breaker) = self.breakers.of(self.queue) else {
            return;
        };
        while let Some(phase) = self.halt.run_until_cancelled(breaker.turn()).await {
            let deliveries = match first.take().map(Ok) {
                Some(deliveries) => deliveries,
                None => self.setup.broker.consume(self.queue.name),
            };
            let deliveries = match deliveries {
                Ok(deliveries) => Arc::new(deliveries),
                // The broker is closed: there are no more messages.
                Err(error) => {
                    tracing::debug!(queue = self.queue.name, %error, "The queue is consumed no more.");
                    return;
                }
            };
            let taken = self.draw(&deliveries, phase, breaker).await;
            drop(deliveries);
            match taken {
                Drawn::All => return,
                Drawn::Until(Phase::HalfOpen) => {
                    let mut phases = breaker.phases();
                    let judged = phases.wait_for(|now| *now != Phase::HalfOpen);
                    let judged = tokio::time::timeout(HALF_OPEN_LIMIT, judged);
                    self.halt.run_until_cancelled(judged).await;
                }
                Drawn::Until(_) => {}
            }
        }
    }

    /// Consumes messages while the circuit breaker stays in this state; only a few if it is half-open.
    async fn draw(&self, deliveries: &Arc<Deliveries>, phase: Phase, breaker: &Breaker) -> Drawn {
        let (workers, most) = match phase {
            Phase::HalfOpen => (1, FEW),
            Phase::Closed | Phase::Open => (self.queue.workers.max(1), usize::MAX),
        };
        let left = Arc::new(AtomicUsize::new(most));
        let mut tasks = JoinSet::new();
        let work = || {
            let (worker, deliveries) = (self.clone(), Arc::clone(deliveries));
            worker.work(deliveries, phase, breaker.phases(), Arc::clone(&left))
        };
        for _ in 0..workers {
            tasks.spawn(work());
        }
        let mut drawn = Drawn::All;
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok(Drawn::All) => {}
                Ok(until) => drawn = until,
                // Its message is in its queue again.
                Err(error) => {
                    tracing::error!(queue = self.queue.name, %error, "A worker ended; another one takes its place.");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    tasks.spawn(work());
                }
            }
        }
        drawn
    }

    async fn work(
        self,
        deliveries: Arc<Deliveries>,
        phase: Phase,
        mut phases: tokio::sync::watch::Receiver<Phase>,
        left: Arc<AtomicUsize>,
    ) -> Drawn {
        loop {
            let delivery = tokio::select! {
                biased;
                () = self.halt.cancelled() => return Drawn::All,
                _ = phases.wait_for(|now| *now != phase) => return Drawn::Until(phase),
                delivery = deliveries.next() => delivery,
            };
            let Some(delivery) = delivery else {
                return Drawn::All;
            };
            let mut received = self.preparer.receive(self.queue, delivery);
            traced::received(&self.setup.states.tracer, self.queue, &mut received);
            let Some(received) = renewed(&self.setup, self.queue, received).await else {
                continue;
            };
            let room = self.preparer.room(self.queue, &received).await;
            let bytes = received.body.len() as u64;
            let prepare = || self.preparer.prepare(self.queue, received);
            let prepared = blocking::work(bytes, prepare);
            drop(room);
            match &self.to {
                To::Batcher(batcher) => {
                    if let Err(unsent) = batcher.send(prepared).await {
                        unsent.0.delivery.ack_guard.give_back().await;
                        return Drawn::All;
                    }
                }
                To::Forwarder(forwarder) => {
                    let settled = forwarder.see_through(prepared).await;
                    if settled.is_err() && self.setup.give_up.is_cancelled() {
                        return Drawn::All;
                    }
                }
            }
            if phase == Phase::HalfOpen && left.fetch_sub(1, Ordering::Relaxed) == 1 {
                return Drawn::Until(phase);
            }
        }
    }
}

/// Reason why consuming ended.
#[derive(Debug, Clone, Copy)]
enum Drawn {
    /// There are no more messages, or it was stopped.
    All,
    /// The breaker's state changed.
    Until(Phase),
}
