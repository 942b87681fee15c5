//! Column types as a Native block lays them out.

use crate::model::Type;

/// Layouts that many columns have, as constants of the module `tables`: name, type, whether NULL is a value.
pub const CONSTANTS: &[(&str, &str, &str)] = &[
    ("DICTIONARY", "LowCardinality(String)", "false"),
    (
        "NULLABLE_DICTIONARY",
        "LowCardinality(Nullable(String))",
        "true",
    ),
];

/// The layout as Rust source.
pub fn layout(ty: &Type) -> String {
    match ty {
        Type::Bool => "Layout::Fixed(1)".into(),
        Type::Int32 | Type::UInt32 | Type::Float32 | Type::DateTime => "Layout::Fixed(4)".into(),
        Type::Int64 | Type::UInt64 | Type::Float64 | Type::Millis | Type::Micros => {
            "Layout::Fixed(8)".into()
        }
        Type::String => "Layout::Text".into(),
        Type::Json => "Layout::Json".into(),
        Type::LowCardinality(of) if of.is_nullable() => "NULLABLE_DICTIONARY".into(),
        Type::LowCardinality(_) => "DICTIONARY".into(),
        Type::Nullable(of) => format!("Layout::Nullable(&{})", layout(of)),
        Type::Array(of) => format!("Layout::Array(&{})", layout(of)),
        Type::Map(key, value) => format!("Layout::Map(&{}, &{})", layout(key), layout(value)),
    }
}

/// The layout of a column that goes to PostgreSQL: plain values and JSON as text.
pub fn postgres_layout(ty: &Type) -> String {
    match ty {
        Type::LowCardinality(of) => postgres_layout(of),
        Type::Nullable(of) => format!("Layout::Nullable(&{})", postgres_layout(of)),
        Type::Json => "Layout::Text".into(),
        ty => layout(ty),
    }
}

/// The type without `Nullable` and `LowCardinality`.
pub fn base(ty: &Type) -> &Type {
    match ty {
        Type::Nullable(of) | Type::LowCardinality(of) => base(of),
        _ => ty,
    }
}

/// Which of the constants a layout names.
pub fn constants(
    layout: &str,
) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    CONSTANTS.iter().filter(move |(name, ..)| {
        layout
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .any(|word| word == *name)
    })
}
