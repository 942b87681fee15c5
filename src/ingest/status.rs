//! gRPC status of a refusal.

use std::time::Duration;

use prost::Message as _;
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use super::body::Unread;
use super::response::Refusal;
use crate::access::Kind;

/// Retry delay of a client that was refused for lack of room, in seconds.
pub const RETRY_AFTER_SECONDS: i64 = 1;

/// Metadata with the retry delay, like HTTP's header.
const RETRY_AFTER: &str = "retry-after";

/// `google.rpc.Status`, as it travels in `grpc-status-details-bin`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// `google.rpc.RetryInfo`.
#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<prost_types::Duration>,
}

/// `google.rpc.ErrorInfo`.
#[derive(Clone, PartialEq, prost::Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    metadata: std::collections::BTreeMap<String, String>,
}

/// True if the same request may succeed if it is repeated after [`RETRY_AFTER_SECONDS`], and if that is safe.
pub(super) fn may_repeat(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Full
            | Refusal::NoRoom(_)
            | Refusal::NoRoomToKeep(_)
            | Refusal::Unavailable(_)
            | Refusal::Late
    )
}

/// Status of a refusal, with the reason, and if and when to retry.
pub fn status(refusal: &Refusal) -> Status {
    let message = refusal.to_string();
    match refusal {
        Refusal::Full | Refusal::NoRoom(_) | Refusal::NoRoomToKeep(_) => {
            repeat_later(Code::ResourceExhausted, message)
        }
        Refusal::Unavailable(_) | Refusal::Late => repeat_later(Code::Unavailable, message),
        // The code that tonic itself uses. A full pool has another one, because a retry helps there.
        Refusal::TooLarge { .. } | Refusal::HeadersTooLarge { .. } => Status::out_of_range(message),
        Refusal::HeaderTooHeavy { size, limit } => {
            too_heavy("HEADER_TOO_HEAVY", *size as u64, *limit as u64, message)
        }
        Refusal::TooHeavy { weight, limit, .. } => {
            too_heavy("REQUEST_TOO_HEAVY", *weight, *limit, message)
        }
        Refusal::Unauthorized => Status::unauthenticated(message),
        Refusal::Denied(denied) => match (denied.reason.kind(), denied.wait) {
            (Kind::Unauthenticated, _) => Status::unauthenticated(message),
            (Kind::Forbidden, _) => Status::permission_denied(message),
            (Kind::OverRate, wait) => {
                let wait = wait.map_or(RETRY_AFTER_SECONDS, whole_seconds);
                repeat_after(Code::ResourceExhausted, message, wait)
            }
            (Kind::Off, _) => Status::unavailable(message),
        },
        Refusal::Replayed => Status::already_exists(message),
        Refusal::SwitchedOff(_) => Status::permission_denied(message),
        Refusal::Off | Refusal::Unsure(_) => Status::unavailable(message),
        Refusal::Invalid(_)
        | Refusal::Field { .. }
        | Refusal::Value { .. }
        | Refusal::NoneTaken(_) => Status::invalid_argument(message),
        Refusal::Internal(_) => Status::internal(message),
    }
}

/// Status of a request that is too heavy, with its weight and the limit for programs.
fn too_heavy(reason: &str, size: u64, limit: u64, message: String) -> Status {
    let info = ErrorInfo {
        reason: reason.to_owned(),
        domain: "event-grpc".to_owned(),
        metadata: [("size", size), ("limit", limit)]
            .map(|(name, value)| (name.to_owned(), value.to_string()))
            .into(),
    };
    let detail = any("google.rpc.ErrorInfo", &info);
    with_detail(Code::OutOfRange, message, detail)
}

/// Status of a request that could not be read.
pub fn unread(unread: &Unread) -> Status {
    let message = unread.to_string();
    match unread {
        Unread::Full | Unread::Share { .. } | Unread::GivenUp => {
            repeat_later(Code::ResourceExhausted, message)
        }
        Unread::TooLarge { .. } => Status::out_of_range(message),
        Unread::Slow { .. } => Status::deadline_exceeded(message),
        Unread::Encoding { .. } => Status::unimplemented(message),
        Unread::Broken(_) | Unread::NotPacked { .. } => Status::invalid_argument(message),
        Unread::Framing { code, .. } => Status::new(*code, message),
    }
}

fn repeat_later(code: Code, message: String) -> Status {
    repeat_after(code, message, RETRY_AFTER_SECONDS)
}

/// A time to wait in whole seconds, at least one and at most an hour.
pub fn whole_seconds(wait: Duration) -> i64 {
    const HOUR: f64 = 3600.0;
    wait.as_secs_f64().ceil().clamp(1.0, HOUR) as i64
}

fn repeat_after(code: Code, message: String, seconds: i64) -> Status {
    let retry = RetryInfo {
        retry_delay: Some(prost_types::Duration { seconds, nanos: 0 }),
    };
    let mut status = with_detail(code, message, any("google.rpc.RetryInfo", &retry));
    // For clients that can't read details, pages and proxies among them.
    let seconds = MetadataValue::from(seconds);
    status.metadata_mut().insert(RETRY_AFTER, seconds);
    status
}

fn any(name: &str, detail: &impl prost::Message) -> prost_types::Any {
    prost_types::Any {
        type_url: format!("type.googleapis.com/{name}"),
        value: detail.encode_to_vec(),
    }
}

fn with_detail(code: Code, message: String, detail: prost_types::Any) -> Status {
    let details = RpcStatus {
        code: code.into(),
        message: message.clone(),
        details: vec![detail],
    };
    Status::with_details(code, message, details.encode_to_vec().into())
}
