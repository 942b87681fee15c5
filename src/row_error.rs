//! Row errors: why a row could not be made of a message.

use crate::dead_letter::Class;

/// Reason why a row could not be made. It is the event's fault, and permanent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// The bytes are not a well-formed message.
    #[error("not well-formed protobuf: {0}")]
    Wire(&'static str),
    /// The message came with names or headers that nobody can read.
    #[error("{0}")]
    Unreadable(Box<str>),
    /// Well-formed, but fields are repeated or out of order: to be put in order and tried again.
    #[error("fields are not in canonical order")]
    NotCanonical,
    /// A JSON field is missing or isn't what it should be; fields that are nested have dotted names.
    #[error("field `{}`: {}", .0.place, .0.reason)]
    Field(Box<Misfit>),
    /// A value has no place in its column.
    #[error("column `{}`: {}", .0.place, .0.reason)]
    Value(Box<Misfit>),
    /// A text is longer than its column takes.
    #[error("field `{}`: has {} bytes; at most {} are allowed in this column", .0.column, .0.bytes, .0.limit)]
    TooLong(Box<TooLong>),
    /// The table doesn't take events of this type.
    #[error("table takes no {0}")]
    Unexpected(&'static str),
    /// Generated code and block disagree; generated/ and the server are of different builds.
    #[error("column {0} doesn't hold such a value")]
    Layout(&'static str),
}

/// Invalid value. Behind a pointer, so that results are small in the usual case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The field or column.
    pub place: String,
    /// Value that was found, and what would be accepted.
    pub reason: String,
}

/// A text that its column doesn't take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooLong {
    /// The column.
    pub column: &'static str,
    /// Length of the text, in bytes.
    pub bytes: usize,
    /// Limit, in bytes.
    pub limit: u32,
}

impl Bad {
    /// A value that has no place in a column.
    pub fn value(column: &'static str, reason: impl Into<String>) -> Self {
        Bad::Value(Box::new(Misfit {
            place: column.to_owned(),
            reason: reason.into(),
        }))
    }

    /// A JSON field that isn't what it should be.
    pub fn field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Bad::Field(Box::new(Misfit {
            place: field.into(),
            reason: reason.into(),
        }))
    }

    /// The field or column that it is about, if it is about one.
    pub fn place(&self) -> Option<&str> {
        match self {
            Bad::Field(misfit) | Bad::Value(misfit) => Some(&misfit.place),
            Bad::TooLong(long) => Some(long.column),
            _ => None,
        }
    }

    /// The class of the dead letter that it makes.
    pub fn class(&self) -> Class {
        match self {
            Bad::Wire(_) | Bad::NotCanonical => Class::Malformed,
            Bad::Unreadable(_) => Class::Unreadable,
            Bad::Field(_) | Bad::TooLong(_) => Class::BadField,
            Bad::Value(_) => Class::BadValue,
            Bad::Unexpected(_) => Class::UnexpectedType,
            Bad::Layout(_) => Class::BuildMismatch,
        }
    }
}
