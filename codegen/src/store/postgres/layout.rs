//! How values travel to PostgreSQL: plain values, and JSON as text.

use crate::model::Type;
use crate::store::Layout;

/// The layout of a column that holds values of this type.
pub(super) fn of(ty: &Type) -> Layout {
    match ty {
        Type::LowCardinality(inner) => of(inner),
        Type::Nullable(inner) => Layout::Nullable(Box::new(of(inner))),
        Type::Json => Layout::Text,
        ty => Layout::of(ty),
    }
}
