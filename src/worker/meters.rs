//! Metrics of a queue: its messages and their units. Handles are looked up once, and a message costs a few additions,
//! however many events it has.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use metrics::Counter;

use super::append::{Failed, Verdict, units};
use super::duty::Ending;
use super::prepare::Content;
use crate::contract::{Envelope, Input, Pipeline, Queue};
use crate::metrics::workers;

/// Outcomes of a unit.
const OUTCOMES: [&str; 3] = [workers::STORED, workers::DEAD_LETTERED, workers::RETRIED];

/// Numbers of units by outcome, in the order of [`OUTCOMES`].
type Counts = [u64; OUTCOMES.len()];

/// Stands for units of unknown type, and for all units of queues without types.
const NO_TYPE: u32 = 0;

/// Counters of one queue.
#[derive(Debug)]
pub(super) struct Meters {
    queue: &'static str,
    into: &'static str,
    endings: [Counter; Ending::ALL.len()],
    envelope: Option<&'static Envelope>,
    /// Counters of each type, created when its first unit is settled: most queues see few types.
    types: Vec<OnceLock<[Counter; OUTCOMES.len()]>>,
    /// Label of units without a type.
    other: &'static str,
    others: OnceLock<[Counter; OUTCOMES.len()]>,
}

/// Numbers of units of each type by outcome, by the type's number.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally(Vec<(u32, Counts)>);

/// Counters of all queues.
pub(super) fn all(pipeline: &Pipeline) -> HashMap<&'static str, Arc<Meters>> {
    let queues = pipeline.queues.iter();
    queues.map(|q| (q.name, Arc::new(Meters::new(q)))).collect()
}

impl Meters {
    /// Counters of a queue; the recorder must be installed before.
    pub(super) fn new(queue: &Queue) -> Self {
        let ending = |ending: Ending| workers::SETTLED.with([queue.name, ending.name()]);
        let envelope = match queue.input {
            Input::Events(envelope) => Some(envelope),
            Input::Json(_) | Input::DeadLetters(_) => None,
        };
        let types = envelope.map_or(0, |envelope| envelope.types.len());
        Meters {
            queue: queue.name,
            into: queue.into.name(),
            endings: Ending::ALL.map(ending),
            envelope,
            types: (0..types).map(|_| OnceLock::new()).collect(),
            other: match queue.input {
                Input::Json(shape) => shape.name,
                Input::Events(_) | Input::DeadLetters(_) => "",
            },
            others: OnceLock::new(),
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
    /// Outcomes of a message's units, of which these are not stored.
    pub(super) fn of(content: &Content, failed: &[Failed]) -> Self {
        let mut tally = Tally::default();
        tally.add_all(content, |[stored, ..], count| *stored += count);
        for failed in failed {
            let number = number_of(content, failed.unit);
            tally.change(number, |[stored, dead, again]| {
                *stored = stored.saturating_sub(1);
                match failed.verdict {
                    Verdict::Dead => *dead += 1,
                    Verdict::Open | Verdict::Again { .. } => *again += 1,
                }
            });
        }
        tally
    }

    /// Outcomes of a message that goes back as a whole, or is a dead letter as a whole.
    pub(super) fn whole(content: &Content, again: bool) -> Self {
        let mut tally = Tally::default();
        tally.add_all(
            content,
            match again {
                true => |[.., again], count| *again += count,
                false => |[_, dead, _], count| *dead += count,
            },
        );
        tally
    }

    fn add_all(&mut self, content: &Content, add: fn(&mut Counts, u64)) {
        let Content::Events(parts) = content else {
            return self.change(NO_TYPE, |counts| add(counts, units(content) as u64));
        };
        for part in parts {
            for run in &part.runs {
                self.change(run.kind.number, |c| add(c, run.events.len() as u64));
            }
            if !part.lost.is_empty() {
                self.change(NO_TYPE, |c| add(c, part.lost.len() as u64));
            }
        }
    }

    /// Changes the counts of a type. A message seldom holds more than one.
    fn change(&mut self, number: u32, change: impl FnOnce(&mut Counts)) {
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

/// Number of a unit's type.
fn number_of(content: &Content, mut unit: usize) -> u32 {
    let Content::Events(parts) = content else {
        return NO_TYPE;
    };
    for part in parts {
        for run in &part.runs {
            match unit.checked_sub(run.events.len()) {
                Some(rest) => unit = rest,
                None => return run.kind.number,
            }
        }
        match unit.checked_sub(part.lost.len()) {
            Some(rest) => unit = rest,
            None => return NO_TYPE,
        }
    }
    NO_TYPE
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::split::{Lost, Part, Run, Why};
    use super::*;
    use crate::contract::{Bad, EventType, Shape};

    static SHAPE: Shape = Shape {
        id: 0,
        name: "test.Payload",
        fields: &[],
        dense: &[],
        any_of: &[],
    };

    static TYPES: [EventType; 2] = [event_type(7, "Cart"), event_type(9, "Purchase")];

    const fn event_type(number: u32, name: &'static str) -> EventType {
        EventType {
            number,
            name,
            shape: &SHAPE,
        }
    }

    /// Two requests: two carts, a purchase and a lost event; a cart.
    fn content() -> Content {
        let run = |kind: &'static EventType, events: usize| Run {
            kind,
            events: vec![0..0; events],
        };
        let part = |runs: Vec<Run>, lost: Vec<Lost>| Part {
            header: Bytes::new(),
            without_ids: false,
            json: None,
            runs,
            lost,
        };
        let lost = Lost {
            event: 0..0,
            why: Why::NoType,
            json: None,
        };
        let [cart, purchase] = &TYPES;
        Content::Events(vec![
            part(vec![run(cart, 2), run(purchase, 1)], vec![lost]),
            part(vec![run(cart, 1)], Vec::new()),
        ])
    }

    fn failed(unit: usize, verdict: Verdict) -> Failed {
        Failed {
            unit,
            event_type: String::new(),
            class: "bad_value",
            reason: String::new(),
            verdict,
        }
    }

    #[test]
    fn units_are_counted_by_type_and_ending() {
        let again = Verdict::Again {
            after: std::time::Duration::ZERO,
            counted: true,
        };
        let failed = [
            failed(3, Verdict::Dead),
            failed(2, Verdict::Dead),
            failed(4, again),
        ];
        let tally = Tally::of(&content(), &failed);
        assert_eq!(
            tally.0,
            [(7, [2, 0, 1]), (9, [0, 1, 0]), (NO_TYPE, [0, 1, 0])]
        );
        let whole = Tally::whole(&content(), true);
        assert_eq!(
            whole.0,
            [(7, [0, 0, 3]), (9, [0, 0, 1]), (NO_TYPE, [0, 0, 1])]
        );
        let malformed = Content::Malformed(Bad::Layout("of such messages"));
        let tally = Tally::of(&malformed, &[super::tests::failed(0, Verdict::Dead)]);
        assert_eq!(tally.0, [(NO_TYPE, [0, 1, 0])]);
    }
}
