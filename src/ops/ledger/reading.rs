//! What was counted and found at about one moment, fit for a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::scrape::{Counts, QueueCounts};
use super::span::Span;

/// What instances have counted and what is in the queues. Everything was read twice, a moment apart, so that what moves
/// is known to move.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// When, in milliseconds since the epoch.
    pub at_ms: i64,
    /// By where they answer.
    pub instances: BTreeMap<String, Instance>,
    /// The instances that did not answer.
    pub silent: Vec<String>,
    /// RabbitMQ; none if each instance has a broker of its own.
    pub broker: Option<Broker>,
}

/// What an instance said, twice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Before the broker was asked.
    pub first: Counts,
    /// After that.
    pub second: Counts,
}

/// What RabbitMQ said, twice, by queue. A queue that isn't there is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broker {
    /// At first.
    pub first: BTreeMap<String, Depth>,
    /// A moment later.
    pub second: BTreeMap<String, Depth>,
}

/// What is in a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// The messages that nobody holds.
    pub ready: u64,
    /// How many consumers it has.
    pub consumers: u64,
}

impl Reading {
    /// Whether nothing moved while it was read.
    pub fn is_quiet(&self) -> bool {
        let instances = self.instances.values().all(|i| i.first == i.second);
        instances && self.broker.as_ref().is_none_or(|b| b.first == b.second)
    }

    /// Whether a queue stood still.
    pub(super) fn is_quiet_at(&self, queue: &str) -> bool {
        let mut counts = self.instances.values().map(|i| i.of(queue));
        counts.all(|[first, second]| first == second) && self.ready(queue).is_exact()
    }

    /// The messages of a queue that wait to be delivered.
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

    /// How many messages of a queue are in it or held, where so many may be on the wire to a consumer.
    pub(super) fn depth(&self, queue: &str, prefetch: u64) -> Span {
        let seen = self.ready(queue) + self.sum(queue, |counts| counts.held);
        match self.is_quiet_at(queue) {
            true => seen,
            // Neither ready nor counted yet by who gets them.
            false => seen.or_more(prefetch.saturating_mul(self.instances.len() as u64)),
        }
    }

    /// How many consumers a queue has.
    pub(super) fn consumers(&self, queue: &str) -> u64 {
        let depth = self.broker.as_ref().and_then(|b| b.second.get(queue));
        depth.map_or(0, |depth| depth.consumers)
    }

    /// The sum over all instances.
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
    /// What it counted of a queue, both times.
    pub(super) fn of(&self, queue: &str) -> [QueueCounts; 2] {
        [&self.first, &self.second].map(|c| c.queues.get(queue).copied().unwrap_or_default())
    }

    /// What this instance had counted at the opening; none if it counts from zero since.
    pub(super) fn opening<'a>(
        &self,
        name: &str,
        opening: Option<&'a Reading>,
    ) -> Option<&'a Instance> {
        let before = opening?.instances.get(name)?;
        (before.second.started == self.first.started).then_some(before)
    }
}

/// Why counts may be missing: whoever ends takes along what it counted since the opening.
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
