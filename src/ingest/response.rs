//! What a request's sender is told.

use super::as_json::AsJson;
use super::pool::Full;
use super::scan::{Event, Refused, Verdict};
use crate::broker::PublishError;
pub use crate::generated::proto::event::{RejectCode, RejectedEvent, Response};
use crate::proto_json::{Unread, Warnings};
use crate::weight;

/// How many rejected events a response lists.
const LISTED: usize = 1000;

/// For how many of them it is said which known type may have been meant.
const SUGGESTED: usize = 20;

/// How many rejected events a response's text names.
const NAMED: usize = 3;

/// Events that were not accepted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rejected {
    /// The first of them; of many, those before others that are to be sent again.
    pub listed: Vec<RejectedEvent>,
    /// How many there are in all.
    pub count: usize,
    /// How many of those there was no room to keep for now; they are to be sent again.
    pub retryable: usize,
    /// If some of those are of more unknown types than are kept of one request: how many are.
    pub types: Option<usize>,
}

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
    /// The header is more than each event of a request may repeat.
    #[error(
        "the header has {size} bytes, and at most {limit} are allowed: each event of the request comes to repeat it"
    )]
    HeaderTooHeavy {
        /// The header's size, in bytes.
        size: usize,
        /// The largest header, in bytes.
        limit: usize,
    },
    /// The request would become more than a request may.
    #[error("the request would become {weight} bytes, and at most {limit} are allowed: {why}")]
    TooHeavy {
        /// What it would become, in bytes.
        weight: u64,
        /// The most that a request may become, in bytes.
        limit: u64,
        /// What makes it so heavy, and what would be right.
        why: String,
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
    /// A value of a JSON message has no place in the column where it belongs.
    #[error("{reason}")]
    Value {
        /// The column.
        place: String,
        /// What is wrong, the column's name included.
        reason: String,
    },
    /// A message can't be stored, and there is no room for now to keep it.
    #[error(
        "the message can't be stored, and there is no room to keep it for now; send it later, or mend it: {0}"
    )]
    NoRoomToKeep(String),
    /// It isn't known whether a message is stored, and it would be another one if it were sent again.
    #[error(
        "it is not certain that the message is stored: {0}. It has no id that its sender gave it, so that it may be there \
         twice if it is sent again"
    )]
    Unsure(String),
    /// Every event is wrong.
    #[error("no event of the request can be taken: {}", named(.0))]
    NoneTaken(Rejected),
    /// There is no room for now to keep events that a later build may know, and all are, or too many to be listed.
    #[error(
        "events of unknown types can't be kept for now ({} of them); repeat the whole request later, it is safe: {}",
        .0.retryable, named(.0)
    )]
    NoRoom(Rejected),
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
            Refusal::HeaderTooHeavy { .. } | Refusal::TooHeavy { .. } => "too_heavy",
            Refusal::NoRoom(_) | Refusal::NoRoomToKeep(_) => "no_room",
            Refusal::Unauthorized => "unauthorized",
            Refusal::Off => "off",
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

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        Refusal::Invalid(format!("the body can't be read as a request: {unread}"))
    }
}

impl Refusal {
    /// The same where repeating the request could store it twice.
    pub(super) fn not_repeatable(self) -> Self {
        match self {
            Refusal::Unavailable(error) => Refusal::Unsure(error.to_string()),
            Refusal::Late => Refusal::Unsure("there was no answer in time".to_owned()),
            other => other,
        }
    }

    /// The events that it lists.
    pub(super) fn rejected_mut(&mut self) -> Option<&mut Rejected> {
        match self {
            Refusal::NoneTaken(rejected) | Refusal::NoRoom(rejected) => Some(rejected),
            _ => None,
        }
    }
}

/// The response to a request of which at least one event was taken.
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

/// The response to a request that was not taken, for those who can't be told by a gRPC status.
pub(super) fn error(mut refusal: Refusal) -> Response {
    let message = refusal.to_string();
    let rejected = refusal.rejected_mut().map(std::mem::take);
    let rejected = rejected.unwrap_or_default();
    Response {
        status: "ERROR".to_owned(),
        message,
        rejected: rejected.listed,
        accepted: 0,
        rejected_count: count(rejected.count),
        warnings: Vec::new(),
        warning_count: 0,
    }
}

/// Whether an event that is not accepted is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is stored all the same, for a later build to replay.
    Yes,
    /// It would be, but for the moment there is no room.
    NotNow,
    /// Its request has more unknown types than are kept of one. Without those it would be kept.
    TooMany {
        /// How many are kept.
        types: usize,
    },
    /// Nothing of its kind is kept here; another server may know it.
    Nowhere,
    /// It may be, or not: its sender has to mend it.
    Regardless,
}

impl Rejected {
    /// Adds an event of the request, in words if it is one of the first.
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
        };
        let mut reason = event.verdict.reason();
        if let (Verdict::UnknownName(name), Some(json)) = (&event.verdict, json)
            && self.listed.len() < SUGGESTED
            && let Some(meant) = json.meant(name)
        {
            reason.push_str(&format!(" (did you mean `{meant}`?)"));
        }
        // What is wrong may stand before the id, so that of a bad event it is looked for again.
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
            // A server that knows the type may take it. If it is kept here, it need not be sent again.
            retryable: retryable || kept == Kept::Nowhere,
        });
    }

    /// What the list takes until it is written to the socket.
    pub(super) fn weight(&self) -> u64 {
        let texts = self.listed.iter().map(|e| e.id.len() + e.reason.len());
        weight::answer(self.listed.len(), texts.sum())
    }

    /// Whether all are listed that are to be sent again. Else their sender has to repeat the whole request.
    pub(super) fn tells_what_to_repeat(&self) -> bool {
        self.retryable <= self.listed.iter().filter(|e| e.retryable).count()
    }

    /// What is told if they don't.
    pub(super) fn unlisted(self) -> Refusal {
        match self.types {
            // The same request would be told the same for ever.
            Some(types) if self.retryable > LISTED => Refusal::Invalid(format!(
                "{} events are of types that this server doesn't know, of more than {types} types, and an answer can list {LISTED} to be sent again; send at most {types} unknown types at once",
                self.retryable
            )),
            _ => Refusal::NoRoom(self),
        }
    }

    /// Lists only those that are named in the text.
    pub(super) fn shorten(&mut self) {
        self.listed.truncate(NAMED);
        self.listed.shrink_to_fit();
    }
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// The beginning of an id.
fn shown(id: &[u8]) -> String {
    String::from_utf8_lossy(id).chars().take(200).collect()
}

/// The first few rejected events in words.
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
