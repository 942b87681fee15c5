//! The types that columns have in PostgreSQL: which one a value gets, as it is written, and as the server shows it.

use std::fmt;

use crate::model::Type;

/// A type that a PostgreSQL column can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PgType {
    Boolean,
    Integer,
    Bigint,
    Numeric,
    Real,
    Double,
    Text,
    Jsonb,
    Seconds,
    Millis,
    Micros,
}

impl PgType {
    /// All types, as they are written in the declarations and in SQL.
    pub(crate) const NAMES: [(&str, PgType); 11] = [
        ("boolean", PgType::Boolean),
        ("integer", PgType::Integer),
        ("bigint", PgType::Bigint),
        ("numeric(20,0)", PgType::Numeric),
        ("real", PgType::Real),
        ("double precision", PgType::Double),
        ("text", PgType::Text),
        ("jsonb", PgType::Jsonb),
        ("timestamptz(0)", PgType::Seconds),
        ("timestamptz(3)", PgType::Millis),
        ("timestamptz", PgType::Micros),
    ];

    /// The type of a column that holds values of `ty`; none for lists and maps.
    pub(crate) fn of(ty: &Type) -> Option<PgType> {
        Some(match ty {
            Type::Nullable(of) | Type::LowCardinality(of) => return PgType::of(of),
            Type::Bool => PgType::Boolean,
            Type::Int32 => PgType::Integer,
            Type::Int64 | Type::UInt32 => PgType::Bigint,
            Type::UInt64 => PgType::Numeric,
            Type::Float32 => PgType::Real,
            Type::Float64 => PgType::Double,
            Type::String => PgType::Text,
            Type::Json => PgType::Jsonb,
            Type::DateTime => PgType::Seconds,
            Type::Millis => PgType::Millis,
            Type::Micros => PgType::Micros,
            Type::Array(_) | Type::Map(..) => return None,
        })
    }

    /// Reads a type as it is written.
    pub(crate) fn parse(text: &str) -> Option<PgType> {
        let named = PgType::NAMES
            .iter()
            .find(|(name, _)| *name == text.trim())?;
        Some(named.1)
    }
}

impl fmt::Display for PgType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = PgType::NAMES.iter().find(|(_, ty)| ty == self);
        f.write_str(named.map_or("text", |(name, _)| name))
    }
}

/// The type of a column that holds values of `ty`, as people and the lock know it: with `NOT NULL`, where it is.
pub(super) fn written(ty: &Type) -> String {
    match PgType::of(ty) {
        None => format!("no type for {ty}"),
        Some(pg) if ty.is_nullable() => pg.to_string(),
        Some(pg) => format!("{pg} NOT NULL"),
    }
}

/// The type of a column that holds values of `ty`, as `format_type` of PostgreSQL shows it.
pub(super) fn shown(ty: &Type) -> String {
    match PgType::of(ty) {
        Some(pg) => shown_as(&pg.to_string()),
        None => ty.to_string(),
    }
}

/// A type as `format_type` of PostgreSQL shows what is written so.
pub(super) fn shown_as(written: &str) -> String {
    match written.strip_prefix("timestamptz") {
        Some(precision) => format!("timestamp{precision} with time zone"),
        None => written.to_owned(),
    }
}
