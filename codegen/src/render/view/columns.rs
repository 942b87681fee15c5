//! Column types as a Native block lays them out.

use crate::model::Type;
use crate::store::Layout;

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
pub fn layout(layout: &Layout) -> String {
    let inner = self::layout;
    match layout {
        Layout::Fixed(bytes) => format!("Layout::Fixed({bytes})"),
        Layout::Text => "Layout::Text".into(),
        Layout::Json => "Layout::Json".into(),
        Layout::Dictionary { nullable: true } => "NULLABLE_DICTIONARY".into(),
        Layout::Dictionary { nullable: false } => "DICTIONARY".into(),
        Layout::Nullable(of) => format!("Layout::Nullable(&{})", inner(of)),
        Layout::Array(of) => format!("Layout::Array(&{})", inner(of)),
        Layout::Map(key, value) => format!("Layout::Map(&{}, &{})", inner(key), inner(value)),
    }
}

/// The type without `Nullable` and `LowCardinality`.
pub fn base(ty: &Type) -> &Type {
    match ty {
        Type::Nullable(of) | Type::LowCardinality(of) => base(of),
        _ => ty,
    }
}

/// Constants that a layout names.
pub fn constants(
    layout: &str,
) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
    CONSTANTS.iter().filter(move |(name, ..)| {
        layout
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .any(|word| word == *name)
    })
}
