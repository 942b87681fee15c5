//! Responses: what the sender of a request is told.

use std::sync::Arc;

use super::pool::Full;
use crate::access::Denied;
use crate::broker::PublishError;
use crate::events::{AsJson, Event, Refused, Verdict, refused};
pub use crate::generated::proto::event::{RejectCode, RejectedEvent, Response};
use crate::proto_json::{Unread, Warnings};
use crate::weight;

/// Maximum number of rejected events that a response lists.
const LISTED: usize = 1000;

/// Number of them for which the most similar known type is named.
const SUGGESTED: usize = 20;

/// Number of rejected events that a response's text names.
const NAMED: usize = 3;

/// Rejected events.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rejected {
    /// First rejected events; if there are many, retryable ones before others.
    pub listed: Vec<RejectedEvent>,
    /// Total number of rejected events.
    pub count: usize,
    /// Number of rejected events that could not be kept now; they are to be sent again.
    pub retryable: usize,
    /// Limit of unknown types of one request, if some of those exceed it.
    pub types: Option<usize>,
}

/// Refusal of a request.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The pool is full; a retry may succeed.
    #[error("the server is at its limit of concurrent requests; try again in a second")]
    Full,
    /// The request is larger than the source accepts.
    #[error("the request is larger than {limit} bytes; send fewer events at once")]
    TooLarge {
        /// Maximum size of a request, in bytes.
        limit: usize,
    },
    /// The header is larger than each event of a request may repeat.
    #[error(
        "the header has {size} bytes, and at most {limit} are allowed: each event of the request repeats it"
    )]
    HeaderTooHeavy {
        /// The header's size, in bytes.
        size: usize,
        /// Maximum size of a header, in bytes.
        limit: usize,
    },
    /// The request would take more memory than a request may.
    #[error(
        "the request would take {weight} bytes in memory, and at most {limit} are allowed: {why}"
    )]
    TooHeavy {
        /// Its weight, in bytes.
        weight: u64,
        /// Maximum weight of a request, in bytes.
        limit: u64,
        /// Cause, and what would be accepted.
        why: String,
    },
    /// The request is invalid; a retry doesn't help.
    #[error("{0}")]
    Invalid(String),
    /// A field of a JSON message is invalid.
    #[error("field `{field}`: {reason}")]
    Field {
        /// Name of the field, dotted if it is nested.
        field: String,
        /// Error.
        reason: String,
    },
    /// A value of a JSON message doesn't fit the column that it belongs to.
    #[error("{reason}")]
    Value {
        /// The column.
        place: String,
        /// Error, with the column's name.
        reason: String,
    },
    /// A message can't be stored, and there is no room to keep it now.
    #[error(
        "the message can't be stored, and the limit of dead letters is reached; send it later, or fix it: {0}"
    )]
    NoRoomToKeep(String),
    /// The outcome of a message is unknown, and repeating it would store it twice.
    #[error(
        "the message may or may not be stored: {0}. It has no id from its sender, so it may be stored \
         twice if it is sent again"
    )]
    Unsure(String),
    /// Every event is rejected.
    #[error("no event of the request was accepted: {}", named(.0))]
    NoneTaken(Rejected),
    /// All events, or more than can be listed, are of unknown types that can't be kept now.
    #[error(
        "events of unknown types can't be kept now ({} of them); repeat the whole request later, which is safe: {}",
        .0.retryable, named(.0)
    )]
    NoRoom(Rejected),
    /// The broker didn't confirm all of it.
    #[error(
        "the request may be stored in part: {}; repeat the whole request, which is safe", .0.told()
    )]
    Unavailable(PublishError),
    /// The answer didn't arrive in time.
    #[error("the broker did not answer in time; repeat the whole request, which is safe")]
    Late,
    /// The request isn't authorized. The answer doesn't tell which part of the proof is wrong.
    #[error("the request's signature or credentials are missing or wrong")]
    Unauthorized,
    /// The sender may not send this.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Another message was taken under the id of this delivery.
    #[error("another message was taken under the same delivery id; this one is not taken")]
    Replayed,
    /// The source is disabled.
    #[error("this source is disabled; the server's log says why")]
    Off,
    /// A switch refuses the message.
    #[error("this server takes no such messages now: they are switched off (`{0}`)")]
    SwitchedOff(Arc<str>),
    /// A request's headers exceed what is kept.
    #[error("the headers are longer than {limit} bytes")]
    HeadersTooLarge {
        /// Limit, in bytes.
        limit: usize,
    },
    /// Internal error.
    #[error("{0}")]
    Internal(String),
}

impl Refusal {
    /// Short stable word for metrics.
    pub fn outcome(&self) -> &'static str {
        match self {
            Refusal::Full => "full",
            Refusal::TooLarge { .. } | Refusal::HeadersTooLarge { .. } => "too_large",
            Refusal::HeaderTooHeavy { .. } | Refusal::TooHeavy { .. } => "too_heavy",
            Refusal::NoRoom(_) | Refusal::NoRoomToKeep(_) => "no_room",
            Refusal::Unauthorized => "unauthorized",
            Refusal::Denied(denied) => denied.reason.kind().outcome(),
            Refusal::Replayed => "replayed",
            Refusal::Off => "off",
            Refusal::SwitchedOff(_) => "switched_off",
            Refusal::Invalid(_)
            | Refusal::Field { .. }
            | Refusal::Value { .. }
            | Refusal::NoneTaken(_) => "invalid",
            Refusal::Unavailable(_) | Refusal::Unsure(_) => "unavailable",
            Refusal::Late => "late",
            Refusal::Internal(_) => "internal",
        }
    }
}

impl From<PublishError> for Refusal {
    fn from(error: PublishError) -> Self {
        if error.retry_helps() {
            tracing::debug!(%error, "A message could not be published now.");
            return Refusal::Unavailable(error);
        }
        tracing::error!(%error, "A message could not be published.");
        Refusal::Internal(error.told())
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

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        Refusal::Invalid(refused(&unread))
    }
}

impl Refusal {
    /// True if the content of the message is to blame.
    pub(super) fn is_of_content(&self) -> bool {
        matches!(
            self,
            Refusal::Invalid(_)
                | Refusal::Field { .. }
                | Refusal::Value { .. }
                | Refusal::NoRoomToKeep(_)
        )
    }

    /// Refusal of a request whose repetition could be stored twice.
    pub(super) fn not_repeatable(self) -> Self {
        match self {
            Refusal::Unavailable(error) => Refusal::Unsure(error.told()),
            Refusal::Late => Refusal::Unsure("the broker did not answer in time".to_owned()),
            other => other,
        }
    }

    /// Rejected events that it lists.
    pub(super) fn rejected_mut(&mut self) -> Option<&mut Rejected> {
        match self {
            Refusal::NoneTaken(rejected) | Refusal::NoRoom(rejected) => Some(rejected),
            _ => None,
        }
    }
}

/// Response to a request with at least one accepted event.
pub(super) fn success(accepted: usize, rejected: Rejected, warnings: Warnings) -> Response {
    let message = match rejected.count {
        0 => String::new(),
        _ => named(&rejected),
    };
    Response {
        status: "SUCCESS".to_owned(),
        message,
        rejected: rejected.listed,
        accepted: count(accepted),
        rejected_count: count(rejected.count),
        warning_count: count(warnings.count),
        warnings: warnings.listed,
    }
}

/// Response to a refused request, for clients that don't get a gRPC status.
pub(super) fn error(mut refusal: Refusal) -> Response {
    let message = refusal.to_string();
    let rejected = refusal.rejected_mut().map(std::mem::take);
    let rejected = rejected.unwrap_or_default();
    Response {
        rejected: rejected.listed,
        rejected_count: count(rejected.count),
        ..refused_as(message)
    }
}

/// Response to a request that is refused as a whole.
pub(super) fn refused_as(message: String) -> Response {
    Response {
        status: "ERROR".to_owned(),
        message,
        ..Response::default()
    }
}

/// What becomes of an event that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is kept, for a later build to replay.
    Yes,
    /// It would be kept, but the rate limit is reached.
    NotNow,
    /// Its request has more unknown types than are kept. Without those it would be kept.
    TooMany {
        /// Number of types that are kept.
        types: usize,
    },
    /// Its kind is not kept here; another server may know it.
    Nowhere,
    /// Kept or not, its sender has to fix it.
    Regardless,
}

impl Rejected {
    /// Adds a rejected event, with its reason if it is one of the first.
    pub(super) fn add(
        &mut self,
        index: usize,
        event: &Event<'_>,
        kept: Kept,
        json: Option<&AsJson<'_>>,
    ) {
        self.count += 1;
        let retryable = matches!(kept, Kept::NotNow | Kept::TooMany { .. });
        self.retryable += usize::from(retryable);
        if let Kept::TooMany { types } = kept {
            self.types = Some(types);
        }
        if self.listed.len() == LISTED {
            return;
        }
        let code = match event.verdict {
            Verdict::Good(_) => RejectCode::Unspecified,
            Verdict::UnknownType(_) | Verdict::UnknownName(_) => RejectCode::UnknownType,
            Verdict::NoType => RejectCode::NoType,
            Verdict::BadTimestamp(_) => RejectCode::BadTimestamp,
            Verdict::Malformed(_) => RejectCode::Malformed,
            Verdict::NotAllowed { .. } => RejectCode::NotAllowed,
            Verdict::SwitchedOff(_) => RejectCode::SwitchedOff,
        };
        let mut reason = event.verdict.reason();
        if let (Verdict::UnknownName(name), Some(json)) = (&event.verdict, json)
            && self.listed.len() < SUGGESTED
            && let Some(meant) = json.meant(name)
        {
            reason.push_str(&format!(" (did you mean `{meant}`?)"));
        }
        // The error may come before the id, so the id of a bad event is looked up again.
        let id = match (event.json, json) {
            (true, Some(json)) => shown(json.id(event.bytes).as_bytes()),
            _ => shown(event.id),
        };
        match kept {
            Kept::Yes => reason.push_str("; it is kept until one knows it"),
            Kept::NotNow => {
                reason.push_str(", and keeps no more of them for the moment; send it again");
            }
            Kept::TooMany { types } => reason.push_str(&format!(
                ", and keeps {types} unknown types of a request; send it again without those"
            )),
            Kept::Nowhere | Kept::Regardless => {}
        }
        self.listed.push(RejectedEvent {
            index: count(index),
            id,
            reason,
            code: code.into(),
            // A server that knows the type may accept it. If it is kept here, it need not be sent again.
            retryable: retryable || kept == Kept::Nowhere,
        });
    }

    /// Weight of the list until it is written to the socket.
    pub(super) fn weight(&self) -> u64 {
        let texts = self.listed.iter().map(|e| e.id.len() + e.reason.len());
        weight::answer(self.listed.len(), texts.sum())
    }

    /// True if all retryable events are listed. Otherwise the sender has to repeat the whole request.
    pub(super) fn tells_what_to_repeat(&self) -> bool {
        self.retryable <= self.listed.iter().filter(|e| e.retryable).count()
    }

    /// Refusal if they aren't.
    pub(super) fn unlisted(self) -> Refusal {
        match self.types {
            // The same request would get the same answer for ever.
            Some(types) if self.retryable > LISTED => Refusal::Invalid(format!(
                "{} events are of types that this server doesn't know, of more than {types} types, and an answer can list {LISTED} to be sent again; send at most {types} unknown types at once",
                self.retryable
            )),
            _ => Refusal::NoRoom(self),
        }
    }

    /// Lists only the events that the text names.
    pub(super) fn shorten(&mut self) {
        self.listed.truncate(NAMED);
        self.listed.shrink_to_fit();
    }
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Beginning of an id.
fn shown(id: &[u8]) -> String {
    String::from_utf8_lossy(id).chars().take(200).collect()
}

/// Text that names the first few rejected events.
fn named(rejected: &Rejected) -> String {
    let mut text = String::new();
    let mut more = rejected.count;
    for event in rejected.listed.iter().take(NAMED) {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(&format!("event {}: {}", event.index, event.reason));
        more = more.saturating_sub(1);
    }
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    if rejected.count > LISTED {
        text.push_str(&format!(
            " (of {} that were rejected the first {LISTED} are listed)",
            rejected.count
        ));
    }
    text
}
