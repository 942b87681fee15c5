//! Sources as meant: how events arrive, and who may send them.

use prost_reflect::MessageDescriptor;

use super::{PartitionKey, Route, Value};

/// A way in.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name.
    pub name: String,
    /// Who may send.
    pub auth: Auth,
    /// Intake of its events.
    pub intake: Intake,
    /// Exchange to which they are published.
    pub exchange: String,
    /// Route of refused ones: exchange and routing key.
    pub rejects: Option<Route>,
    /// Its bounds.
    pub pool: Pool,
    /// Pages that may send from other origins.
    pub cors: Option<Cors>,
    /// Partition key of its events; none if no queue that they get to has partitions.
    pub partition_by: Option<PartitionKey>,
}

/// Pages that may send to a source from other origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// Their origins.
    pub origins: Vec<String>,
    /// How long a browser may remember a preflight, in seconds.
    pub max_age_s: u32,
    /// True if their requests may carry credentials.
    pub credentials: bool,
}

/// Who may send to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Clients with a write key or a token.
    Keys,
    /// Anybody, as far as `verify` allows.
    None,
}

/// Intake of a source's events.
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
        /// Message of the body.
        message: MessageDescriptor,
        /// A constant, or an expression over the body.
        routing_key: RoutingKey,
        /// True if the request's headers are kept.
        headers: bool,
        /// Authentication of requests; none for `verify: none`.
        verify: Option<Verify>,
        /// Rule for the id of its messages.
        id: IdFrom,
        /// Policy for messages that can't be stored.
        on_bad: OnBad,
    },
}

/// Rule for the id of a JSON message.
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

/// Policy for messages that can't be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBad {
    /// It is kept, and its sender told.
    Keep,
    /// It is refused.
    Refuse,
}

/// Authentication of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verify {
    /// The environment variable that holds the secret.
    pub variable: String,
    /// Authentication scheme.
    pub scheme: Scheme,
}

/// Authentication scheme: how a secret is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC-SHA256 in a header.
    Hmac(Box<Signature>),
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: Basic`.
    Basic,
    /// A segment behind the source's path.
    Path,
}

/// Signature of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The header that holds it.
    pub header: String,
    /// Text encoding of the signature.
    pub encoding: Encoding,
    /// Prefix of the signature.
    pub prefix: String,
    /// What else the header holds.
    pub form: SignatureForm,
    /// What the secret looks like.
    pub secret: SecretForm,
    /// What is signed, piece by piece.
    pub signed: Vec<Signed>,
    /// The time that is signed, if there is one.
    pub time: Option<SignedTime>,
}

/// What a header of signatures holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureForm {
    /// One signature.
    One,
    /// Signatures between spaces.
    Spaced,
    /// The time as `t=`, and signatures, between commas.
    Pairs,
}

/// What a secret looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretForm {
    /// It is the key itself.
    Text,
    /// The key is in base64, behind `whsec_`.
    Base64,
}

/// A piece of what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// This text.
    Text(String),
    /// The signed time, as it is written.
    Time,
    /// A header's value.
    Header(String),
    /// The body.
    Body,
}

/// A time that is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedTime {
    /// The header that holds it; none if the header of the signature does.
    pub header: Option<String>,
    /// How far it may be from the server's clock, in milliseconds.
    pub tolerance_ms: u64,
}

/// Text encoding of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal digits.
    Hex,
    /// Base64.
    Base64,
}

/// Routing key of a webhook's messages.
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
