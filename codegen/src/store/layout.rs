//! How the values of a column are sent, as a Native block lays them out.

use crate::model::Type;

/// How the values of a column are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// This many bytes a value.
    Fixed(u8),
    /// Texts, each with its length.
    Text,
    /// A dictionary of texts, and a place in it for each value.
    Dictionary {
        /// True if NULL is a value.
        nullable: bool,
    },
    /// Values that can be NULL.
    Nullable(Box<Layout>),
    /// Lists of values.
    Array(Box<Layout>),
    /// Pairs of keys and values.
    Map(Box<Layout>, Box<Layout>),
    /// JSON objects, path by path.
    Json,
}

impl Layout {
    /// The layout of a type as it is.
    pub(super) fn of(ty: &Type) -> Layout {
        match ty {
            Type::Bool => Layout::Fixed(1),
            Type::Int32 | Type::UInt32 | Type::Float32 | Type::DateTime => Layout::Fixed(4),
            Type::Int64 | Type::UInt64 | Type::Float64 | Type::Millis | Type::Micros => {
                Layout::Fixed(8)
            }
            Type::String => Layout::Text,
            Type::Json => Layout::Json,
            Type::LowCardinality(of) => Layout::Dictionary {
                nullable: of.is_nullable(),
            },
            Type::Nullable(of) => Layout::Nullable(Box::new(Layout::of(of))),
            Type::Array(of) => Layout::Array(Box::new(Layout::of(of))),
            Type::Map(key, value) => {
                Layout::Map(Box::new(Layout::of(key)), Box::new(Layout::of(value)))
            }
        }
    }
}
