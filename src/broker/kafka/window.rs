//! Window of a partition: the messages that were delivered and not all settled, by offset. Messages are settled in any
//! order; what is committed passes only what is settled, without a gap.

use std::collections::VecDeque;

/// Messages of one partition, from the first one that isn't settled.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// In ascending order. Offsets that the log skips are in none.
    entries: VecDeque<Entry>,
    /// Offset after the last message that was seen.
    end: Option<i64>,
    /// Offset after the last message that was delivered.
    delivered: Option<i64>,
    /// Number of messages that were given back and not delivered since.
    returned: usize,
    /// Offset from which on the next record comes. None where reading has begun or was sent back to begin, until that is
    /// done.
    next: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: i64,
    /// Offset after the message before it.
    begins: i64,
    mark: Mark,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Held,
    Settled,
    Returned,
}

/// What is to be done with a message that the broker sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Deliver it.
    First,
    /// Deliver it once more, since it was given back.
    Again,
    /// It is held or settled already.
    Known,
    /// It is none of this window's: offsets only grow, unless the log began anew.
    Before,
}

impl Window {
    /// Takes note of a message that the broker sends. One that is to be delivered is held from now on.
    pub(super) fn saw(&mut self, offset: i64) -> Seen {
        if !self.passes(offset) {
            return Seen::Before;
        }
        if self.end.is_none_or(|end| offset >= end) {
            self.end = Some(offset + 1);
            self.entries.push_back(Entry {
                offset,
                begins: self.delivered.unwrap_or(offset),
                mark: Mark::Held,
            });
            self.delivered = Some(offset + 1);
            return Seen::First;
        }
        match self.entry(offset) {
            Some(entry) if entry.mark == Mark::Returned => {
                entry.mark = Mark::Held;
                self.returned -= 1;
                Seen::Again
            }
            _ => Seen::Known,
        }
    }

    /// Takes note of a record that says nothing: what is committed passes it.
    pub(super) fn skip(&mut self, offset: i64) -> Seen {
        if !self.passes(offset) {
            return Seen::Before;
        }
        if self.end.is_none_or(|end| offset >= end) {
            self.end = Some(offset + 1);
        }
        Seen::Known
    }

    /// Takes note that the partition is read from here on, or that nobody knows from where.
    pub(super) fn sought(&mut self, offset: Option<i64>) {
        self.next = offset;
    }

    /// Passes on to the record at this offset; false if that isn't possible. What was given back and is passed is in the log no
    /// more, compacted or deleted, and will not come again.
    fn passes(&mut self, offset: i64) -> bool {
        let from = self.next.unwrap_or(offset);
        if offset < from {
            return false;
        }
        self.next = Some(offset + 1);
        if self.returned > 0 && from < offset {
            let first = self.entries.partition_point(|entry| entry.offset < from);
            for entry in self.entries.range_mut(first..) {
                if entry.offset < offset && entry.mark == Mark::Returned {
                    entry.mark = Mark::Settled;
                    self.returned -= 1;
                }
            }
            self.shorten();
        }
        true
    }

    /// True if there are more entries than this, and the first one is held.
    pub(super) fn is_behind(&self, most: usize) -> bool {
        let first = self.entries.front();
        self.entries.len() > most && first.is_some_and(|entry| entry.mark == Mark::Held)
    }

    /// Offset after the message that was before this one, which is held.
    pub(super) fn begins(&mut self, offset: i64) -> i64 {
        self.entry(offset).map_or(offset, |entry| entry.begins)
    }

    /// Settles a message.
    pub(super) fn settle(&mut self, offset: i64) {
        if let Some(entry) = self.entry(offset) {
            entry.mark = Mark::Settled;
        }
        self.shorten();
    }

    fn shorten(&mut self) {
        while self
            .entries
            .front()
            .is_some_and(|entry| entry.mark == Mark::Settled)
        {
            self.entries.pop_front();
        }
    }

    /// Gives a message back: it will be delivered again.
    pub(super) fn give_back(&mut self, offset: i64) {
        if let Some(entry) = self.entry(offset)
            && entry.mark == Mark::Held
        {
            entry.mark = Mark::Returned;
            self.returned += 1;
        }
    }

    /// Offset that may be committed: the first one that isn't settled. None as long as no message was seen.
    pub(super) fn position(&self) -> Option<i64> {
        match self.entries.front() {
            Some(entry) => Some(entry.offset),
            None => self.end,
        }
    }

    /// Offset of the first message that was given back, if there is one.
    pub(super) fn first_returned(&self) -> Option<i64> {
        if self.returned == 0 {
            return None;
        }
        let returned = |entry: &&Entry| entry.mark == Mark::Returned;
        self.entries.iter().find(returned).map(|entry| entry.offset)
    }

    fn entry(&mut self, offset: i64) -> Option<&mut Entry> {
        let at = self.entries.partition_point(|entry| entry.offset < offset);
        let entry = self.entries.get_mut(at)?;
        (entry.offset == offset).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_committed_passes_no_message_that_is_open() {
        let mut window = Window::default();
        assert_eq!(window.position(), None);
        // The log skips offsets where transactions ended or records were compacted.
        for offset in [5, 6, 9] {
            assert_eq!(window.saw(offset), Seen::First);
        }
        window.settle(9);
        window.settle(6);
        assert_eq!(window.position(), Some(5));
        window.settle(5);
        assert_eq!(window.position(), Some(10));
    }

    #[test]
    fn what_is_given_back_is_delivered_again_and_the_rest_is_not() {
        let mut window = Window::default();
        for offset in 0..4 {
            window.saw(offset);
        }
        window.settle(2);
        window.give_back(1);
        window.give_back(3);
        assert_eq!(
            (window.first_returned(), window.position()),
            (Some(1), Some(0))
        );
        window.sought(Some(1));
        let again: Vec<Seen> = (1..5).map(|offset| window.saw(offset)).collect();
        assert_eq!(again, [Seen::Again, Seen::Known, Seen::Again, Seen::First]);
        assert_eq!(window.first_returned(), None);
    }

    #[test]
    fn what_says_nothing_is_passed_and_belongs_to_what_comes_after_it() {
        let mut window = Window::default();
        window.skip(3);
        assert_eq!(window.position(), Some(4));
        assert_eq!((window.saw(4), window.begins(4)), (Seen::First, 4));
        window.skip(5);
        assert_eq!(window.skip(5), Seen::Before);
        assert_eq!((window.saw(8), window.begins(8)), (Seen::First, 5));
        assert_eq!(window.position(), Some(4));
        window.give_back(8);
        window.settle(4);
        assert_eq!(window.position(), Some(8));
        // It comes again as it came first, and so does what is skipped.
        window.sought(None);
        window.skip(5);
        assert_eq!((window.saw(8), window.begins(8)), (Seen::Again, 5));
        window.settle(8);
        window.skip(9);
        assert_eq!(window.position(), Some(10));
    }

    #[test]
    fn what_was_given_back_and_is_in_the_log_no_more_holds_nothing_up() {
        let mut window = Window::default();
        for offset in 0..6 {
            window.saw(offset);
        }
        for offset in [0, 1, 4, 5] {
            window.give_back(offset);
        }
        window.settle(2);
        assert_eq!(window.position(), Some(0));
        window.sought(Some(0));
        // A newer value of the same key has compacted 0 and 1 away; 3 is held, and 4 was given back behind the pass.
        assert_eq!(window.saw(3), Seen::Known);
        assert_eq!(
            (window.position(), window.first_returned()),
            (Some(3), Some(4))
        );
        assert_eq!(window.saw(5), Seen::Again);
        assert_eq!(window.first_returned(), None);
        window.settle(3);
        assert_eq!(window.position(), Some(5));
    }

    #[test]
    fn a_log_that_begins_anew_is_seen_by_its_first_record() {
        let mut window = Window::default();
        window.saw(1000);
        window.settle(1000);
        assert_eq!(
            (window.saw(0), window.skip(7)),
            (Seen::Before, Seen::Before)
        );
        // Where reading was sent back, earlier offsets are expected.
        window.sought(Some(500));
        assert_eq!(window.saw(500), Seen::Known);
        assert_eq!(window.saw(499), Seen::Before);
    }

    #[test]
    fn a_message_that_is_held_lets_so_many_pass_it() {
        let mut window = Window::default();
        for offset in 0..4 {
            window.saw(offset);
        }
        for offset in 1..4 {
            window.settle(offset);
        }
        assert!(window.is_behind(3) && !window.is_behind(4));
        // It has to be read again, for which there must be room.
        window.give_back(0);
        assert!(!window.is_behind(3));
    }

    proptest! {
        #[test]
        fn each_message_is_held_once_and_settled_once(steps in proptest::collection::vec((0u8..4, 0i64..40), 0..400)) {
            let mut window = Window::default();
            let (mut next, mut held, mut open) = (0, BTreeSet::new(), BTreeSet::new());
            for (step, at) in steps {
                match step {
                    // The broker sends the next one, or begins again at one that was given back.
                    0 => {
                        prop_assert_eq!(window.saw(next), Seen::First);
                        held.insert(next);
                        open.insert(next);
                        next += 1;
                    }
                    1 => if let Some(first) = window.first_returned() {
                        window.sought(Some(first));
                        for offset in first..next {
                            let again = window.saw(offset) == Seen::Again;
                            prop_assert_eq!(again, open.contains(&offset) && held.insert(offset));
                        }
                    },
                    2 => if held.remove(&at) {
                        window.settle(at);
                        open.remove(&at);
                    },
                    _ => if held.remove(&at) {
                        window.give_back(at);
                    },
                }
                let first = open.first().copied().or((next > 0).then_some(next));
                prop_assert_eq!(window.position(), first);
                let returned = open.iter().find(|offset| !held.contains(offset)).copied();
                prop_assert_eq!(window.first_returned(), returned);
            }
        }
    }
}
