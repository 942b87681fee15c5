//! Scrapes the counters of an instance from the text of its `/metrics`. Only this server's own format is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::{broker, intake, process, workers};

const STARTED: &str = process::STARTED.name();
const EVENTS_RECEIVED: &str = intake::EVENTS_RECEIVED.name();
const EVENTS: &str = intake::EVENTS.name();
const SETTLED: &str = workers::SETTLED.name();
const SETTLED_UNITS: &str = workers::SETTLED_UNITS.name();
const PUBLISHED: &str = broker::QUEUE_PUBLISHED.name();
const DELIVERED: &str = broker::DELIVERED.name();
const REDELIVERED: &str = broker::REDELIVERED.name();
const MESSAGES: &str = broker::QUEUE_MESSAGES.name();

/// Counters of an instance since it started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Start time, in seconds since the epoch, which identifies the process.
    pub started: f64,
    /// Counters by queue.
    pub queues: BTreeMap<String, QueueCounts>,
    /// Events received, by event type.
    pub events: BTreeMap<String, EventCounts>,
    /// Outcomes of units, by event type and by destination.
    pub units: BTreeMap<String, BTreeMap<String, UnitCounts>>,
}

/// Message counts of a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueCounts {
    /// Published and confirmed.
    pub confirmed: u64,
    /// Published without an answer; the broker may have them or not.
    pub unanswered: u64,
    /// Being published: no answer yet.
    pub unconfirmed: u64,
    /// Delivered, redeliveries included.
    pub delivered: u64,
    /// Those that had been delivered before.
    pub redelivered: u64,
    /// Acknowledged.
    pub acknowledged: u64,
    /// Acknowledged, and a copy of a part was published in its place.
    pub retried: u64,
    /// Given back.
    pub returned: u64,
    /// Lost with the connection: the broker delivers them again.
    pub lost: u64,
    /// Held by the instance.
    pub held: u64,
    /// Ready in the in-memory broker; none if the broker is RabbitMQ.
    pub ready: Option<u64>,
}

/// Events of a type at intake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCounts {
    /// Valid events.
    pub received: u64,
    /// Events whose sender was told that they are safe.
    pub accepted: u64,
}

/// Outcomes of a type's units at one destination.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitCounts {
    /// Stored, or accepted by the HTTP API.
    pub stored: u64,
    /// Dead letters.
    pub dead_lettered: u64,
    /// Returned to the queue, to be counted once more.
    pub retried: u64,
}

/// Parses the text of `/metrics`; none if it isn't one of this server.
pub fn counts(text: &str) -> Option<Counts> {
    let mut counts = Counts::default();
    for (name, labels, value) in text.lines().filter_map(sample) {
        let label = |wanted: &str| {
            let found = labels.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| value.as_str()).unwrap_or_default()
        };
        // Counts are far below what a float holds exactly; a gauge that is read between two changes may be below zero.
        let count = value.max(0.0) as u64;
        match name {
            STARTED => counts.started = value,
            EVENTS_RECEIVED => {
                counts.event(label("type")).received += count;
            }
            EVENTS if label("outcome") == intake::ACCEPTED => {
                counts.event(label("type")).accepted += count;
            }
            SETTLED_UNITS => {
                let units = counts.units.entry(label("type").to_owned()).or_default();
                let units = units.entry(label("into").to_owned()).or_default();
                match label("outcome") {
                    workers::STORED => units.stored += count,
                    workers::DEAD_LETTERED => units.dead_lettered += count,
                    workers::RETRIED => units.retried += count,
                    _ => {}
                }
            }
            _ if label("queue").is_empty() => {}
            _ => {
                let queue = counts.queues.entry(label("queue").to_owned()).or_default();
                let what = [label("outcome"), label("state")].concat();
                queue.add(name, &what, count);
            }
        }
    }
    (counts.started > 0.0).then_some(counts)
}

impl Counts {
    fn event(&mut self, kind: &str) -> &mut EventCounts {
        self.events.entry(kind.to_owned()).or_default()
    }
}

impl QueueCounts {
    fn add(&mut self, name: &str, what: &str, count: u64) {
        let sum = match (name, what) {
            (PUBLISHED, broker::CONFIRMED) => &mut self.confirmed,
            (PUBLISHED, broker::UNANSWERED) => &mut self.unanswered,
            (DELIVERED, _) => &mut self.delivered,
            (REDELIVERED, _) => &mut self.redelivered,
            (SETTLED, workers::ACKNOWLEDGED) => &mut self.acknowledged,
            (SETTLED, workers::RETRIED) => &mut self.retried,
            (SETTLED, workers::RETURNED) => &mut self.returned,
            (SETTLED, workers::LOST) => &mut self.lost,
            (MESSAGES, broker::UNCONFIRMED) => &mut self.unconfirmed,
            (MESSAGES, broker::HELD) => &mut self.held,
            (MESSAGES, broker::READY) => self.ready.get_or_insert_default(),
            _ => return,
        };
        *sum += count;
    }

    /// Number of messages that were settled for good.
    pub(super) fn settled(&self) -> u64 {
        self.acknowledged + self.retried
    }
}

/// Name, labels and value of a sample.
pub type Sample<'a> = (&'a str, Vec<(&'a str, String)>, f64);

/// Sample in a line: `name{label="value",…} number`. None for comments and other lines.
pub fn sample(line: &str) -> Option<Sample<'_>> {
    if line.starts_with('#') {
        return None;
    }
    let (series, value) = line.trim_end().rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let Some((name, mut rest)) = series.split_once('{') else {
        return Some((series, Vec::new(), value));
    };
    let mut labels = Vec::new();
    while !rest.starts_with('}') {
        let (label, text) = rest.trim_start_matches(',').split_once("=\"")?;
        let (text, after) = quoted(text)?;
        labels.push((label, text));
        rest = after;
    }
    Some((name, labels, value))
}

/// Text up to its closing quote, and the rest.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => match chars.next()? {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
}
