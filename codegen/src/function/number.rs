//! `number`: a value inside a Struct is any number.

use super::code::Yields;
use super::definition::{Definition, Scalar};
use crate::model::Type;

pub(super) const NUMBER: Definition = Definition {
    name: "number",
    usage: "number",
    output: "any number, read as leniently as a field of that kind; absent if it isn't there",
    scalar: Some(Scalar {
        ty: || Type::Float64,
        read: "double",
        yields: || Yields::F64,
    }),
    ..Definition::SCALAR
};
