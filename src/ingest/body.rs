//! Bodies of requests as they were read, or the reasons why not.

use std::time::Duration;

use bytes::Bytes;
use tonic::Code;

use crate::weight::Permit;

/// Body, or a part of it, with its share of the budget.
#[derive(Debug)]
pub struct Read {
    /// The bytes.
    pub bytes: Bytes,
    /// Its share, to be released when the request is answered.
    pub held: Permit,
}

/// Error while reading a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// The budget is used up; a retry may succeed.
    #[error("the server is at its limit of request bytes in memory; try again in a second")]
    Full,
    /// The connection has too many unfinished requests.
    #[error(
        "the unfinished requests of this connection have reached their limit of {share} bytes together; finish some"
    )]
    Share {
        /// Limit of one connection, in bytes.
        share: u64,
    },
    /// It is larger than the source accepts, as sent or decompressed.
    #[error("the request is larger than {limit} bytes; send fewer events at once")]
    TooLarge {
        /// Maximum size of a request, in bytes.
        limit: usize,
    },
    /// It arrives too slowly.
    #[error(
        "the body did not arrive in time: at least {least} bytes must arrive in {window:?}, and all of it in {longest:?}"
    )]
    Slow {
        /// So many bytes …
        least: usize,
        /// … should come in such a time …
        window: Duration,
        /// … and all in that.
        longest: Duration,
    },
    /// It made no progress while its room was needed.
    #[error("the body made no progress while its memory was needed for others; send it again")]
    GivenUp,
    /// The connection broke, or the body isn't valid HTTP.
    #[error("the body could not be read to its end: {0}")]
    Broken(String),
    /// Its encoding is unknown.
    #[error("the body's encoding is {found:?}; it must be {known}, or uncompressed")]
    Encoding {
        /// Declared encoding.
        found: String,
        /// Supported encodings.
        known: &'static str,
    },
    /// It isn't compressed as declared.
    #[error("the body is not {name}, as {header} says: {reason}")]
    NotPacked {
        /// The encoding.
        name: &'static str,
        /// Header that declared it.
        header: &'static str,
        /// Error.
        reason: String,
    },
    /// It isn't one gRPC message.
    #[error("{text}")]
    Framing {
        /// gRPC code.
        code: Code,
        /// Error.
        text: String,
    },
}

impl Unread {
    /// Short stable word for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Unread::Full => "full",
            Unread::Share { .. } => "share",
            Unread::TooLarge { .. } => "too_large",
            Unread::Slow { .. } => "slow",
            Unread::GivenUp => "given_up",
            Unread::Broken(_) => "broken",
            Unread::Encoding { .. } => "encoding",
            Unread::NotPacked { .. } => "not_packed",
            Unread::Framing { .. } => "framing",
        }
    }
}
