//! Outcomes of the units of a message, by their types.

use super::failed::{Failed, Verdict};
use super::message::{Content, units};
use super::settlement_metrics::{Counts, NO_TYPE, Tally};

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
                    Verdict::Open | Verdict::Again { .. } | Verdict::Aside(_) => *again += 1,
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
    use crate::contract::EventType;
    use crate::dead_letter::Class;
    use crate::protobuf::Shape;
    use crate::row_error::RowError;

    static SHAPE: Shape = Shape {
        name: "test.Payload",
        fields: &[],
        dense: &[],
        any_of: &[],
        retired: &[],
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
            client: Bytes::new(),
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
            class: Class::BadValue,
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
        let malformed = Content::Malformed(RowError::Layout("of such messages"));
        let tally = Tally::of(&malformed, &[super::tests::failed(0, Verdict::Dead)]);
        assert_eq!(tally.0, [(NO_TYPE, [0, 1, 0])]);
    }
}
