//! `boolean`: a value inside a Struct is a truth value.

use super::code::Yields;
use super::definition::{Definition, Scalar};
use crate::model::Type;

pub(super) const BOOLEAN: Definition = Definition {
    name: "boolean",
    usage: "boolean",
    output: "a truth value, read as leniently as a field of that kind; absent if it isn't there",
    scalar: Some(Scalar {
        ty: || Type::Bool,
        read: "boolean",
        yields: || Yields::Bool,
    }),
    ..Definition::SCALAR
};
