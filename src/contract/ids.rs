//! Rules for ids.

use crate::function::epoch_millis;

/// Rule for the id of a JSON message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdFrom {
    /// A new id for each request.
    Request,
    /// It is the AMQP property `message_id`, with the place in a list; without one it is made of the body and the place.
    MessageId,
    /// A hash of the header with this name, and of the body.
    Header(&'static str),
    /// A hash of these fields, each a path of names, and of the body.
    Fields(&'static [&'static [&'static str]]),
}

/// Version of the ids of app events that come without one. Instances that serve the same clients must agree on it,
/// since a repeated request may come to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// Version 1: of the bytes of header and event as they came. Over AMQP, events without an id keep none.
    Bytes,
    /// Version 2: of what header and event say, however it is encoded (see [`content`](crate::protobuf::content)).
    Content {
        /// From which timestamp of an event on, in milliseconds since the epoch; earlier ones get ids of version 1.
        /// None for all.
        from_ms: Option<i64>,
    },
}

impl Ids {
    /// True if an event with this timestamp gets an id of version 2. One without a timestamp has no id of version 1.
    pub fn of_content(self, timestamp: &[u8]) -> bool {
        match self {
            Ids::Bytes => false,
            Ids::Content { from_ms: None } => true,
            Ids::Content {
                from_ms: Some(from_ms),
            } => match epoch_millis(timestamp) {
                Ok(sent_ms) => sent_ms.is_none_or(|sent_ms| sent_ms >= from_ms),
                Err(_) => false,
            },
        }
    }
}
