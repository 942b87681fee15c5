//! Metrics of the broker.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use metrics::{Counter, Gauge, Histogram};

use super::error::PublishError;
use super::message::Outgoing;
use super::routing::Routes;
use super::topology::Topology;
use crate::metrics::broker as declared;

/// The counters of all exchanges and queues, looked up once.
pub(in crate::broker) struct BrokerMetrics {
    exchanges: HashMap<&'static str, Arc<ExchangeMetrics>>,
    queues: Vec<Arc<QueueMetrics>>,
    routes: Routes,
}

struct ExchangeMetrics {
    published: Counter,
    confirmed: Counter,
    seconds: Histogram,
}

/// Metrics of one queue. The counts of its messages are the entries of the ledger (`ops/ledger`).
pub(in crate::broker) struct QueueMetrics {
    /// Messages published by this process, by outcome: confirmed, and others.
    pub(in crate::broker) confirmed: Counter,
    refused: Counter,
    /// Messages without an answer: in the queue or not.
    unanswered: Counter,
    /// Messages waiting for an answer now.
    unconfirmed: Gauge,
    delivered: Counter,
    redelivered: Counter,
    /// Messages delivered and not settled now.
    pub(in crate::broker) held: Gauge,
    /// Number of consumers of this process: one, or none.
    pub(in crate::broker) consumers: Gauge,
    /// Unreadable messages.
    pub(in crate::broker) unreadable: Counter,
}

/// A message that is being published. Dropped, it was given up, and nobody knows where it is.
#[must_use = "how it ends is to be counted"]
pub(in crate::broker) struct Publishing {
    exchange: Option<(&'static str, Arc<ExchangeMetrics>)>,
    /// Queues that count it.
    queues: Vec<Arc<QueueMetrics>>,
    began: Instant,
    ended: bool,
}

impl BrokerMetrics {
    /// Finds the counters of a topology; the recorder must be installed before.
    pub(in crate::broker) fn new(topology: &Topology) -> Self {
        let names = topology.exchanges.iter().map(|exchange| exchange.name);
        let exchanges = names.chain([""]).map(|name| {
            let metrics = ExchangeMetrics {
                published: declared::PUBLISHED.with([name]),
                confirmed: declared::PUBLISH_CONFIRMED.with([name]),
                seconds: declared::CONFIRM_SECONDS.with([name]),
            };
            (name, Arc::new(metrics))
        });
        let queues = topology.queues.iter();
        Self {
            exchanges: exchanges.collect(),
            queues: queues
                .map(|q| Arc::new(QueueMetrics::new(q.name)))
                .collect(),
            routes: Routes::new(topology),
        }
    }

    /// Routing table of messages.
    pub(in crate::broker) fn routes(&self) -> &Routes {
        &self.routes
    }

    /// Metrics of the queue at this position of the topology.
    pub(in crate::broker) fn queue(&self, at: usize) -> Option<&Arc<QueueMetrics>> {
        self.queues.get(at)
    }

    /// Counts a message that is about to be published, and in its end where it is then.
    pub(in crate::broker) fn publishing(&self, message: &Outgoing) -> Publishing {
        let targets = self
            .routes
            .targets(&message.exchange, &message.routing_key, message.partition)
            .unwrap_or_default();
        let queues = targets.iter().filter_map(|at| self.queues.get(*at));
        self.begin(message, queues.cloned().collect())
    }

    /// Counts a message that is about to be published to one queue past all exchanges, and in its end where it is then.
    pub(in crate::broker) fn publishing_to(&self, queue: usize) -> Publishing {
        let queue = self.queues.get(queue);
        if let Some(queue) = queue {
            queue.unconfirmed.increment(1.0);
        }
        Publishing {
            exchange: None,
            queues: queue.cloned().into_iter().collect(),
            began: Instant::now(),
            ended: false,
        }
    }

    /// Metrics of a publish, if the queues count by themselves what is put into them.
    pub(in crate::broker) fn putting(&self, message: &Outgoing) -> Publishing {
        self.begin(message, Vec::new())
    }

    fn begin(&self, message: &Outgoing, queues: Vec<Arc<QueueMetrics>>) -> Publishing {
        // Names that are not ours don't become labels: they could be without end.
        let exchange = self.exchanges.get_key_value(&*message.exchange);
        let exchange = exchange.map(|(name, metrics)| (*name, Arc::clone(metrics)));
        if let Some((_, metrics)) = &exchange {
            metrics.published.increment(1);
        }
        for queue in &queues {
            queue.unconfirmed.increment(1.0);
        }
        Publishing {
            exchange,
            queues,
            began: Instant::now(),
            ended: false,
        }
    }
}

// === impl QueueMetrics ===

impl QueueMetrics {
    fn new(queue: &'static str) -> Self {
        let published = |outcome| declared::QUEUE_PUBLISHED.with([queue, outcome]);
        Self {
            confirmed: published(declared::CONFIRMED),
            refused: published(declared::REFUSED),
            unanswered: published(declared::UNANSWERED),
            unconfirmed: messages(queue, declared::UNCONFIRMED),
            delivered: declared::DELIVERED.with([queue]),
            redelivered: declared::REDELIVERED.with([queue]),
            held: messages(queue, declared::HELD),
            consumers: declared::CONSUMERS.with([queue]),
            unreadable: declared::UNREADABLE.with([queue]),
        }
    }

    /// Counts a delivery, which is held from now on.
    pub(in crate::broker) fn delivered(&self, again: bool) {
        self.delivered.increment(1);
        if again {
            self.redelivered.increment(1);
        }
        self.held.increment(1.0);
    }
}

/// Number of messages of a queue in this state now.
pub(in crate::broker) fn messages(queue: &'static str, state: &'static str) -> Gauge {
    declared::QUEUE_MESSAGES.with([queue, state])
}

// === impl Publishing ===

impl Publishing {
    /// Counts how it ended.
    pub(in crate::broker) fn end(mut self, result: &Result<(), PublishError>) {
        self.ended = true;
        match (&self.exchange, result) {
            (Some((_, metrics)), Ok(())) => {
                metrics.confirmed.increment(1);
                metrics.seconds.record(self.began.elapsed());
            }
            (Some(_), Err(error)) => self.failed(error.reason()),
            (None, _) => {}
        }
        for queue in &self.queues {
            queue.unconfirmed.decrement(1.0);
            match result {
                Ok(()) => queue.confirmed.increment(1),
                Err(error) if error.may_be_there() => queue.unanswered.increment(1),
                Err(_) => queue.refused.increment(1),
            }
        }
    }

    fn failed(&self, reason: &'static str) {
        if let Some((exchange, _)) = &self.exchange {
            declared::PUBLISH_FAILED
                .with([*exchange, reason])
                .increment(1);
        }
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        self.failed("given_up");
        for queue in &self.queues {
            queue.unconfirmed.decrement(1.0);
            queue.unanswered.increment(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;
    use crate::broker::api::topology::QueueSpec;
    use crate::contract::{Exchange, ExchangeKind, QueueKind, Route};

    fn topology() -> Topology {
        let exchange = |name| Exchange {
            name,
            kind: ExchangeKind::Topic,
            derived: false,
        };
        let queue = |name, bindings| QueueSpec {
            name,
            kind: QueueKind::Quorum,
            topic: None,
            foreign: None,
            bindings,
            prefetch: 1,
            prefetch_bytes: 16 << 20,
            awaited: true,
            partition: None,
            keyed: false,
        };
        const ALL: &[Route] = &[Route {
            exchange: "in",
            routing_key: "#",
        }];
        const SOME: &[Route] = &[Route {
            exchange: "in",
            routing_key: "some",
        }];
        Topology {
            exchanges: vec![exchange("in"), exchange("rest")],
            queues: vec![queue("all_q", ALL), queue("some_q", SOME)],
            unrouted: "rest",
            renamed: &[],
        }
    }

    #[test]
    fn a_message_is_counted_for_each_of_its_queues_by_how_it_is_answered() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let metrics = metrics::with_local_recorder(&recorder, || BrokerMetrics::new(&topology()));
        let to = |key| Outgoing::new("in", key, "");
        metrics.publishing(&to("some")).end(&Ok(()));
        metrics
            .publishing(&to("some"))
            .end(&Err(PublishError::Closed));
        let unknown = PublishError::Unknown {
            reason: String::new(),
        };
        metrics.publishing(&to("other")).end(&Err(unknown));
        metrics
            .publishing(&to("other"))
            .end(&Err(PublishError::Refused));
        metrics
            .publishing(&Outgoing::to_queue("some_q", ""))
            .end(&Ok(()));
        // The publisher didn't wait for the answer.
        drop(metrics.publishing(&to("other")));
        let waits = metrics.publishing(&to("some"));
        let text = recorder.handle().render();
        for (queue, confirmed, refused, unanswered) in [("all_q", 1, 1, 3), ("some_q", 2, 1, 0)] {
            let counts = [
                ("confirmed", confirmed),
                ("refused", refused),
                ("unanswered", unanswered),
            ];
            for (outcome, count) in counts {
                let line = format!(
                    "{}{{queue=\"{queue}\",outcome=\"{outcome}\"}} {count}\n",
                    declared::QUEUE_PUBLISHED.name()
                );
                assert!(text.contains(&line), "{line}{text}");
            }
            let line = format!(
                "{}{{queue=\"{queue}\",state=\"unconfirmed\"}} 1\n",
                declared::QUEUE_MESSAGES.name()
            );
            assert!(text.contains(&line), "{line}{text}");
        }
        waits.end(&Ok(()));
    }
}
