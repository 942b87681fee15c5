//! Verdicts: what is to become of an event.

use std::sync::Arc;

use crate::contract::EventType;
use crate::dead_letter::Class;
use crate::row_error::RowError;

/// Verdict on an event.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// It is valid.
    Good(&'static EventType),
    /// Its only variant has a number that this build doesn't know.
    UnknownType(u32),
    /// It was sent as JSON, and no variant has this name, which would be its type.
    UnknownName(String),
    /// It has no variant.
    NoType,
    /// Its timestamp is not a number of milliseconds, or out of range.
    BadTimestamp(String),
    /// It is not a message of its type.
    Malformed(RowError),
    /// Its sender may not send events of its type.
    NotAllowed {
        /// Name of the type, or its number if this build doesn't know it.
        name: String,
        /// The type, if this build knows it.
        kind: Option<&'static EventType>,
    },
    /// The switch of this name refuses it.
    SwitchedOff(Arc<str>),
}

impl Verdict {
    /// Reason for people; empty if the event is valid.
    pub fn reason(&self) -> String {
        match self {
            Verdict::Good(_) => String::new(),
            Verdict::UnknownType(number) => {
                format!("this server knows no event type {number}")
            }
            Verdict::UnknownName(name) => {
                format!("this server knows no event type that is called `{name}`")
            }
            Verdict::NoType => "it has no type: no variant of the oneof is set".to_owned(),
            Verdict::BadTimestamp(reason) => format!("timestamp: {reason}"),
            Verdict::Malformed(bad) => bad.to_string(),
            Verdict::NotAllowed { name, .. } => {
                format!("its sender is not allowed to send events of the type `{name}`")
            }
            Verdict::SwitchedOff(switch) => {
                format!("this server takes no such events now: they are switched off (`{switch}`)")
            }
        }
    }

    /// True if it is of a type that a later build may know.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Verdict::UnknownType(_) | Verdict::UnknownName(_))
    }

    /// True if both are of the same unknown type.
    pub fn is_same_unknown(&self, other: &Verdict) -> bool {
        match (self, other) {
            (Verdict::UnknownType(one), Verdict::UnknownType(other)) => one == other,
            (Verdict::UnknownName(one), Verdict::UnknownName(other)) => one == other,
            _ => false,
        }
    }

    /// Class of the dead letter that the event becomes; none for one that becomes none.
    pub fn class(&self) -> Option<Class> {
        match self {
            Verdict::Good(_) | Verdict::SwitchedOff(_) => None,
            Verdict::UnknownType(_) | Verdict::UnknownName(_) => Some(Class::UnknownType),
            Verdict::NoType => Some(Class::NoType),
            Verdict::BadTimestamp(_) => Some(Class::BadTimestamp),
            Verdict::Malformed(bad) => Some(bad.class()),
            Verdict::NotAllowed { .. } => Some(Class::NotAllowed),
        }
    }
}
