//! Sources: the ways in, and what they ask of a request.

use super::envelope::Envelope;
use super::exchange::Route;
use super::ids::IdFrom;
use super::row::Message;
use crate::protobuf::Shape;
use crate::row_error::Bad;

/// A way in: a gRPC method or an HTTP path, with its pool and where its events go.
#[derive(Debug)]
pub struct Source {
    /// The name in `pipeline.yaml`, used in metrics and environment variables.
    pub name: &'static str,
    /// How events arrive.
    pub intake: Intake,
    /// The exchange that its messages are published to.
    pub exchange: &'static str,
    /// Where messages that are refused at intake go; none if nothing keeps them.
    pub rejects: Option<Route>,
    /// The bounds of its pool.
    pub pool: Pool,
}

/// How a source's events arrive.
#[derive(Debug)]
pub enum Intake {
    /// Batches of typed events over gRPC (and as proto3 JSON over HTTP); the routing key is the type's name.
    Grpc {
        /// Full name of the service, as in `event.EventService`.
        service: &'static str,
        /// Name of the method.
        method: &'static str,
        /// The HTTP path that takes the same request as proto3 JSON.
        json_path: &'static str,
        /// How a batch is laid out.
        envelope: &'static Envelope,
    },
    /// One JSON object a request.
    Post {
        /// The HTTP path.
        path: &'static str,
        /// What the body must look like.
        message: &'static Shape,
        /// Where the routing key comes from.
        routing_key: RoutingKey,
        /// Whether the request's headers are kept beside the body.
        headers: bool,
        /// How a request proves where it comes from; none if anybody may send.
        verify: Option<Verify>,
        /// What the id of its message is made of.
        id: IdFrom,
        /// What is done with a message that can't be stored.
        on_bad: OnBad,
    },
}

/// What a webhook does with a message that can't be stored as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBad {
    /// It keeps the message as a dead letter, and says so: its sender needn't do anything.
    Keep,
    /// It refuses the message, and keeps it too as far as there is room.
    Refuse,
}

/// How a request proves where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Verify {
    /// The environment variable that holds the secret; the one before it is in `VARIABLE_PREVIOUS`.
    pub variable: &'static str,
    /// What is done with it.
    pub scheme: Scheme,
}

/// What a secret is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC-SHA256 of the raw body under the secret.
    Hmac {
        /// The header that holds it, in lower case.
        header: &'static str,
        /// How it is written.
        encoding: Encoding,
        /// What stands before it.
        prefix: &'static str,
    },
    /// The secret itself, as `Authorization: Bearer`.
    Bearer,
    /// The secret is `user:password`, as `Authorization: Basic`.
    Basic,
}

/// How a signature is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal digits, of either case.
    Hex,
    /// Base64 with padding.
    Base64,
}

/// Where a webhook's routing key comes from.
#[derive(Debug)]
pub enum RoutingKey {
    /// Always this one.
    Constant(&'static str),
    /// Computed from the body.
    Computed(fn(&Message<'_>) -> Result<String, Bad>),
}

/// The bounds of a source's pool.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// How many requests are prepared at once.
    pub workers: u16,
    /// How many requests may wait for a worker.
    pub buffer: u32,
    /// How many bytes of requests may be unanswered.
    pub bytes: u64,
    /// How long a request may wait for a place, in milliseconds.
    pub timeout_ms: u64,
    /// The largest request, in bytes.
    pub max_request: u32,
}
