//! Requests: how a JSON message is forwarded to an HTTP API, or to a topic of Kafka.

use std::ops::RangeInclusive;

use super::row::{Context, Message, TextOf};
use crate::json;
use crate::protobuf::Shape;
use crate::row_error::RowError;

/// Request that forwards messages.
#[derive(Debug)]
pub struct Request {
    /// Its name in `pipeline.yaml`.
    pub name: &'static str,
    /// Targets of its messages.
    pub targets: &'static [Target],
    /// Function that chooses the target of a message.
    pub choose: fn(&Message<'_>) -> Result<usize, RowError>,
    /// The JSON text that a message is sent as.
    pub body: fn(&Message<'_>, &Context) -> Result<Vec<u8>, RowError>,
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
        /// The key of a record; an empty text is none.
        key: Option<TextOf>,
    },
}

/// What a message is sent as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Index of its target.
    pub target: usize,
    /// The JSON text.
    pub body: Vec<u8>,
    /// Key of its record, if its target is a topic and it has one.
    pub key: Option<String>,
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
    /// What a message of this shape is sent as, and where to.
    ///
    /// # Errors
    ///
    /// If it doesn't fit its shape, has no target, or a value in it can't be written as the request says.
    pub fn made_of(
        &self,
        shape: &Shape,
        message: &Message<'_>,
        cx: &Context,
    ) -> Result<Made, RowError> {
        json::check(message.body, shape)?;
        let target = (self.choose)(message)?;
        let key = match self.targets.get(target).map(|target| target.to) {
            Some(To::Topic { key: Some(key), .. }) => Some(key(message)?),
            _ => None,
        };
        Ok(Made {
            target,
            body: (self.body)(message, cx)?,
            key: key.filter(|key| !key.is_empty()),
        })
    }
}

impl Target {
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
