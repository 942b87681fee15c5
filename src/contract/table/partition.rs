//! The partition of a row, for tables that are partitioned by a period of one of their times.

use chrono::{Datelike as _, NaiveDate};

use super::Table;
use crate::native::Column;

/// By which column a table is partitioned, and by which period of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Partition {
    column: usize,
    period: Period,
    /// Number of the column's units in a day.
    day: i64,
}

/// Period of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// The functions of ClickHouse that name a period. Where weeks begin, and in which time zone days do, makes no difference
/// to how many there are.
const PERIODS: [(&str, Period); 13] = [
    ("toStartOfHour", Period::Hour),
    ("toDate", Period::Day),
    ("toStartOfDay", Period::Day),
    ("toYYYYMMDD", Period::Day),
    ("toMonday", Period::Week),
    ("toStartOfWeek", Period::Week),
    ("toStartOfISOWeek", Period::Week),
    ("toYearWeek", Period::Week),
    ("toYYYYMM", Period::Month),
    ("toStartOfMonth", Period::Month),
    ("toStartOfQuarter", Period::Quarter),
    ("toYear", Period::Year),
    ("toStartOfYear", Period::Year),
];

impl Partition {
    /// Partitioning of the table's DDL; none if it has no partitions, or others than these.
    pub(super) fn of(table: &Table) -> Option<Self> {
        let mut lines = table.ddl.lines();
        let expression = lines.find_map(|line| line.trim().strip_prefix("PARTITION BY "))?;
        let (function, column) = expression.trim().strip_suffix(')')?.split_once('(')?;
        let (_, period) = *PERIODS.iter().find(|(name, _)| *name == function)?;
        let name = column.trim().trim_matches('`');
        let at = table.columns.iter().position(|c| c.name == name)?;
        let day = day(table.columns.get(at)?.ty)?;
        // A date has no hours.
        (period != Period::Hour || day > 1).then_some(Partition {
            column: at,
            period,
            day,
        })
    }

    pub(super) fn column(self) -> usize {
        self.column
    }

    /// The number of each row's partition, which follow one another in time; none if there can't be more than `most`.
    pub(super) fn numbers(self, column: &Column, most: usize) -> Option<Vec<i64>> {
        let Column::Fixed(values) = column else {
            return None;
        };
        let values = values.integers();
        // Nearly always all rows are of one time, which costs a look at each.
        let bounds = |(least, most): (i64, i64), value: i64| (least.min(value), most.max(value));
        let (first, last) = values.clone().fold((i64::MAX, i64::MIN), bounds);
        if first > last || self.number(last) - self.number(first) < most as i64 {
            return None;
        }
        Some(values.map(|value| self.number(value)).collect())
    }

    fn number(self, value: i64) -> i64 {
        let days = value.div_euclid(self.day);
        match self.period {
            Period::Hour => value.div_euclid(self.day / 24),
            Period::Day => days,
            Period::Week => days.div_euclid(7),
            Period::Month => month(days),
            Period::Quarter => month(days).div_euclid(3),
            Period::Year => month(days).div_euclid(12),
        }
    }
}

/// Number of units of a column type in a day.
fn day(ty: &str) -> Option<i64> {
    const SECONDS: i64 = 86_400;
    let (name, rest) = ty.split_once('(').unwrap_or((ty, ""));
    match name {
        "Date" => Some(1),
        "DateTime" => Some(SECONDS),
        "DateTime64" => {
            let digits = rest.split([',', ')']).next()?;
            10_i64
                .checked_pow(digits.trim().parse().ok()?)?
                .checked_mul(SECONDS)
        }
        _ => None,
    }
}

/// The months since the year 0, of a day since the epoch. No column holds a day outside of the calendar.
fn month(days: i64) -> i64 {
    /// The epoch, counted from the first day of the year 1.
    const EPOCH: i64 = 719_163;
    let day = i32::try_from(days.saturating_add(EPOCH)).ok();
    match day.and_then(NaiveDate::from_num_days_from_ce_opt) {
        Some(day) => i64::from(day.year()) * 12 + i64::from(day.month0()),
        None => days,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::contract::{Append, Block, ColumnSpec, Context, Message, Storage};
    use crate::native::Layout;
    use crate::row_error::Bad;

    fn no_rows(_: &mut Block, _: &Message<'_>, _: &Context) -> Result<(), Bad> {
        Err(Bad::Unexpected("rows"))
    }

    fn table(ty: &'static str, width: u8, by: &str) -> &'static Table {
        let ddl = format!("CREATE TABLE t\n(\n    `at` {ty}\n)\nPARTITION BY {by}\nORDER BY at");
        Box::leak(Box::new(Table {
            name: "t",
            storage: Storage::ClickHouse(None),
            columns: Box::leak(Box::new([ColumnSpec::new("at", ty, Layout::Fixed(width))])),
            append: Append::Json(no_rows),
            ddl: Box::leak(ddl.into_boxed_str()),
        }))
    }

    fn numbers(table: &'static Table, values: &[i64], most: usize) -> Option<Vec<i64>> {
        let mut block = Block::new(table);
        let [column] = block.columns::<1>().unwrap();
        for value in values {
            match table.columns[0].layout {
                Layout::Fixed(8) => column.i64(*value).unwrap(),
                _ => column.u32(*value as u32).unwrap(),
            }
        }
        block.grew(values.len());
        block.partitions(most)
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let monthly = table("DateTime64(3, 'UTC')", 8, "toYYYYMM(at)");
        let day = 86_400_000;
        // The last of February 2024, March 1st, the last millisecond of 1969, and January 1970.
        let (leap, march) = (1_709_164_800_000, 1_709_164_800_000 + day);
        let found = numbers(monthly, &[leap, march, -1, 0, day], 2).unwrap();
        let first = found[3];
        assert_eq!(first, 1970 * 12);
        assert_eq!(
            found,
            [2024 * 12 + 1, 2024 * 12 + 2, first - 1, first, first]
        );
        assert_eq!(
            numbers(monthly, &[leap, march], 2),
            None,
            "no more than two"
        );
    }

    #[test]
    fn days_and_hours_are_counted_in_seconds_too() {
        let daily = table("DateTime('UTC')", 4, "toDate(`at`)");
        assert_eq!(
            numbers(daily, &[86_399, 86_400, 4_294_967_295], 1),
            Some(vec![0, 1, 49_710])
        );
        let hourly = table("DateTime", 4, "toStartOfHour(at)");
        assert_eq!(numbers(hourly, &[3_599, 3_600], 1), Some(vec![0, 1]));
    }

    #[test]
    fn an_expression_that_is_not_known_tells_nothing() {
        for by in [
            "at",
            "(toYYYYMM(at), x)",
            "toYYYYMM(other)",
            "cityHash64(at)",
        ] {
            let table = table("DateTime", 4, by);
            assert_eq!(Partition::of(table), None, "{by}");
        }
        assert_eq!(Partition::of(table("String", 8, "toDate(at)")), None);
    }
}
