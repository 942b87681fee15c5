//! Requests: how JSON messages and app events are forwarded to an HTTP API, or to a topic of Kafka.

use std::ops::RangeInclusive;

use super::headers::{JSON, PROTOBUF};
use super::row::{Context, Group, Message, TextOf, TextOfEvent, Unit};
use super::topic::Format;
use crate::json;
use crate::row_error::RowError;

/// Request that forwards messages.
#[derive(Debug)]
pub struct Request {
    /// Its name in `pipeline.yaml`.
    pub name: &'static str,
    /// Targets of its messages.
    pub targets: &'static [Target],
    /// Functions that say where a message goes and what is sent.
    pub make: Make,
    /// The header that carries the message's id, the same on every attempt.
    pub idempotency_key: Option<&'static str>,
    /// Timeout of one attempt, from the connection to the end of the answer, in milliseconds.
    pub timeout_ms: u32,
    /// Maximum number of concurrent attempts of one instance at each target.
    pub concurrency: u16,
    /// Rate limit of one instance at each target.
    pub rate: Option<Rate>,
    /// The statuses after which the same request is sent again.
    pub retried: &'static [RangeInclusive<u16>],
    /// The statuses that are the message's fault.
    pub refused: &'static [RangeInclusive<u16>],
}

/// Functions that choose the target of a message and make the JSON text that is sent.
#[derive(Debug, Clone, Copy)]
pub enum Make {
    /// Of JSON messages.
    Messages {
        /// Index of the target.
        choose: fn(&Message<'_>) -> Result<usize, RowError>,
        /// The JSON text.
        body: fn(&Message<'_>, &Context) -> Result<Vec<u8>, RowError>,
    },
    /// Of app events, each in a group by itself.
    Events {
        /// Index of the target.
        choose: fn(&Group<'_>) -> Result<usize, RowError>,
        /// The JSON text.
        body: fn(&Group<'_>, &Context) -> Result<Vec<u8>, RowError>,
    },
}

/// One place that messages go to.
#[derive(Debug)]
pub struct Target {
    /// The request's name and, where there are several targets, the value that chooses this one.
    pub name: &'static str,
    /// Where it is.
    pub to: To,
    /// The headers beside those that every request has.
    pub headers: &'static [(&'static str, Template)],
}

/// Where a target is.
#[derive(Debug, Clone, Copy)]
pub enum To {
    /// An HTTP API.
    Url {
        /// The HTTP method.
        method: &'static str,
        /// The address.
        url: Template,
    },
    /// A topic of Kafka that other services read.
    Topic {
        /// Its name.
        name: &'static str,
        /// Format of the values of records; protobuf for app events only.
        format: Format,
        /// The key of a record.
        key: Option<RecordKey>,
    },
}

/// Function that makes the key of a record; an empty text is none.
#[derive(Debug, Clone, Copy)]
pub enum RecordKey {
    /// Of a JSON message.
    Message(TextOf),
    /// Of an app event.
    Event(TextOfEvent),
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Aim {
    /// Index of its target.
    pub target: usize,
    /// Key of its record, if its target is a topic and it has one.
    pub key: Option<String>,
}

/// What a message is sent as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Where it goes.
    pub aim: Aim,
    /// The JSON text, or the protobuf message of a record.
    pub body: Vec<u8>,
}

/// A text with variables of the server's environment in it.
pub type Template = &'static [Piece];

/// A part of such a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// Literal text.
    Text(&'static str),
    /// The value of this variable.
    Variable(&'static str),
}

/// So many in so much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Number of attempts.
    pub count: u32,
    /// In how many milliseconds.
    pub per_ms: u32,
}

impl Request {
    /// Where a message goes.
    ///
    /// # Errors
    ///
    /// If it doesn't fit its shape, has no target, or has something that is no key.
    pub fn aim(&self, unit: Unit<'_>) -> Result<Aim, RowError> {
        let target = match (self.make, unit) {
            (Make::Messages { choose, .. }, Unit::Message(shape, message)) => {
                json::check(message.body, shape)?;
                choose(message)?
            }
            (Make::Events { choose, .. }, Unit::Event(envelope, group)) => {
                group.check(envelope)?;
                choose(group)?
            }
            _ => return Err(RowError::Layout("of such messages")),
        };
        let key = match self.targets.get(target).map(|target| target.to) {
            Some(To::Topic { key: Some(key), .. }) => Some(key.of(unit)?),
            _ => None,
        };
        Ok(Aim {
            target,
            key: key.filter(|key| !key.is_empty()),
        })
    }

    /// What a message is sent as, and where to.
    ///
    /// # Errors
    ///
    /// If it has no [`aim`](Request::aim), isn't well formed, or a value in it can't be written as the request says.
    pub fn made_of(&self, unit: Unit<'_>, cx: &Context) -> Result<Made, RowError> {
        let aim = self.aim(unit)?;
        let format = self.targets.get(aim.target).map(Target::format);
        let body = match (self.make, unit) {
            (_, Unit::Event(envelope, group)) if format == Some(Format::Protobuf) => {
                group.request(envelope)
            }
            (Make::Messages { body, .. }, Unit::Message(_, message)) => body(message, cx)?,
            (Make::Events { body, .. }, Unit::Event(_, group)) => body(group, cx)?,
            _ => return Err(RowError::Layout("of such messages")),
        };
        Ok(Made { aim, body })
    }
}

impl RecordKey {
    fn of(self, unit: Unit<'_>) -> Result<String, RowError> {
        match (self, unit) {
            (RecordKey::Message(key), Unit::Message(_, message)) => key(message),
            (RecordKey::Event(key), Unit::Event(_, group)) => key(group),
            _ => Err(RowError::Layout("of such messages")),
        }
    }
}

impl Target {
    /// Format of what it gets: JSON, but for topics that say otherwise.
    pub fn format(&self) -> Format {
        match self.to {
            To::Topic { format, .. } => format,
            To::Url { .. } => Format::Json,
        }
    }

    /// Content type of what it gets.
    pub fn content_type(&self) -> &'static str {
        match self.format() {
            Format::Json => JSON,
            Format::Protobuf => PROTOBUF,
        }
    }

    /// The variables that it needs, each once.
    pub fn variables(&self) -> Vec<&'static str> {
        let headers = self.headers.iter().map(|(_, value)| *value);
        let url = match self.to {
            To::Url { url, .. } => Some(url),
            To::Topic { .. } => None,
        };
        let mut found = Vec::new();
        for piece in url.into_iter().chain(headers).flatten() {
            if let Piece::Variable(name) = piece
                && !found.contains(name)
            {
                found.push(*name);
            }
        }
        found
    }
}
