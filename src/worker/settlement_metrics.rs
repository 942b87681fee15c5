//! Metrics of a queue: its messages and their units. Handles are looked up once, and a message costs a few additions,
//! however many events it has.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use metrics::{Counter, Histogram};

use super::ending::Ending;
use super::held::Held;
use super::schema::SchemaMetrics;
use crate::contract::{Envelope, Input, Pipeline, Queue};
use crate::metrics::workers;

/// Outcomes of a unit.
const OUTCOMES: [&str; 3] = [workers::STORED, workers::DEAD_LETTERED, workers::RETRIED];

/// Numbers of units by outcome, in the order of [`OUTCOMES`].
pub(super) type Counts = [u64; OUTCOMES.len()];

/// Stands for units of unknown type, and for all units of queues without types.
pub(super) const NO_TYPE: u32 = 0;

/// Counters of one queue.
#[derive(Debug)]
pub(super) struct SettlementMetrics {
    queue: &'static str,
    /// Its messages by schema.
    pub(super) schemas: SchemaMetrics,
    into: &'static str,
    endings: [Counter; Ending::ALL.len()],
    envelope: Option<&'static Envelope>,
    /// Counters of each type, created when its first unit is settled: most queues see few types.
    types: Vec<OnceLock<[Counter; OUTCOMES.len()]>>,
    /// Label of units without a type.
    other: &'static str,
    others: OnceLock<[Counter; OUTCOMES.len()]>,
    /// What this process holds of it.
    pub(super) held: Arc<Held>,
    /// Seconds from acceptance to rows; none if it doesn't lead to a table.
    visible: Option<Histogram>,
}

/// Numbers of units of each type by outcome, by the type's number.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally(pub(super) Vec<(u32, Counts)>);

/// Counters of all queues.
pub(super) fn all(pipeline: &Pipeline) -> HashMap<&'static str, Arc<SettlementMetrics>> {
    let queues = pipeline.queues.iter();
    queues
        .map(|q| (q.name, Arc::new(SettlementMetrics::new(q))))
        .collect()
}

impl SettlementMetrics {
    /// Counters of a queue; the recorder must be installed before.
    pub(super) fn new(queue: &Queue) -> Self {
        let ending = |ending: Ending| workers::SETTLED.with([queue.name, ending.name()]);
        let envelope = match queue.input {
            Input::Events(envelope) => Some(envelope),
            Input::Json(_) | Input::DeadLetters(_) => None,
        };
        let types = envelope.map_or(0, |envelope| envelope.types.len());
        SettlementMetrics {
            queue: queue.name,
            schemas: SchemaMetrics::new(queue.name),
            into: queue.into.name(),
            endings: Ending::ALL.map(ending),
            envelope,
            types: (0..types).map(|_| OnceLock::new()).collect(),
            other: match queue.input {
                Input::Json(shape) => shape.name,
                Input::Events(_) | Input::DeadLetters(_) => "",
            },
            others: OnceLock::new(),
            held: Arc::default(),
            visible: (queue.into.table()).map(|t| workers::VISIBLE_SECONDS.with([t.name])),
        }
    }

    /// Records the age of a message of which rows are in the table now.
    pub(super) fn stored(&self, seconds: f64) {
        if let Some(visible) = &self.visible {
            visible.record(seconds);
        }
    }

    /// Counts a message's ending.
    pub(super) fn ended(&self, ending: Ending) {
        if let Some(counter) = self.endings.get(ending as usize) {
            counter.increment(1);
        }
    }

    /// Counts the units of a message that was acknowledged.
    pub(super) fn settled(&self, tally: &Tally) {
        for (number, counts) in &tally.0 {
            for (counter, count) in self.of_type(*number).iter().zip(counts) {
                if *count > 0 {
                    counter.increment(*count);
                }
            }
        }
    }

    fn of_type(&self, number: u32) -> &[Counter; OUTCOMES.len()] {
        let known = self.envelope.and_then(|envelope| {
            let at = envelope.types.binary_search_by_key(&number, |t| t.number);
            let at = at.ok()?;
            Some((self.types.get(at)?, envelope.types.get(at)?.name))
        });
        let (counters, name) = known.unwrap_or((&self.others, self.other));
        counters.get_or_init(|| {
            OUTCOMES
                .map(|outcome| workers::SETTLED_UNITS.with([self.queue, self.into, name, outcome]))
        })
    }
}

impl Tally {
    /// True if a unit is stored.
    pub(super) fn has_stored(&self) -> bool {
        self.0.iter().any(|(_, [stored, ..])| *stored > 0)
    }

    /// Changes the counts of a type. A message seldom holds more than one.
    pub(super) fn change(&mut self, number: u32, change: impl FnOnce(&mut Counts)) {
        match self.0.iter_mut().rev().find(|(known, _)| *known == number) {
            Some((_, counts)) => change(counts),
            None => {
                let mut counts = Counts::default();
                change(&mut counts);
                self.0.push((number, counts));
            }
        }
    }
}
