//! What a PostgreSQL table has of its own: its unique key, its conflicts, its hook, and the types of its columns.

use std::fmt;

use super::{Column, Table, Type};

/// How rows get into a PostgreSQL table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upsert {
    /// The columns by which rows are told apart.
    pub unique: Vec<String>,
    /// The column whose greater value replaces a row; none if the first row stays.
    pub version: Option<String>,
    /// What else happens in the transaction, by name.
    pub hook: Option<String>,
    /// The columns of its indexes.
    pub indexes: Vec<Vec<String>>,
    /// The columns that hooks fill.
    pub hook_columns: Vec<HookColumn>,
}

/// A column that hooks fill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookColumn {
    /// Its name.
    pub name: String,
    /// Its type; it can be NULL.
    pub ty: PgType,
    /// The comment above it in the YAML file.
    pub doc: String,
}

/// A type that a PostgreSQL column can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PgType {
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
    /// Every type, as it is written in the declarations and in SQL.
    pub const NAMES: [(&str, PgType); 11] = [
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
    pub fn of(ty: &Type) -> Option<PgType> {
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

    /// As `format_type` of PostgreSQL shows it.
    pub fn shown(self) -> String {
        let written = self.to_string();
        match written.strip_prefix("timestamptz") {
            Some(precision) => format!("timestamp{precision} with time zone"),
            None => written,
        }
    }
}

impl fmt::Display for PgType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = PgType::NAMES.iter().find(|(_, ty)| ty == self);
        f.write_str(named.map_or("text", |(name, _)| name))
    }
}

impl Table {
    /// The type of a column where the table is, as people and the lock know it.
    pub fn type_of(&self, column: &Column) -> String {
        match (&self.postgres, PgType::of(&column.ty)) {
            (None, _) => column.ty.to_string(),
            (Some(_), None) => format!("no type for {}", column.ty),
            (Some(_), Some(ty)) if column.ty.is_nullable() => ty.to_string(),
            (Some(_), Some(ty)) => format!("{ty} NOT NULL"),
        }
    }
}
