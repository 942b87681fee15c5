//! Requests: HTTP APIs and topics of Kafka that messages and app events are forwarded to.

use prost_reflect::MessageDescriptor;

use super::{ColumnSource, Format};

/// Request that forwards messages.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its name.
    pub name: String,
    /// The comment above it in the YAML file, joined to one paragraph; empty if there is none.
    pub doc: String,
    /// Message that is forwarded; of app events the request that holds one.
    pub message: MessageDescriptor,
    /// True if it forwards app events, one by one.
    pub events: bool,
    /// Expression that chooses among several targets, and its text.
    pub by: Option<(ColumnSource, String)>,
    /// Targets; a single one if nothing chooses.
    pub targets: Vec<Target>,
    /// The object that the members are put into; none for an empty one.
    pub whole: Option<Member>,
    /// The members that it is made of beside that.
    pub members: Vec<Member>,
    /// The header that carries the message's id.
    pub idempotency_key: Option<String>,
    /// Timeout of one attempt.
    pub timeout_ms: u32,
    /// Attempts at once at each target.
    pub concurrency: u16,
    /// Attempts in a time at each target.
    pub rate: Option<Rate>,
    /// Statuses after which the same request is sent again: ranges, ascending.
    pub retried: Vec<(u16, u16)>,
    /// Statuses that are the message's fault: ranges, ascending.
    pub refused: Vec<(u16, u16)>,
}

/// Target of a request.
#[derive(Debug, Clone)]
pub struct Target {
    /// The value that chooses it, where there are several.
    pub value: Option<String>,
    /// Where it is.
    pub to: To,
    /// The headers: name and value.
    pub headers: Vec<(String, Template)>,
}

/// Where a target is.
#[derive(Debug, Clone)]
pub enum To {
    /// An HTTP API.
    Url {
        /// `POST`, `PUT` or `PATCH`.
        method: &'static str,
        /// The address.
        url: Template,
    },
    /// A topic of Kafka.
    Topic {
        /// Its name.
        name: String,
        /// Format of the values of records.
        format: Format,
        /// The expression that gives the key of a record, and its text.
        key: Option<(ColumnSource, String)>,
    },
}

impl Target {
    /// Its address for people: a method and a URL, or a topic.
    pub fn address(&self) -> String {
        match &self.to {
            To::Url { method, url } => format!("{method} {}", url.written),
            To::Topic { name, .. } => format!("topic {name}"),
        }
    }

    /// True if it is a topic.
    pub fn is_topic(&self) -> bool {
        matches!(self.to, To::Topic { .. })
    }

    /// Format of what it gets: JSON, but for topics that say otherwise.
    pub fn format(&self) -> Format {
        match self.to {
            To::Topic { format, .. } => format,
            To::Url { .. } => Format::Json,
        }
    }
}

/// A text with variables of the server's environment in it.
#[derive(Debug, Clone)]
pub struct Template {
    /// Text as written.
    pub written: String,
    /// Its parts.
    pub pieces: Vec<Piece>,
}

/// A part of such a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Literal text.
    Text(String),
    /// The value of this variable.
    Variable(String),
}

/// A member of a body, or the whole of it.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name; empty for the whole.
    pub name: String,
    /// Source of its value.
    pub value: ColumnSource,
    /// The expression as written.
    pub written: String,
}

/// So many in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Number of attempts.
    pub count: u32,
    /// In how many milliseconds.
    pub per_ms: u32,
}
