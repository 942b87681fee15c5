//! `integer`: a value inside a Struct is a whole number of 64 bits.

use super::code::Yields;
use super::definition::{Definition, Scalar};
use crate::model::Type;

pub(super) const INTEGER: Definition = Definition {
    name: "integer",
    usage: "integer",
    output: "a whole number of 64 bits, read as leniently as a field of that kind; absent if it isn't there",
    scalar: Some(Scalar {
        ty: || Type::Int64,
        read: "int64",
        yields: || Yields::I64,
    }),
    ..Definition::SCALAR
};
