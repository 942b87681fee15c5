//! Adaptive prefetch: a consumer holds as many messages as fit into a budget of bytes, at their recent size.
//!
//! AMQP bounds unacknowledged messages by number only (RabbitMQ has no `prefetch_size`), and a message here may be a
//! few hundred bytes or a few hundred kilobytes. A number that keeps batches of small ones full would hold gigabytes of
//! large ones.

/// Overhead of a message beside its body, in bytes.
const OVERHEAD: u64 = 512;

/// Assumed size of messages before any was seen: the largest usual ones.
const GUESS: u64 = 256 * 1024;

/// At least so many, so that there is something to batch.
const LEAST: u64 = 4;

/// Prefetch after messages were returned often, and the number of messages for which it holds.
const CAREFUL: u16 = 16;
const CARE: u32 = 1_000;

/// The prefetch of one consumer.
#[derive(Debug)]
pub(super) struct Prefetch {
    /// Prefetch of the queue's declaration.
    most: u16,
    /// Bytes.
    budget: u64,
    count: u16,
    /// Size and number of messages since the last adjustment.
    seen: u64,
    bytes: u64,
    /// Number of messages for which the careful prefetch still holds.
    careful: u32,
}

impl Prefetch {
    /// At most so many messages, of so many bytes together.
    pub(super) fn new(most: u16, budget: u64) -> Self {
        let mut prefetch = Prefetch {
            most: most.max(1),
            budget,
            count: 0,
            seen: 0,
            bytes: 0,
            careful: 0,
        };
        prefetch.count = prefetch.fitting(GUESS);
        prefetch
    }

    /// Present prefetch.
    pub(super) fn count(&self) -> u16 {
        self.count
    }

    /// Takes note of a message. True if the count is another one now, by far, so that it is worth a new consumer.
    ///
    /// One that was returned `often` makes it careful for a while: a process that dies returns all that it holds, and what
    /// is returned too often may be dropped.
    pub(super) fn saw(&mut self, body: usize, often: bool) -> bool {
        self.careful = match often {
            true => CARE,
            false => self.careful.saturating_sub(1),
        };
        if often && self.count > CAREFUL {
            (self.seen, self.bytes) = (0, 0);
            self.count = CAREFUL;
            return true;
        }
        self.seen += 1;
        self.bytes += body as u64 + OVERHEAD;
        // Large messages are judged by after a few.
        if self.seen < u64::from(self.count) / 4 && self.bytes < self.budget / 4 {
            return false;
        }
        let fitting = self.fitting(self.bytes / self.seen);
        (self.seen, self.bytes) = (0, 0);
        let (now, then) = (u32::from(self.count), u32::from(fitting));
        let differs = then >= 2 * now || 2 * then <= now;
        if differs {
            self.count = fitting;
        }
        differs
    }

    fn fitting(&self, size: u64) -> u16 {
        let count = (self.budget / size.max(1)).max(LEAST);
        let most = match self.careful {
            0 => self.most,
            _ => self.most.min(CAREFUL),
        };
        u16::try_from(count).unwrap_or(u16::MAX).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: u64 = 16 << 20;

    /// Feeds messages of a size until nothing changes any more; says how often something did.
    fn settle(prefetch: &mut Prefetch, body: usize) -> u32 {
        (0..200_000)
            .map(|_| u32::from(prefetch.saw(body, false)))
            .sum()
    }

    #[test]
    fn small_messages_get_the_whole_count_and_large_ones_the_budget() {
        let mut prefetch = Prefetch::new(20_000, BUDGET);
        assert_eq!(prefetch.count(), 64);
        assert_eq!(settle(&mut prefetch, 200), 1);
        assert_eq!(prefetch.count(), 20_000);
        // The first judgement may still have small ones among them.
        assert!(settle(&mut prefetch, 100 * 1024) <= 2);
        assert_eq!(prefetch.count(), 163);
        assert!(settle(&mut prefetch, 16 << 20) <= 2);
        assert_eq!(prefetch.count(), 4);
    }

    #[test]
    fn large_messages_after_small_ones_are_seen_before_they_are_many() {
        let mut prefetch = Prefetch::new(20_000, BUDGET);
        settle(&mut prefetch, 200);
        let many = (1..).find(|_| prefetch.saw(256 * 1024, false));
        assert!(many.is_some_and(|many| many * 256 * 1024 <= BUDGET / 2));
    }

    #[test]
    fn few_are_held_for_a_while_after_one_that_was_returned_often() {
        let mut prefetch = Prefetch::new(20_000, BUDGET);
        settle(&mut prefetch, 200);
        assert!(prefetch.saw(200, true));
        assert_eq!(prefetch.count(), CAREFUL);
        assert!(!prefetch.saw(200, true));
        let left: u32 = (1..CARE).map(|_| u32::from(prefetch.saw(200, false))).sum();
        assert_eq!((left, prefetch.count()), (0, CAREFUL));
        settle(&mut prefetch, 200);
        assert_eq!(prefetch.count(), 20_000);
        let mut narrow = Prefetch::new(4, BUDGET);
        assert!(!narrow.saw(200, true));
        assert_eq!(narrow.count(), 4);
    }

    #[test]
    fn a_declared_count_is_never_passed_and_sizes_that_are_alike_change_nothing() {
        let mut prefetch = Prefetch::new(10, BUDGET);
        assert_eq!((prefetch.count(), settle(&mut prefetch, 10)), (10, 0));
        let mut prefetch = Prefetch::new(65_535, BUDGET);
        settle(&mut prefetch, 4000);
        let count = prefetch.count();
        assert_eq!(
            (settle(&mut prefetch, 3000), settle(&mut prefetch, 5000)),
            (0, 0)
        );
        assert_eq!(prefetch.count(), count);
    }
}
