//! Grouping of dead letters: failed units of a message that fail alike share one, if they are many or their header is
//! large. Each dead letter holds the request's header, and a small message must not become as many headers as it has
//! events.

use std::collections::HashMap;

use super::failed::{Failed, Verdict};
use super::message::Content;
use super::split::Part;
use super::unit::places;

/// Maximum number of units of a message that become separate dead letters, if their headers together don't exceed
/// [`HEADERS`].
const SINGLY: usize = 4096;

/// Maximum total size of the headers of separate dead letters, in bytes.
const HEADERS: usize = 1 << 20;

/// Approximate maximum size of the events of one dead letter, in bytes.
const BYTES: usize = 1 << 20;

/// Dead letter of a message: one unit, or events of one request that fail alike.
#[derive(Debug)]
pub(super) struct Alike {
    /// Units, in order.
    pub units: Vec<usize>,
    /// Failure of the first of them, and their number.
    pub failed: Failed,
}

/// Dead letters of a message.
pub(super) fn letters(content: &Content, failed: &[Failed]) -> Vec<Alike> {
    let dead = failed.iter().filter(|f| f.verdict == Verdict::Dead);
    let alone = |failed: &Failed| Alike {
        units: vec![failed.unit],
        failed: failed.clone(),
    };
    let Content::Events(parts) = content else {
        return dead.map(alone).collect();
    };
    let count = dead.clone().count();
    let header = parts.iter().map(header_len).max().unwrap_or_default();
    if count <= SINGLY && count.saturating_mul(header) <= HEADERS {
        return dead.map(alone).collect();
    }
    let places = places(parts);
    let mut letters: Vec<Alike> = Vec::new();
    // By what they have in common: the open dead letter, and the bytes of its events.
    let mut open: HashMap<_, (usize, usize)> = HashMap::new();
    for failed in dead {
        let Some(place) = places.get(failed.unit) else {
            letters.push(alone(failed));
            continue;
        };
        let kind = place.kind.map(|kind| kind.number);
        let alike = (place.part, kind, failed.class, failed.event_type.as_str());
        let bytes = place.event.len();
        let room = open.get_mut(&alike);
        let room = room.filter(|(_, taken)| *taken + bytes <= BYTES);
        let letter = room.and_then(|(at, taken)| {
            *taken += bytes;
            letters.get_mut(*at)
        });
        match letter {
            Some(letter) => letter.units.push(failed.unit),
            None => {
                open.insert(alike, (letters.len(), bytes));
                letters.push(alone(failed));
            }
        }
    }
    letters.iter_mut().for_each(Alike::finish);
    letters
}

/// Length of the request's header that each dead letter repeats.
fn header_len(part: &Part) -> usize {
    let json = part.json.as_ref().map_or(0, |json| json.before.len());
    part.header.len().max(json)
}

impl Alike {
    fn finish(&mut self) {
        self.units.sort_unstable();
        let count = self.units.len();
        if count > 1 {
            let of = format!(" (the first of {count} events of one request that fail alike)");
            self.failed.reason.push_str(&of);
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::dead_letter::Class;
    use crate::worker::split::{Lost, Why};

    fn part(events: std::ops::Range<usize>) -> Part {
        let lost = events.map(|at| Lost {
            event: at * 10..at * 10 + 10,
            why: Why::NoType,
            json: None,
        });
        Part {
            header: Bytes::from(vec![0; 64 << 10]),
            client: Bytes::new(),
            without_ids: false,
            json: None,
            runs: Vec::new(),
            lost: lost.collect(),
        }
    }

    fn failed(unit: usize, class: Class) -> Failed {
        Failed {
            unit,
            event_type: String::new(),
            class,
            reason: "it is so".to_owned(),
            verdict: Verdict::Dead,
        }
    }

    #[test]
    fn few_are_letters_of_their_own_and_many_that_fail_alike_share_one() {
        let content = Content::Events(vec![part(0..20), part(20..30)]);
        let few: Vec<Failed> = (0..16).map(|unit| failed(unit, Class::NoType)).collect();
        assert_eq!(letters(&content, &few).len(), 16);

        let mut many: Vec<Failed> = (0..30).map(|unit| failed(unit, Class::NoType)).collect();
        many.push(Failed {
            verdict: Verdict::Open,
            ..failed(5, Class::NoType)
        });
        if let Some(other) = many.get_mut(7) {
            other.class = Class::Malformed;
        }
        let letters = letters(&content, &many);
        let units: Vec<usize> = letters.iter().map(|letter| letter.units.len()).collect();
        assert_eq!(units, [19, 1, 10]);
        let mut all: Vec<usize> = letters.iter().flat_map(|l| l.units.clone()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..30).collect::<Vec<_>>());
        let reasons = letters.iter().map(|letter| letter.failed.reason.as_str());
        assert_eq!(
            reasons.collect::<Vec<_>>(),
            [
                "it is so (the first of 19 events of one request that fail alike)",
                "it is so",
                "it is so (the first of 10 events of one request that fail alike)",
            ]
        );
    }
}
