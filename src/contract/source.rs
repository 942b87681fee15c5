//! Sources: the ways in, and what they ask of a request.

use super::envelope::Envelope;
use super::exchange::Route;
use super::ids::IdFrom;
use super::partition::PartitionBy;
use super::row::TextOf;
use crate::protobuf::Shape;

/// A way in: a gRPC method or an HTTP path, with its pool and where its events go.
#[derive(Debug)]
pub struct Source {
    /// The name in `pipeline.yaml`, used in metrics and environment variables.
    pub name: &'static str,
    /// Who may send.
    pub auth: Auth,
    /// Intake of its events.
    pub intake: Intake,
    /// The exchange that its messages are published to.
    pub exchange: &'static str,
    /// Route of refused messages; none if they are not kept.
    pub rejects: Option<Route>,
    /// The bounds of its pool.
    pub pool: Pool,
    /// Pages that may send from other origins; none if none may, unless a deployment names some.
    pub cors: Option<Cors>,
    /// Partition key of its events; none if no queue of its exchange has partitions.
    pub partition_by: Option<PartitionBy>,
}

/// Pages that may send to a source from other origins than its own.
#[derive(Debug, Clone, Copy)]
pub struct Cors {
    /// Origins as browsers send them. In place of a `*` at the start of a host may be one label, and `*` alone is every
    /// origin.
    pub origins: &'static [&'static str],
    /// How long a browser may remember the answer to a preflight, in seconds.
    pub max_age_s: u32,
    /// True if their requests may carry credentials that the browser has, such as a client certificate.
    pub credentials: bool,
}

/// Who may send to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Clients that prove who they are, by a write key or a token.
    Keys,
    /// Anybody, as far as the source's own `verify` allows.
    None,
}

/// Intake of a source's events.
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
        /// Layout of a batch.
        envelope: &'static Envelope,
    },
    /// One JSON object a request.
    Post {
        /// The HTTP path.
        path: &'static str,
        /// Shape of the body.
        message: &'static Shape,
        /// Routing key, or how to compute it.
        routing_key: RoutingKey,
        /// True if the request's headers are kept beside the body.
        headers: bool,
        /// Authentication of requests; none if anybody may send.
        verify: Option<Verify>,
        /// Rule for the id of its message.
        id: IdFrom,
        /// Policy for messages that can't be stored.
        on_bad: OnBad,
    },
}

/// Policy of a webhook for messages that can't be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBad {
    /// It keeps the message as a dead letter, and says so: its sender needn't do anything.
    Keep,
    /// It refuses the message, and keeps it too as far as there is room.
    Refuse,
}

/// Authentication of requests.
#[derive(Debug, Clone, Copy)]
pub struct Verify {
    /// The environment variable that holds the secret; the one before it is in `VARIABLE_PREVIOUS`.
    pub variable: &'static str,
    /// Authentication scheme.
    pub scheme: Scheme,
}

/// Authentication scheme: how a secret is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC-SHA256 under the secret, in a header.
    Hmac(Signature),
    /// The secret itself, as `Authorization: Bearer`.
    Bearer,
    /// The secret is `user:password`, as `Authorization: Basic`.
    Basic,
    /// The secret is the segment behind the source's path.
    Path,
}

/// Signature of a request: HMAC-SHA256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// The header that holds it, in lower case.
    pub header: &'static str,
    /// Text encoding of the signature.
    pub encoding: Encoding,
    /// Prefix of the signature.
    pub prefix: &'static str,
    /// What else the header holds.
    pub form: SignatureForm,
    /// What the secret looks like.
    pub secret: SecretForm,
    /// What is signed, piece by piece.
    pub signed: &'static [Signed],
    /// The time that is signed, if there is one.
    pub time: Option<SignedTime>,
}

impl Signature {
    /// Signature of the raw body, and of nothing else.
    pub const fn of_body(header: &'static str, encoding: Encoding, prefix: &'static str) -> Self {
        Signature {
            header,
            encoding,
            prefix,
            form: SignatureForm::One,
            secret: SecretForm::Text,
            signed: &[Signed::Body],
            time: None,
        }
    }
}

/// What a header of signatures holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureForm {
    /// One signature.
    One,
    /// Signatures between spaces, of which one has to be right.
    Spaced,
    /// The time as `t=`, and signatures of which one has to be right, between commas.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// This text.
    Text(&'static str),
    /// The signed time, as it is written.
    Time,
    /// A header's value; its name is in lower case.
    Header(&'static str),
    /// The raw body.
    Body,
}

/// A time that is signed, in seconds or milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignedTime {
    /// The header that holds it, in lower case; none if the header of the signature does.
    pub header: Option<&'static str>,
    /// How far it may be from the server's clock, in milliseconds.
    pub tolerance_ms: u64,
}

/// Text encoding of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal digits, of either case.
    Hex,
    /// Base64 with padding.
    Base64,
}

/// Routing key of a webhook's messages.
#[derive(Debug)]
pub enum RoutingKey {
    /// Always this one.
    Constant(&'static str),
    /// Computed from the body.
    Computed(TextOf),
}

/// The bounds of a source's pool.
#[derive(Debug, Clone, Copy)]
pub struct Pool {
    /// Maximum number of requests that are prepared at once.
    pub workers: u16,
    /// Maximum number of requests that wait for a worker.
    pub buffer: u32,
    /// Maximum weight of unanswered requests, in bytes.
    pub bytes: u64,
    /// Timeout of a waiting request, in milliseconds.
    pub timeout_ms: u64,
    /// Maximum size of a request, in bytes.
    pub max_request: u32,
}
