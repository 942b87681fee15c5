//! Sources as meant: how events arrive, and who may send them.

use prost_reflect::MessageDescriptor;

use super::{Route, Value};

/// A way in.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// How events arrive.
    pub intake: Intake,
    /// Where they are published.
    pub exchange: String,
    /// Where refused ones are published: exchange and routing key.
    pub rejects: Option<Route>,
    /// Its bounds.
    pub pool: Pool,
}

/// How events arrive.
#[derive(Debug, Clone)]
pub enum Intake {
    /// gRPC, and proto3 JSON over HTTP at `json_path`.
    Grpc {
        /// Full service name.
        service: String,
        /// Method name.
        method: String,
        /// HTTP path for JSON.
        json_path: String,
    },
    /// A JSON object a request.
    Post {
        /// HTTP path.
        path: String,
        /// What the object looks like.
        message: MessageDescriptor,
        /// A constant, or an expression over the body.
        routing_key: RoutingKey,
        /// Whether the request's headers are kept.
        headers: bool,
        /// How a request proves where it comes from.
        verify: Option<Verify>,
        /// What tells its messages apart.
        id: IdFrom,
        /// What is done with a message that can't be stored.
        on_bad: OnBad,
    },
}

/// What the id of a JSON message is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdFrom {
    /// Nothing that is sent.
    Request,
    /// The AMQP property, or else body and position.
    MessageId,
    /// A header and the body.
    Header(String),
    /// Fields of the body, each a path of names, and the body.
    Fields(Vec<Vec<String>>),
}

/// What is done with a message that can't be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBad {
    /// It is kept, and its sender told.
    Keep,
    /// It is refused.
    Refuse,
}

/// How a request proves where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verify {
    /// The environment variable that holds the secret.
    pub variable: String,
    /// What is done with it.
    pub scheme: Scheme,
}

/// What a secret is used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC-SHA256 of the body.
    Hmac {
        /// The header that holds it.
        header: String,
        /// How it is written.
        encoding: Encoding,
        /// What stands before it.
        prefix: String,
    },
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`.
    Basic,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal digits.
    Hex,
    /// Base64.
    Base64,
}

/// Where a webhook's routing key comes from.
#[derive(Debug, Clone)]
pub enum RoutingKey {
    /// `routing_key: NAME`.
    Constant(String),
    /// `routing_key_from: EXPRESSION`.
    Computed(Value),
}

/// A pool's bounds.
#[derive(Debug, Clone)]
pub struct Pool {
    /// Requests prepared at once.
    pub workers: u16,
    /// Requests waiting.
    pub buffer: u32,
    /// Bytes unanswered.
    pub bytes: u64,
    /// Wait for a place.
    pub timeout_ms: u64,
    /// Largest request in bytes.
    pub max_request: u32,
}
