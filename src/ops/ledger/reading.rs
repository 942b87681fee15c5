//! Reading: what was counted and found at about one moment, to be saved in a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::scrape::{Counts, QueueCounts};
use super::span::Span;

/// Counts of the instances and contents of the queues. Everything is read twice, a moment apart, to detect what moves.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Time, in milliseconds since the epoch.
    pub at_ms: i64,
    /// Instances by URL.
    pub instances: BTreeMap<String, Instance>,
    /// Instances that did not answer.
    pub silent: Vec<String>,
    /// RabbitMQ; none if each instance has an in-memory broker.
    pub broker: Option<Broker>,
}

/// Counts of an instance, read twice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Before the broker was asked.
    pub first: Counts,
    /// After that.
    pub second: Counts,
}

/// Queues of RabbitMQ, read twice. A queue that doesn't exist is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broker {
    /// At first.
    pub first: BTreeMap<String, Depth>,
    /// A moment later.
    pub second: BTreeMap<String, Depth>,
}

/// Contents of a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Messages that are ready.
    pub ready: u64,
    /// Number of consumers.
    pub consumers: u64,
}

impl Reading {
    /// True if nothing moved while it was read.
    pub fn is_quiet(&self) -> bool {
        let instances = self.instances.values().all(|i| i.first == i.second);
        instances && self.broker.as_ref().is_none_or(|b| b.first == b.second)
    }

    /// True if nothing moved in a queue.
    pub(super) fn is_quiet_at(&self, queue: &str) -> bool {
        let mut counts = self.instances.values().map(|i| i.of(queue));
        counts.all(|[first, second]| first == second) && self.ready(queue).is_exact()
    }

    /// Messages of a queue that wait to be delivered.
    pub(super) fn ready(&self, queue: &str) -> Span {
        match &self.broker {
            Some(broker) => {
                let of =
                    |depths: &BTreeMap<String, Depth>| depths.get(queue).map_or(0, |d| d.ready);
                Span::of(of(&broker.first), of(&broker.second))
            }
            None => self.sum(queue, |counts| counts.ready.unwrap_or(0)),
        }
    }

    /// Messages of a queue that are ready or held, if so many may be on the wire to each consumer.
    pub(super) fn depth(&self, queue: &str, prefetch: u64) -> Span {
        let seen = self.ready(queue) + self.sum(queue, |counts| counts.held);
        match self.is_quiet_at(queue) {
            true => seen,
            // On the wire: neither ready nor counted by the instance yet.
            false => seen.or_more(prefetch.saturating_mul(self.instances.len() as u64)),
        }
    }

    /// Number of consumers of a queue.
    pub(super) fn consumers(&self, queue: &str) -> u64 {
        let depth = self.broker.as_ref().and_then(|b| b.second.get(queue));
        depth.map_or(0, |depth| depth.consumers)
    }

    /// Sum over all instances.
    pub(super) fn sum(&self, queue: &str, value: fn(&QueueCounts) -> u64) -> Span {
        let instances = self.instances.values();
        instances
            .map(|instance| {
                let [first, second] = instance.of(queue);
                Span::of(value(&first), value(&second))
            })
            .sum()
    }
}

impl Instance {
    /// Counts of a queue, both times.
    pub(super) fn of(&self, queue: &str) -> [QueueCounts; 2] {
        [&self.first, &self.second].map(|c| c.queues.get(queue).copied().unwrap_or_default())
    }

    /// Counts of this instance at the opening; none if it has restarted since.
    pub(super) fn opening<'a>(
        &self,
        name: &str,
        opening: Option<&'a Reading>,
    ) -> Option<&'a Instance> {
        let before = opening?.instances.get(name)?;
        (before.second.started == self.first.started).then_some(before)
    }
}

/// Reasons why counts may be missing: an instance that ends takes along what it counted since the opening.
pub(super) fn doubts(opening: Option<&Reading>, now: &Reading) -> Vec<String> {
    let mut doubts = Vec::new();
    for name in &now.silent {
        doubts.push(format!(
            "instance {name} does not answer, so that its counts are missing"
        ));
    }
    for (name, instance) in &now.instances {
        if instance.first.started != instance.second.started {
            doubts.push(format!("instance {name} restarted while it was read"));
        }
    }
    let Some(opening) = opening else {
        return doubts;
    };
    for (name, instance) in &now.instances {
        let began_before = instance.first.started * 1000.0 < opening.at_ms as f64;
        match opening.instances.get(name) {
            Some(_) if instance.opening(name, Some(opening)).is_none() => doubts.push(format!(
                "instance {name} restarted since the opening, and what it had counted before is gone"
            )),
            None if began_before => doubts.push(format!(
                "instance {name} was running at the opening, but is not part of it"
            )),
            _ => {}
        }
    }
    for name in opening.instances.keys() {
        if !now.instances.contains_key(name) && !now.silent.contains(name) {
            doubts.push(format!(
                "instance {name} is part of the opening, but was not asked now"
            ));
        }
    }
    for name in &opening.silent {
        doubts.push(format!("instance {name} did not answer at the opening"));
    }
    doubts
}
