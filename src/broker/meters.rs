//! What the broker counts.

use std::collections::HashMap;

use metrics::{Counter, counter};

use super::error::PublishError;
use super::topology::Topology;

/// The counters of all exchanges and queues, looked up once.
pub(super) struct Meters {
    exchanges: HashMap<&'static str, ExchangeMeters>,
    queues: HashMap<&'static str, Counter>,
}

struct ExchangeMeters {
    published: Counter,
    confirmed: Counter,
}

impl Meters {
    /// Finds the counters of a topology; the recorder must be installed before.
    pub(super) fn new(topology: &Topology) -> Self {
        let names = topology.exchanges.iter().map(|exchange| exchange.name);
        let exchanges = names.chain([""]).map(|name| {
            let meters = ExchangeMeters {
                published: counter!("event_grpc_broker_published_total", "exchange" => name),
                confirmed: counter!("event_grpc_broker_confirmed_total", "exchange" => name),
            };
            (name, meters)
        });
        let queues = topology.queues.iter().map(|queue| {
            let delivered = counter!("event_grpc_broker_delivered_total", "queue" => queue.name);
            (queue.name, delivered)
        });
        Self {
            exchanges: exchanges.collect(),
            queues: queues.collect(),
        }
    }

    /// Counts the messages that a queue delivers.
    pub(super) fn delivered(&self, queue: &str) -> Counter {
        self.queues
            .get(queue)
            .cloned()
            .unwrap_or_else(Counter::noop)
    }

    /// Counts a message that is about to be published.
    pub(super) fn published(&self, exchange: &str) {
        if let Some(meters) = self.exchanges.get(exchange) {
            meters.published.increment(1);
        }
    }

    /// Counts how that ended.
    pub(super) fn answered(&self, exchange: &str, result: &Result<(), PublishError>) {
        // Names that are not ours don't become labels: they could be without end.
        let Some((name, meters)) = self.exchanges.get_key_value(exchange) else {
            return;
        };
        match result {
            Ok(()) => meters.confirmed.increment(1),
            Err(error) => counter!(
                "event_grpc_broker_publish_failed_total",
                "exchange" => *name,
                "reason" => error.reason(),
            )
            .increment(1),
        }
    }
}
