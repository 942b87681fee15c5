//! How a refusal looks in gRPC.

use prost::Message as _;
use tonic::{Code, Status};

use super::reading::Unread;
use super::response::Refusal;

/// When a client that was refused for want of room should try again.
pub const RETRY_AFTER_SECONDS: i64 = 1;

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

/// The status that says why a request was refused, and whether and when to repeat it.
pub fn status(refusal: &Refusal) -> Status {
    let message = refusal.to_string();
    match refusal {
        Refusal::Full => repeat_later(Code::ResourceExhausted, message),
        Refusal::Unavailable(_) | Refusal::Late => repeat_later(Code::Unavailable, message),
        // The code that tonic itself has for it. A full pool has another one, because there a repetition helps.
        Refusal::TooLarge { .. } | Refusal::HeadersTooLarge { .. } => Status::out_of_range(message),
        Refusal::Unauthorized => Status::unauthenticated(message),
        Refusal::Off => Status::unavailable(message),
        Refusal::Invalid(_) | Refusal::Field { .. } | Refusal::NoneTaken(_) => {
            Status::invalid_argument(message)
        }
        Refusal::Internal(_) => Status::internal(message),
    }
}

/// The status that says why a request could not be read.
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
    let retry = RetryInfo {
        retry_delay: Some(prost_types::Duration {
            seconds: RETRY_AFTER_SECONDS,
            nanos: 0,
        }),
    };
    let details = RpcStatus {
        code: code.into(),
        message: message.clone(),
        details: vec![prost_types::Any {
            type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
            value: retry.encode_to_vec(),
        }],
    };
    Status::with_details(code, message, details.encode_to_vec().into())
}
