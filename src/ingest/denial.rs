//! Refusals in HTTP that are denials, or the sum of those of events: the status, and what the headers of an answer say.

use axum::response::Response as HttpResponse;
use http::{HeaderValue, StatusCode, header};

use super::response::Refusal;
use super::status::whole_seconds;
use crate::access::{Denied, Kind};

impl Refusal {
    /// The denial, if it is one.
    pub(super) fn denied(&self) -> Option<&Denied> {
        match self {
            Refusal::Denied(denied) => Some(denied),
            _ => None,
        }
    }

    /// True if it is the sum of what each of its events was refused for.
    pub(super) fn is_of_events(&self) -> bool {
        matches!(self, Refusal::NoneTaken(_) | Refusal::NoRoom(_))
    }
}

/// HTTP status of a denial.
pub(super) fn code(denied: &Denied) -> StatusCode {
    match denied.reason.kind() {
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::OverRate => StatusCode::TOO_MANY_REQUESTS,
        Kind::Off => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Adds to an answer what a denial says, if it is one: how to prove who sends, and how long to wait.
pub(super) fn tell(denied: Option<&Denied>, mut response: HttpResponse) -> HttpResponse {
    let Some(denied) = denied else {
        return response;
    };
    let headers = response.headers_mut();
    if denied.reason.kind() == Kind::Unauthenticated {
        let challenge = HeaderValue::from_static("Bearer");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    if let Some(wait) = denied.wait {
        headers.insert(header::RETRY_AFTER, whole_seconds(wait).into());
    }
    response
}
