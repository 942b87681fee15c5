//! Span: a number that moved while it was read, as a range.

use std::fmt;
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// Range of a number. If it stood still both ends are equal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Lower end.
    pub low: i64,
    /// Upper end.
    pub high: i64,
}

impl Span {
    /// Range of a number that was read twice.
    pub fn of(first: u64, second: u64) -> Self {
        let [first, second] = [first, second].map(|n| i64::try_from(n).unwrap_or(i64::MAX));
        Span {
            low: first.min(second),
            high: first.max(second),
        }
    }

    /// Widens it by what may be there unseen.
    pub fn or_more(self, unseen: u64) -> Self {
        let unseen = i64::try_from(unseen).unwrap_or(i64::MAX);
        Span {
            low: self.low,
            high: self.high.saturating_add(unseen),
        }
    }

    /// True if it stood still.
    pub fn is_exact(self) -> bool {
        self.low == self.high
    }
}

impl Add for Span {
    type Output = Span;

    fn add(self, other: Span) -> Span {
        Span {
            low: self.low.saturating_add(other.low),
            high: self.high.saturating_add(other.high),
        }
    }
}

impl Sub for Span {
    type Output = Span;

    fn sub(self, other: Span) -> Span {
        Span {
            low: self.low.saturating_sub(other.high),
            high: self.high.saturating_sub(other.low),
        }
    }
}

impl std::iter::Sum for Span {
    fn sum<I: Iterator<Item = Span>>(spans: I) -> Span {
        spans.fold(Span::default(), Add::add)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_exact() {
            true => write!(f, "{}", self.low),
            false => write!(f, "{} to {}", self.low, self.high),
        }
    }
}
