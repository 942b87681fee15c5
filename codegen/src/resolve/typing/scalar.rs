//! What a value inside a Struct can be said to be.

use crate::model::{Scalar, Type};

/// Each with its name.
pub(super) const SCALARS: [(&str, Scalar); 4] = [
    ("text", Scalar::Text),
    ("integer", Scalar::Integer),
    ("number", Scalar::Number),
    ("boolean", Scalar::Boolean),
];

/// The type with NULL among its values.
pub(super) fn nullable(ty: Type) -> Type {
    Type::Nullable(Box::new(ty))
}

/// The type that it has then.
pub(super) fn of(scalar: Scalar) -> Type {
    match scalar {
        Scalar::Text => Type::String,
        Scalar::Integer => Type::Int64,
        Scalar::Number => Type::Float64,
        Scalar::Boolean => Type::Bool,
    }
}

/// What a value inside a Struct has to be to stand in for one of this type.
pub(super) fn like(ty: &Type) -> Option<&'static str> {
    let known = SCALARS.iter().find(|(_, scalar)| of(*scalar) == *ty);
    known.map(|(name, _)| *name)
}
