//! `text`: a value inside a Struct is text, or a number as it is written.

use super::code::Yields;
use super::definition::{Definition, Scalar};
use crate::model::Type;

pub(super) const TEXT: Definition = Definition {
    name: "text",
    usage: "text",
    output: "text, or a number as it is written, read as leniently as a field of that kind; absent if it isn't there",
    scalar: Some(Scalar {
        ty: || Type::String,
        read: "text",
        yields: || Yields::Cow,
    }),
    ..Definition::SCALAR
};
