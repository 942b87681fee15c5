//! Requests of typed events as proto3 JSON, read once and straight into the wire format, event by event.
//!
//! What is wrong with an event costs that event alone; only what can't be read as a request with a list of events is
//! refused. Where the meaning is plain it is lenient: text of a number where a number is meant and the reverse, `1.0`
//! and `1e3` for an integer, half a surrogate pair. What it doesn't know of an event it keeps in the event (see
//! [`UNKNOWN_MEMBERS`](crate::unknown::UNKNOWN_MEMBERS)) and says so.
//!
//! Its time and memory are a small multiple of the text's length, whatever is in it: what is nested is moved once for
//! each level around it, and levels are limited.

mod around;
mod cursor;
mod field;
mod free;
mod member;
mod notes;
mod number;
mod object;
mod request;
mod scalar;
mod tables;
mod text;

use std::ops::Range;

pub use around::Around;
pub use member::Member;

use crate::contract::Envelope;
use crate::row_error::Bad;
use tables::Tables;

/// Reads requests of one layout.
#[derive(Debug)]
pub struct ProtoJson {
    envelope: &'static Envelope,
    tables: Tables,
}

/// A request, event by event.
#[derive(Debug)]
pub struct Request<'a> {
    /// Request in protobuf, with the events that could be read.
    pub wire: Vec<u8>,
    /// Range of its header; none if there is none.
    pub header: Option<Range<usize>>,
    /// Events, in the order in which they were received.
    pub events: Vec<Event<'a>>,
    /// JSON around the events.
    pub around: Around<'a>,
    /// Warnings for its sender: unknown members.
    pub warnings: Warnings,
}

/// An event of a request.
#[derive(Debug)]
pub struct Event<'a> {
    /// It as it is written.
    pub text: &'a [u8],
    /// Position in the request's text.
    pub at: usize,
    /// Result for the event.
    pub found: Found,
}

/// Result for an event.
#[derive(Debug)]
pub enum Found {
    /// An event of the type with this number: its place on the wire.
    Known(u32, Range<usize>),
    /// An event of a type that has a name that this build doesn't know.
    Unknown(String),
    /// An event without a type.
    NoType,
    /// No event.
    Bad(Bad),
}

/// Limits of a request.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// The most events.
    pub events: usize,
    /// Maximum number of bad events whose errors are reported.
    pub told: usize,
}

/// Members that are unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings {
    /// Number of warnings.
    pub count: usize,
    /// The first of them, in words.
    pub listed: Vec<String>,
}

/// Reason why a text is not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// It is no JSON, or not such a one.
    #[error("line {line}, column {column}: {reason}")]
    Broken {
        /// The line, from 1.
        line: usize,
        /// The byte in it, from 1.
        column: usize,
        /// Error.
        reason: String,
    },
    /// The header is wrong.
    #[error("line {line}, column {column}: the header is wrong: {bad}")]
    Header {
        /// The line, from 1.
        line: usize,
        /// The byte in it, from 1.
        column: usize,
        /// Error.
        bad: Bad,
    },
    /// There are too many events.
    #[error("more than {0} events in one request; send fewer at once")]
    TooMany(usize),
}

impl ProtoJson {
    /// A reader of requests of this layout.
    pub fn new(envelope: &'static Envelope) -> Self {
        ProtoJson {
            envelope,
            tables: Tables::new(envelope),
        }
    }

    /// Reads a request.
    ///
    /// # Errors
    ///
    /// If it is no JSON object with a list of events in it, if its header is wrong, or if it has more events than it may.
    pub fn read<'a>(&self, text: &'a [u8], most: Most) -> Result<Request<'a>, Unread> {
        request::read(self.envelope, &self.tables, text, most)
    }

    /// The id of an event as it is written, if that can be read, whatever else is wrong with it; empty if it has none.
    pub fn id(&self, event: &[u8]) -> String {
        request::member(&self.tables, event, self.envelope.id).unwrap_or_default()
    }

    /// Timestamp of an event, as it was sent.
    pub fn timestamp(&self, event: &[u8]) -> String {
        request::member(&self.tables, event, self.envelope.timestamp).unwrap_or_default()
    }

    /// An event as it is written, with another id. It must be an object.
    pub fn with_id(&self, event: &[u8], id: &str) -> Vec<u8> {
        let place = request::place(&self.tables, event, self.envelope.id);
        around::with_id(self.envelope, event, id, place)
    }

    /// Reads a member of a message that an event or its header holds, given by its full name, as an event's are read.
    ///
    /// # Errors
    ///
    /// If the value isn't what the member is declared as.
    pub fn member(&self, message: &str, name: &str, value: &str) -> Result<Member, Bad> {
        member::read(self.envelope, &self.tables, message, name, value)
    }

    /// Known type name that is most like an unknown one.
    pub fn meant(&self, name: &str) -> Option<&'static str> {
        let shape = self.envelope.event_shape;
        let types = self.envelope.types.iter();
        let names = types.filter_map(|kind| Some(shape.field(kind.number)?.1.json_name));
        tables::nearest(name, names)
    }
}
