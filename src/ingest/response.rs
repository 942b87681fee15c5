//! What a request's sender is told.

use super::pool::Full;
use super::scan::{Event, Refused, Verdict};
use crate::broker::PublishError;
pub use crate::generated::proto::event::{RejectCode, RejectedEvent, Response};

/// How many rejected events of a response have their id and reason; the others have index and code only.
const IN_WORDS: usize = 1000;

/// How many rejected events an error's text names.
const NAMED: usize = 3;

/// Why a request was not taken.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The pool is full; later it may have room.
    #[error("the server has as many requests as it can hold; try again in a second")]
    Full,
    /// The request is larger than the source takes.
    #[error("the request is larger than {limit} bytes; send fewer events at once")]
    TooLarge {
        /// The largest request, in bytes.
        limit: usize,
    },
    /// The request is wrong, and stays so.
    #[error("{0}")]
    Invalid(String),
    /// A field of a JSON message is wrong.
    #[error("field `{field}`: {reason}")]
    Field {
        /// The field's name, dotted where it is nested.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Every event is wrong.
    #[error("{}", none_taken(.0))]
    NoneTaken(Vec<RejectedEvent>),
    /// The broker didn't take all of it, or nobody knows.
    #[error(
        "it is not certain that everything is stored: {0}; repeat the whole request, it is safe"
    )]
    Unavailable(PublishError),
    /// The answer didn't come in time.
    #[error("there was no answer in time; repeat the whole request, it is safe")]
    Late,
    /// The request doesn't prove where it comes from. Which part of the proof is wrong is nobody's business.
    #[error("the request is not signed as it should be")]
    Unauthorized,
    /// The source takes no requests at present.
    #[error("this path takes no requests at present; the server's log says why")]
    Off,
    /// A request's headers are more than are kept.
    #[error("the headers are longer than {limit} bytes")]
    HeadersTooLarge {
        /// The most that is kept, in bytes.
        limit: usize,
    },
    /// A fault of ours.
    #[error("{0}")]
    Internal(String),
}

impl Refusal {
    /// A short stable word for metrics.
    pub fn outcome(&self) -> &'static str {
        match self {
            Refusal::Full => "full",
            Refusal::TooLarge { .. } | Refusal::HeadersTooLarge { .. } => "too_large",
            Refusal::Unauthorized => "unauthorized",
            Refusal::Off => "off",
            Refusal::Invalid(_) | Refusal::Field { .. } | Refusal::NoneTaken(_) => "invalid",
            Refusal::Unavailable(_) => "unavailable",
            Refusal::Late => "late",
            Refusal::Internal(_) => "internal",
        }
    }
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Self {
        if error.retry_helps() {
            return Refusal::Unavailable(error);
        }
        tracing::error!(%error, "A message can't be published.");
        Refusal::Internal(error.to_string())
    }
}

impl From<Full> for Refusal {
    fn from(_: Full) -> Self {
        Refusal::Full
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Refusal::Invalid(refused.to_string())
    }
}

/// The response to a request of which at least one event was taken.
pub fn success(accepted: usize, rejected: Vec<RejectedEvent>) -> Response {
    let message = match rejected.len() {
        0 => String::new(),
        _ => named(&rejected),
    };
    Response {
        status: "SUCCESS".to_owned(),
        message,
        rejected,
        accepted: i32::try_from(accepted).unwrap_or(i32::MAX),
    }
}

/// The response to a request that was not taken, for those who can't be told by a gRPC status.
pub fn error(refusal: &Refusal) -> Response {
    let rejected = match refusal {
        Refusal::NoneTaken(rejected) => rejected.clone(),
        _ => Vec::new(),
    };
    Response {
        status: "ERROR".to_owned(),
        message: refusal.to_string(),
        rejected,
        accepted: 0,
    }
}

/// An event that is not accepted, as number `before` of those of its request. `kept` says whether it is stored all
/// the same, for a later build to replay.
pub(super) fn rejected(
    before: usize,
    index: usize,
    event: &Event<'_>,
    kept: bool,
) -> RejectedEvent {
    let (code, retryable) = match event.verdict {
        Verdict::Good(_) => (RejectCode::Unspecified, true),
        // A server that knows the type may take it. If it is kept here, it need not be sent again.
        Verdict::UnknownType(_) => (RejectCode::UnknownType, !kept),
        Verdict::NoType => (RejectCode::NoType, false),
        Verdict::BadTimestamp(_) => (RejectCode::BadTimestamp, false),
        Verdict::Malformed(_) => (RejectCode::Malformed, false),
    };
    let (id, mut reason) = if before < IN_WORDS {
        (shown(event.id), event.verdict.reason())
    } else {
        (String::new(), String::new())
    };
    if kept && !reason.is_empty() {
        reason.push_str("; it is kept until one knows it");
    }
    RejectedEvent {
        index: i32::try_from(index).unwrap_or(i32::MAX),
        id,
        reason,
        code: code.into(),
        retryable,
    }
}

/// The beginning of an id.
fn shown(id: &[u8]) -> String {
    String::from_utf8_lossy(id).chars().take(200).collect()
}

fn none_taken(rejected: &[RejectedEvent]) -> String {
    format!("no event of the request can be taken: {}", named(rejected))
}

/// The first few rejected events in words.
fn named(rejected: &[RejectedEvent]) -> String {
    let mut text = String::new();
    for event in rejected.iter().take(NAMED) {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&format!("event {}: {}", event.index, event.reason));
    }
    if let Some(more) = rejected.len().checked_sub(NAMED).filter(|more| *more > 0) {
        text.push_str(&format!("; and {more} more"));
    }
    text
}
