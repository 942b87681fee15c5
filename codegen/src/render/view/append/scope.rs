//! Scopes of values.

use crate::model::{Root, Value};

/// Scope of a value, which decides when it is appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Known without an event: the clock, and what is known of a dead letter.
    Call,
    /// Known of all events of a group: their type and their client.
    Type,
    Header,
    Event,
    Payload,
    Body,
    /// Unknown fields of header and event, or of a JSON message.
    Unknown,
}

// === impl Scope ===

impl Scope {
    /// True if it differs from one event of a group to the next.
    pub(super) fn is_of_event(self) -> bool {
        matches!(self, Scope::Event | Scope::Payload)
    }
}

/// See [`Scope`].
pub(super) fn scope(value: &Value) -> Scope {
    match value.root {
        Root::Now | Root::Error(_) | Root::Constant(_) => Scope::Call,
        Root::TypeName | Root::ClientOfEvents => Scope::Type,
        Root::Header(_) => Scope::Header,
        Root::Event(_) | Root::Payload => Scope::Event,
        Root::PayloadField(_) => Scope::Payload,
        Root::Id
        | Root::Received
        | Root::ClientOfMessage
        | Root::Body(_)
        | Root::Untyped { .. }
        | Root::WholeBody
        | Root::Headers
        | Root::HeaderOf(_) => Scope::Body,
        Root::Unknown => Scope::Unknown,
    }
}
