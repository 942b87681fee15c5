//! Instants as milliseconds since the epoch: the clock, and the range that tables hold.

mod clock;

pub use clock::{now, now_ms};

/// The range of `DateTime64(3)`: 1900-01-01 to the end of 2299, in milliseconds since the epoch.
/// <https://clickhouse.com/docs/sql-reference/data-types/datetime64>
pub const MILLIS_RANGE: std::ops::RangeInclusive<i64> = -2_208_988_800_000..=10_413_791_999_999;
