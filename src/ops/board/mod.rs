//! Board: rates, latencies, depths and problems of one or several instances, between two readings of their metrics.

mod page;
mod problems;

use std::collections::BTreeMap;

use serde::Serialize;

pub use page::Page;
pub use problems::problems;

use crate::metrics::{broker, intake, stores, workers};
use page::Sums;

/// Rates, latencies, depths and problems. Rates are per second.
#[derive(Debug, Default, Serialize)]
pub struct Board {
    /// Seconds between the readings.
    pub seconds: f64,
    /// Instances that answered.
    pub instances: usize,
    /// By source.
    pub sources: BTreeMap<String, SourceRates>,
    /// By event type.
    pub types: BTreeMap<String, TypeRates>,
    /// By queue.
    pub queues: BTreeMap<String, QueueRates>,
    /// By table, or request.
    pub tables: BTreeMap<String, TableRates>,
    /// Time until the broker has confirmed a message: the 99th percentile, in milliseconds; none if there was none.
    pub publish_p99_ms: Option<f64>,
    /// What is wrong, or limited.
    pub problems: Vec<String>,
}

/// Rates of a source.
#[derive(Debug, Default, Serialize)]
pub struct SourceRates {
    /// Requests.
    pub requests: f64,
    /// Requests that are not accepted.
    pub refused: f64,
    /// Valid events.
    pub received: f64,
}

/// Rates of an event type.
#[derive(Debug, Default, Serialize)]
pub struct TypeRates {
    /// Valid events.
    pub received: f64,
    /// Stored, once for each table.
    pub stored: f64,
    /// Dead letters.
    pub dead_lettered: f64,
    /// Back to their queue.
    pub retried: f64,
}

/// Rates and depths of a queue.
#[derive(Debug, Default, Serialize)]
pub struct QueueRates {
    /// Messages that came.
    pub published: f64,
    /// Messages that were settled.
    pub settled: f64,
    /// Messages that are ready now, as the broker says.
    pub ready: f64,
    /// Messages that the instances hold now.
    pub held: f64,
    /// Messages that are not confirmed yet.
    pub unconfirmed: f64,
    /// Age of the oldest message now, in seconds.
    pub oldest_seconds: f64,
}

/// Rates and latency of a table.
#[derive(Debug, Default, Serialize)]
pub struct TableRates {
    /// Events and objects that were stored.
    pub stored: f64,
    /// Dead letters.
    pub dead_lettered: f64,
    /// Inserts.
    pub inserts: f64,
    /// Time of a flush: the 99th percentile, in milliseconds; none if there was none.
    pub flush_p99_ms: Option<f64>,
}

impl Board {
    /// Board of some instances, each with an earlier page and a later one.
    pub fn between(pages: &[(Page, Page)]) -> Self {
        let mut board = Board {
            instances: pages.len(),
            ..Board::default()
        };
        let mut publishing = Buckets::default();
        let mut flushing: BTreeMap<String, Buckets> = BTreeMap::new();
        for (before, after) in pages {
            let seconds = after.since(before);
            board.seconds = board.seconds.max(seconds);
            board.add(before, after, seconds);
            let name = format!("{}_bucket", intake::PUBLISH_SECONDS.name());
            publishing.add(after.growth(before, &name, "le", None));
            let name = format!("{}_bucket", workers::FLUSH_SECONDS.name());
            for table in after.values(&name, "table", None).into_keys() {
                let grown = after.growth(before, &name, "le", Some(("table", &table)));
                flushing.entry(table).or_default().add(grown);
            }
        }
        board.publish_p99_ms = publishing.at(0.99);
        for (table, buckets) in flushing {
            board.tables.entry(table).or_default().flush_p99_ms = buckets.at(0.99);
        }
        board
    }

    fn add(&mut self, before: &Page, after: &Page, seconds: f64) {
        let rates = |name: &str, label: &str, with: Option<(&str, &str)>| {
            let grown = after.growth(before, name, label, with).into_iter();
            grown.map(move |(of, count)| (of, count / seconds))
        };
        let (requests, accepted) = (intake::REQUESTS.name(), ("outcome", intake::ACCEPTED));
        for (source, rate) in rates(requests, "source", None) {
            let of = self.sources.entry(source).or_default();
            of.requests += rate;
            of.refused += rate;
        }
        for (source, rate) in rates(requests, "source", Some(accepted)) {
            self.sources.entry(source).or_default().refused -= rate;
        }
        for (source, rate) in rates(intake::EVENTS_RECEIVED.name(), "source", None) {
            self.sources.entry(source).or_default().received += rate;
        }
        for (kind, rate) in rates(intake::EVENTS_RECEIVED.name(), "type", None) {
            self.types.entry(kind).or_default().received += rate;
        }
        let units = workers::SETTLED_UNITS.name();
        for outcome in [workers::STORED, workers::DEAD_LETTERED, workers::RETRIED] {
            for (kind, rate) in rates(units, "type", Some(("outcome", outcome))) {
                let of = self.types.entry(kind).or_default();
                match outcome {
                    workers::STORED => of.stored += rate,
                    workers::DEAD_LETTERED => of.dead_lettered += rate,
                    _ => of.retried += rate,
                }
            }
            for (table, rate) in rates(units, "into", Some(("outcome", outcome))) {
                let of = self.tables.entry(table).or_default();
                match outcome {
                    workers::STORED => of.stored += rate,
                    workers::DEAD_LETTERED => of.dead_lettered += rate,
                    _ => {}
                }
            }
        }
        for (table, rate) in rates(stores::INSERTS.name(), "table", None) {
            self.tables.entry(table).or_default().inserts += rate;
        }
        let confirmed = Some(("outcome", broker::CONFIRMED));
        for (queue, rate) in rates(broker::QUEUE_PUBLISHED.name(), "queue", confirmed) {
            self.queues.entry(queue).or_default().published += rate;
        }
        for (queue, rate) in rates(workers::SETTLED.name(), "queue", None) {
            self.queues.entry(queue).or_default().settled += rate;
        }
        // The same at each instance.
        for (queue, count) in after.values(broker::QUEUE_READY.name(), "queue", None) {
            let of = self.queues.entry(queue).or_default();
            of.ready = of.ready.max(count);
        }
        for (queue, age) in after.values(workers::OLDEST.name(), "queue", None) {
            let of = self.queues.entry(queue).or_default();
            of.oldest_seconds = of.oldest_seconds.max(age);
        }
        for state in [broker::READY, broker::HELD, broker::UNCONFIRMED] {
            let name = broker::QUEUE_MESSAGES.name();
            for (queue, count) in after.values(name, "queue", Some(("state", state))) {
                let of = self.queues.entry(queue).or_default();
                match state {
                    broker::READY => of.ready += count,
                    broker::HELD => of.held += count,
                    _ => of.unconfirmed += count,
                }
            }
        }
    }
}

/// Growth of the buckets of a histogram, by their upper bounds.
#[derive(Debug, Default)]
struct Buckets(Vec<(f64, f64)>);

impl Buckets {
    fn add(&mut self, grown: Sums) {
        for (bound, count) in grown {
            let Ok(bound) = bound.replace("+Inf", "inf").parse::<f64>() else {
                continue;
            };
            match self
                .0
                .iter_mut()
                .find(|(known, _)| known.total_cmp(&bound).is_eq())
            {
                Some((_, sum)) => *sum += count,
                None => self.0.push((bound, count)),
            }
        }
        self.0.sort_by(|a, b| a.0.total_cmp(&b.0));
    }

    /// Upper bound of the bucket with this share of the values, in milliseconds.
    fn at(&self, share: f64) -> Option<f64> {
        let (_, all) = self.0.last()?;
        if *all <= 0.0 {
            return None;
        }
        let found = self.0.iter().find(|(_, count)| *count >= share * all);
        found.map(|(bound, _)| bound * 1_000.0)
    }
}

#[cfg(test)]
mod tests;
