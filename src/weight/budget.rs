//! Byte budget: a limit on how many bytes of something may exist at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Granularity of budgets, in bytes.
const UNIT: u64 = 1 << 10;

/// Byte budget. Clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    room: Arc<Semaphore>,
    units: u32,
}

/// Share of a budget, returned when it is dropped: it lives as long as the memory that it stands for.
#[derive(Debug)]
#[must_use = "what is dropped is given back"]
pub struct Permit {
    held: OwnedSemaphorePermit,
}

impl Budget {
    /// Creates a budget of so many bytes, at least one unit of 1 KiB.
    pub fn new(bytes: u64) -> Self {
        // The most that a semaphore can count on every platform.
        let units = u32::try_from(bytes / UNIT)
            .unwrap_or(u32::MAX)
            .clamp(1, u32::MAX >> 3);
        Budget {
            room: Arc::new(Semaphore::new(units as usize)),
            units,
        }
    }

    /// Size of the whole budget, in bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.units) * UNIT
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        let free = self.room.available_permits() as u64;
        u64::from(self.units).saturating_sub(free) * UNIT
    }

    /// Waits for room. A weight larger than the whole budget gets all of it, alone.
    pub async fn acquire(&self, weight: u64) -> Permit {
        loop {
            let room = Arc::clone(&self.room);
            // Never closed, so this never fails.
            if let Ok(held) = room.acquire_many_owned(self.cost(weight)).await {
                return Permit { held };
            }
        }
    }

    /// Takes a share if there is room now.
    pub fn try_acquire(&self, weight: u64) -> Option<Permit> {
        let room = Arc::clone(&self.room);
        let held = room.try_acquire_many_owned(self.cost(weight)).ok()?;
        Some(Permit { held })
    }

    fn cost(&self, weight: u64) -> u32 {
        u32::try_from(weight.div_ceil(UNIT))
            .unwrap_or(u32::MAX)
            .min(self.units)
    }
}

impl Permit {
    /// Size of the share, in bytes.
    pub fn bytes(&self) -> u64 {
        self.held.num_permits() as u64 * UNIT
    }

    /// Adds another permit of the same budget to this one.
    ///
    /// # Panics
    ///
    /// If the other is of another budget.
    pub fn merge(&mut self, other: Permit) {
        self.held.merge(other.held);
    }

    /// Splits this much off; none if it holds less.
    pub fn split(&mut self, weight: u64) -> Option<Permit> {
        let units = usize::try_from(weight.div_ceil(UNIT)).ok()?;
        let held = self.held.split(units)?;
        Some(Permit { held })
    }

    /// Returns all but this much.
    pub fn shrink_to(&mut self, weight: u64) {
        let keep = usize::try_from(weight.div_ceil(UNIT)).unwrap_or(usize::MAX);
        let more = self.held.num_permits().saturating_sub(keep);
        drop(self.held.split(more));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::*;

    #[test]
    fn what_is_held_is_given_back_when_it_is_dropped_or_shrunk() {
        let budget = Budget::new(10 << 10);
        let mut held = budget.try_acquire(6 << 10).expect("there is room");
        assert_eq!(held.bytes(), 6 << 10);
        assert!(budget.try_acquire(5 << 10).is_none());
        held.shrink_to(1);
        assert_eq!(budget.used(), 1 << 10);
        held.merge(budget.try_acquire(9 << 10).expect("there is room"));
        assert_eq!(budget.used(), budget.bytes());
        assert!(held.split(11 << 10).is_none());
        let part = held.split(4 << 10).expect("it holds more");
        assert_eq!((part.bytes(), held.bytes()), (4 << 10, 6 << 10));
        drop(part);
        assert_eq!(budget.used(), 6 << 10);
        drop(held);
        // Heavier than all of it: taken when it is alone.
        assert!(budget.try_acquire(u64::MAX).is_some());
        assert_eq!(budget.used(), 0);
    }
}
