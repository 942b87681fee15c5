//! Columns of a block as statement parameters: one array for each column.

use std::time::{Duration, SystemTime};

use tokio_postgres::types::{ToSql, Type};

use super::sqlstate;
use crate::contract::ColumnSpec;
use crate::native::column::read::Cell;
use crate::sink::{Fault, StoreError};

/// Type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PgType {
    Boolean,
    Integer,
    Bigint,
    Numeric,
    Real,
    Double,
    Text,
    Jsonb,
    /// `timestamptz`, with as many ticks a second in the block.
    Instant {
        ticks: u32,
    },
}

impl PgType {
    /// Parses a type as `format_type` shows it.
    pub(super) fn of(ty: &str) -> Option<Self> {
        Some(match ty {
            "boolean" => PgType::Boolean,
            "integer" => PgType::Integer,
            "bigint" => PgType::Bigint,
            "numeric(20,0)" => PgType::Numeric,
            "real" => PgType::Real,
            "double precision" => PgType::Double,
            "text" => PgType::Text,
            "jsonb" => PgType::Jsonb,
            "timestamp(0) with time zone" => PgType::Instant { ticks: 1 },
            "timestamp(3) with time zone" => PgType::Instant { ticks: 1000 },
            "timestamp with time zone" => PgType::Instant { ticks: 1_000_000 },
            _ => return None,
        })
    }

    /// Array type that carries it.
    pub(super) fn array(self) -> Type {
        match self {
            PgType::Boolean => Type::BOOL_ARRAY,
            PgType::Integer => Type::INT4_ARRAY,
            PgType::Bigint => Type::INT8_ARRAY,
            PgType::Real => Type::FLOAT4_ARRAY,
            PgType::Double => Type::FLOAT8_ARRAY,
            PgType::Numeric | PgType::Text | PgType::Jsonb => Type::TEXT_ARRAY,
            PgType::Instant { .. } => Type::TIMESTAMPTZ_ARRAY,
        }
    }

    /// Name of the array's element type.
    pub(super) fn array_element(self) -> &'static str {
        match self {
            PgType::Boolean => "boolean",
            PgType::Integer => "integer",
            PgType::Bigint => "bigint",
            PgType::Real => "real",
            PgType::Double => "double precision",
            PgType::Numeric | PgType::Text | PgType::Jsonb => "text",
            PgType::Instant { .. } => "timestamptz",
        }
    }

    /// Cast from the array's elements to the column's type, if they differ.
    pub(super) fn cast(self) -> &'static str {
        match self {
            PgType::Numeric => "::numeric",
            PgType::Jsonb => "::jsonb",
            _ => "",
        }
    }
}

/// Values of one column.
#[derive(Debug)]
pub(super) enum Values<'a> {
    Boolean(Vec<Option<bool>>),
    Integer(Vec<Option<i32>>),
    Bigint(Vec<Option<i64>>),
    Real(Vec<Option<f32>>),
    Double(Vec<Option<f64>>),
    Text(Vec<Option<&'a str>>),
    /// Numbers that no parameter type holds, in decimal.
    Decimal(Vec<Option<String>>),
    Instant(Vec<Option<SystemTime>>),
}

impl<'a> Values<'a> {
    /// Values of a column in some rows, in the given order.
    pub(super) fn of(
        column: &ColumnSpec,
        ty: PgType,
        cells: &[Cell<'a>],
        rows: &[usize],
    ) -> Result<Self, StoreError> {
        let whole = |cell: Cell<'_>| whole(ty, cell);
        let chosen = rows
            .iter()
            .map(|row| cells.get(*row).copied().unwrap_or(Cell::Null));
        Ok(match ty {
            PgType::Boolean => Values::Boolean(chosen.map(|c| Some(whole(c)? != 0)).collect()),
            PgType::Integer => {
                Values::Integer(chosen.map(|c| i32::try_from(whole(c)?).ok()).collect())
            }
            PgType::Bigint => {
                Values::Bigint(chosen.map(|c| i64::try_from(whole(c)?).ok()).collect())
            }
            PgType::Numeric => {
                Values::Decimal(chosen.map(|c| whole(c).map(|n| n.to_string())).collect())
            }
            PgType::Real => {
                Values::Real(chosen.map(|c| bytes(c).map(f32::from_le_bytes)).collect())
            }
            PgType::Double => {
                Values::Double(chosen.map(|c| bytes(c).map(f64::from_le_bytes)).collect())
            }
            PgType::Text | PgType::Jsonb => {
                Values::Text(chosen.map(|c| text(column, c)).collect::<Result<_, _>>()?)
            }
            PgType::Instant { ticks } => {
                Values::Instant(chosen.map(|c| instant(whole(c)?, ticks)).collect())
            }
        })
    }

    /// Values as a parameter.
    pub(super) fn parameter(&self) -> &(dyn ToSql + Sync) {
        match self {
            Values::Boolean(values) => values,
            Values::Integer(values) => values,
            Values::Bigint(values) => values,
            Values::Real(values) => values,
            Values::Double(values) => values,
            Values::Text(values) => values,
            Values::Decimal(values) => values,
            Values::Instant(values) => values,
        }
    }
}

/// Integer of a block: signed unless its column's type is the next larger one.
pub(super) fn whole(ty: PgType, cell: Cell<'_>) -> Option<i128> {
    let Cell::Fixed(data) = cell else { return None };
    let unsigned = match ty {
        PgType::Numeric | PgType::Boolean => true,
        PgType::Bigint | PgType::Instant { .. } => data.len() < 8,
        _ => false,
    };
    Some(match (data.len(), unsigned) {
        (1, _) => i128::from(*data.first()?),
        (4, true) => i128::from(u32::from_le_bytes(bytes(cell)?)),
        (4, false) => i128::from(i32::from_le_bytes(bytes(cell)?)),
        (8, true) => i128::from(u64::from_le_bytes(bytes(cell)?)),
        (8, false) => i128::from(i64::from_le_bytes(bytes(cell)?)),
        _ => return None,
    })
}

fn bytes<const N: usize>(cell: Cell<'_>) -> Option<[u8; N]> {
    match cell {
        Cell::Fixed(data) => data.try_into().ok(),
        _ => None,
    }
}

fn text<'a>(column: &ColumnSpec, cell: Cell<'a>) -> Result<Option<&'a str>, StoreError> {
    let Cell::Text(data) = cell else {
        return Ok(None);
    };
    std::str::from_utf8(data).map(Some).map_err(|_| {
        let message = format!("column `{}` gets bytes that are no text", column.name);
        sqlstate::failed(Fault::Content, message)
    })
}

fn instant(at: i128, ticks: u32) -> Option<SystemTime> {
    let ticks = i128::from(ticks);
    let seconds = u64::try_from(at.div_euclid(ticks).unsigned_abs()).ok()?;
    let nanos = u32::try_from(at.rem_euclid(ticks) * (1_000_000_000 / ticks)).ok()?;
    let whole = Duration::from_secs(seconds);
    let base = match at < 0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(whole)?,
        false => SystemTime::UNIX_EPOCH.checked_add(whole)?,
    };
    base.checked_add(Duration::new(0, nanos))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_number_is_signed_unless_its_column_is_wider() {
        let max = u32::MAX.to_le_bytes();
        assert_eq!(whole(PgType::Integer, Cell::Fixed(&max)), Some(-1));
        assert_eq!(
            whole(PgType::Bigint, Cell::Fixed(&max)),
            Some(i128::from(u32::MAX))
        );
        let max = u64::MAX.to_le_bytes();
        assert_eq!(whole(PgType::Bigint, Cell::Fixed(&max)), Some(-1));
        assert_eq!(
            whole(PgType::Numeric, Cell::Fixed(&max)),
            Some(i128::from(u64::MAX))
        );
        assert_eq!(whole(PgType::Bigint, Cell::Null), None);
    }

    #[test]
    fn an_instant_before_the_epoch_keeps_its_fraction() {
        let at = instant(-1, 1000).unwrap();
        let before = SystemTime::UNIX_EPOCH.duration_since(at).unwrap();
        assert_eq!(before, Duration::from_millis(1));
        let at = instant(1_500_001, 1_000_000).unwrap();
        let after = at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(after, Duration::from_micros(1_500_001));
    }
}
