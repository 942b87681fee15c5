//! Answers of HTTP APIs: fault, retry delay, and the excerpt that is shown.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use http_body::Body;
use http_body_util::BodyExt as _;

use crate::contract::Request;
use crate::sink::Fault;

/// Maximum retry delay that a target may ask for.
const LONGEST_HOLD: Duration = Duration::from_secs(300);

/// Length of the excerpt of an answer, in bytes.
const SHOWN: usize = 300;

/// Maximum length of an answer that is read so that its connection can be reused.
const READ: usize = 64 << 10;

/// Error of a request. Depending on the fault, the target may have accepted the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RequestError {
    /// Fault: `Destination`, `Transient` or `Content`.
    pub fault: Fault,
    /// Status of the answer, if there was one.
    pub status: Option<u16>,
    /// Retry delay that the target asks for.
    pub retry_after: Option<Duration>,
    /// Message for people; bounded in length and free of secrets.
    pub message: String,
}

impl RequestError {
    /// Error without an answer.
    pub(super) fn unanswered(fault: Fault, message: String) -> Self {
        RequestError {
            fault,
            status: None,
            retry_after: None,
            message,
        }
    }
}

/// Fault of a status; none if the message was accepted.
pub(super) fn fault(request: &Request, status: StatusCode) -> Option<Fault> {
    let code = status.as_u16();
    let among = |statuses: &[std::ops::RangeInclusive<u16>]| {
        statuses.iter().any(|range| range.contains(&code))
    };
    if status.is_success() {
        None
    } else if among(request.refused) {
        Some(Fault::Content)
    } else if among(request.retried) {
        Some(Fault::Transient)
    } else {
        Some(Fault::Destination)
    }
}

/// Parses `Retry-After`: seconds, or a date.
pub(super) fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = DateTime::parse_from_rfc2822(text).ok()?;
            (at.to_utc() - now).to_std().unwrap_or(Duration::ZERO)
        }
    };
    Some(wait.min(LONGEST_HOLD))
}

/// Reads the beginning of an answer. The rest is read if it is short, so that the connection can be reused.
pub(super) async fn beginning(mut body: impl Body<Data = Bytes> + Unpin, shown: &mut Vec<u8>) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        let Some(bytes) = frame.data_ref() else {
            continue;
        };
        read += bytes.len();
        let room = SHOWN.saturating_sub(shown.len()).min(bytes.len());
        shown.extend_from_slice(bytes.get(..room).unwrap_or_default());
        if read > READ {
            break;
        }
    }
}

/// Excerpt of an answer: on one line, without control characters and without secrets.
pub(super) fn shown(answer: &[u8], secrets: &[String]) -> String {
    let mut text = String::from_utf8_lossy(answer).into_owned();
    for secret in secrets {
        text = text.replace(secret.as_str(), "***");
    }
    // The cut may have left the beginning of a secret at the end.
    if answer.len() >= SHOWN {
        text = without_beginning(text, secrets);
    }
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

fn without_beginning(mut text: String, secrets: &[String]) -> String {
    let begins = |tail: &str| secrets.iter().any(|secret| secret.starts_with(tail));
    let cut = text
        .char_indices()
        .map(|(at, _)| at)
        .find(|at| text.get(*at..).is_some_and(begins));
    if let Some(at) = cut {
        text.truncate(at);
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_target_says_when_to_come_back() {
        let now = DateTime::parse_from_rfc3339("2025-10-09T08:53:20Z")
            .unwrap()
            .to_utc();
        let said = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(said("7"), Some(Duration::from_secs(7)));
        assert_eq!(
            said("Thu, 09 Oct 2025 08:54:00 GMT"),
            Some(Duration::from_secs(40))
        );
        assert_eq!(said("Thu, 09 Oct 2025 08:00:00 GMT"), Some(Duration::ZERO));
        assert_eq!(said("86400"), Some(LONGEST_HOLD));
        assert_eq!(said("soon"), None);
        assert_eq!(said("-1"), None);
    }

    #[test]
    fn an_answer_is_shown_without_secrets() {
        let secrets = ["Bearer abcdef".to_owned(), "abcdef".to_owned()];
        assert_eq!(
            shown(b"bad\n token:\tabcdef \x00.", &secrets),
            "bad token: *** ."
        );
        let mut long = vec![b'x'; SHOWN - 3];
        long.extend(b"abc");
        assert_eq!(shown(&long, &secrets), "x".repeat(SHOWN - 3));
    }
}
