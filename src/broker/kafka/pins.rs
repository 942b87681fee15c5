//! Pins: ranges of a partition that are stored together, written down beside the committed offset before they are.
//!
//! Whoever gets the partition next finds the same ranges, makes the same blocks of them and stores these under the same
//! tokens.

use crate::broker::api::delivery::Range;

/// The most ranges that there may be; Kafka takes 4 KiB beside an offset.
const MOST: usize = 64;

/// Ranges of one partition, in ascending order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pins(Vec<Range>);

impl Pins {
    /// Reads what was written down beside an offset. What is no range is left out.
    pub(super) fn parse(text: &str) -> Self {
        let range = |text: &str| {
            let mut numbers = text.split('-').map(|number| number.parse::<i64>().ok());
            let (first, last, written_ms) = (numbers.next()??, numbers.next()??, numbers.next()??);
            let good = first <= last && numbers.next().is_none();
            good.then_some(Range {
                first,
                last,
                written_ms,
            })
        };
        let mut pins = Pins(text.split(',').filter_map(range).collect());
        pins.0.sort_unstable_by_key(|range| range.first);
        pins
    }

    /// The range that an offset is in.
    pub(super) fn of(&self, offset: i64) -> Option<Range> {
        let holds = |range: &&Range| (range.first..=range.last).contains(&offset);
        self.0.iter().find(holds).copied()
    }

    /// True if no further range can be written down.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Adds a range, which has nothing in common with the others.
    pub(super) fn add(&mut self, range: Range) {
        let at = self.0.partition_point(|other| other.first < range.first);
        self.0.insert(at, range);
    }

    /// Removes a range.
    pub(super) fn remove(&mut self, range: Range) {
        self.0.retain(|other| *other != range);
    }

    /// Forgets the ranges before an offset, and writes the others down.
    pub(super) fn from(&mut self, offset: i64) -> String {
        self.0.retain(|range| range.last >= offset);
        let texts: Vec<String> = self
            .0
            .iter()
            .map(|range| format!("{}-{}-{}", range.first, range.last, range.written_ms))
            .collect();
        texts.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_found_again_until_they_are_passed() {
        let range = |first, last| Range {
            first,
            last,
            written_ms: 7,
        };
        let mut pins = Pins::default();
        pins.add(range(10, 19));
        pins.add(range(0, 9));
        assert_eq!(pins.from(0), "0-9-7,10-19-7");
        assert_eq!(Pins::parse("10-19-7,0-9-7"), pins);
        assert_eq!(pins.of(9), Some(range(0, 9)));
        assert_eq!(pins.of(20), None);
        assert_eq!(pins.from(10), "10-19-7");
        pins.remove(range(10, 19));
        assert_eq!(pins.from(10), "");
    }

    #[test]
    fn what_others_write_beside_an_offset_is_no_range() {
        for text in [
            "", "NULL", "5", "9-1-7", "-1-4-7", "a-b-c", "1-2", "1-2-3-4",
        ] {
            assert_eq!(Pins::parse(text), Pins::default(), "{text}");
        }
    }
}
