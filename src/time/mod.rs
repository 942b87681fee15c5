//! Instants as milliseconds since the epoch: the clock, the range that tables hold, and how senders write them.

mod clock;
mod epoch;

pub use clock::{now, now_ms};
pub use epoch::{epoch_millis, epoch_millis_int, epoch_seconds, epoch_seconds_int};

/// The range of `DateTime64(3)`: 1900-01-01 to the end of 2299, in milliseconds since the epoch.
/// <https://clickhouse.com/docs/sql-reference/data-types/datetime64>
pub const MILLIS_RANGE: std::ops::RangeInclusive<i64> = -2_208_988_800_000..=10_413_791_999_999;
