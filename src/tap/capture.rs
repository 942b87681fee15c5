//! Capture: one event or message that a tap took at a stage.

use bytes::Bytes;

use crate::contract::Envelope;
use crate::weight::Permit;

/// Stage of an event's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It came in a request, and is valid.
    Received,
    /// It came in a request, or the request came, and is refused.
    Refused,
    /// It was published, and the broker has confirmed it.
    Published,
    /// It is a row, or a target has taken it.
    Stored,
    /// It is a dead letter, and the broker has confirmed it.
    DeadLettered,
}

/// Where something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// At a port, for no source.
    Door(&'a str),
    /// At a source.
    Source(&'a str),
    /// On its way to an exchange.
    Exchange(&'a str),
    /// In a queue.
    Queue(&'a str),
}

/// What is known of an event or a message that a stage offers.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Where it was seen.
    pub place: Place<'a>,
    /// The table or request that it went into; empty before.
    pub into: &'static str,
    /// Name of its type, or its number; empty if it isn't known.
    pub event_type: &'a str,
    /// Name of the client that sent it; empty if it isn't known.
    pub client: &'a str,
    /// Id of the message; empty for events, which have their own.
    pub id: &'a str,
    /// Why it isn't good: class and reason; empty if it is.
    pub class: &'a str,
    /// The reason, for people.
    pub reason: &'a str,
}

/// Content that a stage offers.
#[derive(Debug, Clone, Copy)]
pub enum Shown<'a> {
    /// An event under its header, encoded.
    Event {
        /// Their layout.
        envelope: &'static Envelope,
        /// The header's bytes.
        header: &'a [u8],
        /// The event's bytes.
        event: &'a [u8],
    },
    /// JSON, or any bytes.
    Text(&'a [u8]),
    /// Nothing: a request that was refused before it was read.
    Nothing,
}

/// Content that a tap took.
#[derive(Debug)]
pub enum Content {
    /// An event under its header, encoded.
    Event {
        /// Their layout.
        envelope: &'static Envelope,
        /// The header's bytes.
        header: Bytes,
        /// The event's bytes.
        event: Bytes,
    },
    /// JSON, or any bytes.
    Text(Bytes),
    /// Nothing.
    Nothing,
}

/// One event or message that a tap took, copied: it holds nothing of the pipeline's.
#[derive(Debug)]
pub struct Capture {
    /// Stage.
    pub stage: Stage,
    /// When, in milliseconds since the epoch.
    pub at_ms: i64,
    /// Port, source, exchange or queue: what it is, and its name.
    pub place: (&'static str, String),
    /// The table or request that it went into; empty before.
    pub into: &'static str,
    /// Name of its type, or its number; empty if it isn't known.
    pub event_type: String,
    /// Name of the client that sent it; empty if it isn't known.
    pub client: String,
    /// Id of the message; empty for events.
    pub id: String,
    /// Class, if it isn't good.
    pub class: String,
    /// Reason, if it isn't good.
    pub reason: String,
    /// Content.
    pub content: Content,
    /// Share of the tap's budget.
    pub(super) _held: Permit,
}

impl Stage {
    /// All stages, in the order of an event's path.
    pub const ALL: [Stage; 5] = [
        Stage::Received,
        Stage::Refused,
        Stage::Published,
        Stage::Stored,
        Stage::DeadLettered,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Received => "received",
            Stage::Refused => "refused",
            Stage::Published => "published",
            Stage::Stored => "stored",
            Stage::DeadLettered => "dead_lettered",
        }
    }

    /// The stage with this name.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.replace('-', "_");
        Stage::ALL.into_iter().find(|stage| stage.name() == name)
    }

    pub(super) fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl<'a> Place<'a> {
    /// What it is, and its name.
    pub fn told(self) -> (&'static str, &'a str) {
        match self {
            Place::Door(name) => ("door", name),
            Place::Source(name) => ("source", name),
            Place::Exchange(name) => ("exchange", name),
            Place::Queue(name) => ("queue", name),
        }
    }
}

impl Content {
    /// Size, in bytes.
    pub fn len(&self) -> usize {
        match self {
            Content::Event { header, event, .. } => header.len() + event.len(),
            Content::Text(text) => text.len(),
            Content::Nothing => 0,
        }
    }

    /// True if there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Shown<'_> {
    /// Size, in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Shown::Event { header, event, .. } => header.len() + event.len(),
            Shown::Text(text) => text.len(),
            Shown::Nothing => 0,
        }
    }

    /// A copy.
    pub(super) fn copied(&self) -> Content {
        match self {
            Shown::Event {
                envelope,
                header,
                event,
            } => Content::Event {
                envelope,
                header: Bytes::copy_from_slice(header),
                event: Bytes::copy_from_slice(event),
            },
            Shown::Text(text) => Content::Text(Bytes::copy_from_slice(text)),
            Shown::Nothing => Content::Nothing,
        }
    }
}
