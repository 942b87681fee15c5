//! Media types over HTTP: JSON and protobuf, in requests and in answers.

use axum::response::{IntoResponse as _, Response as HttpResponse};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, header};
use prost::Message as _;
use serde_json::{Value, json};

use super::cors::{Page, page};
use super::response::Response;

/// Media types of protobuf: the common name, and the registered one.
const PROTOBUF: [&str; 2] = ["application/x-protobuf", "application/protobuf"];

const JSON: &[u8] = b"application/json";

/// Maximum number of accepted media types that are looked at.
const ACCEPTED: usize = 16;

/// Media type of a request or an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// Proto3 JSON.
    Json,
    /// Protobuf, under this name.
    Protobuf(&'static str),
}

/// Media type of a request with events; none if it isn't supported.
pub(super) fn of_events(headers: &HeaderMap, extensions: &Extensions) -> Option<Media> {
    match is_json(headers, extensions) {
        true => Some(Media::Json),
        false => protobuf(headers.get(header::CONTENT_TYPE)?.as_bytes()),
    }
}

/// True if a request has JSON, as far as its headers tell.
///
/// What a page may send without asking first, a request without a type and `text/plain`, is taken as JSON only of a page
/// that may send. Otherwise any page could send in the name of whoever looks at it, with the certificate of their browser
/// or from within their network.
pub(super) fn is_json(headers: &HeaderMap, extensions: &Extensions) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else {
        return page(headers, extensions) != Page::Foreign;
    };
    let mime = essence(value.as_bytes());
    if mime.eq_ignore_ascii_case(JSON) {
        return true;
    }
    let is_plain = mime.eq_ignore_ascii_case(b"text/plain");
    is_plain && page(headers, extensions) == Page::Allowed || is_kind_of_json(mime)
}

/// True for `application/…+json`.
fn is_kind_of_json(mime: &[u8]) -> bool {
    let (start, end) = (&b"application/"[..], &b"+json"[..]);
    let starts = mime.get(..start.len());
    let ends = mime
        .len()
        .checked_sub(end.len())
        .and_then(|at| mime.get(at..));
    starts.is_some_and(|found| found.eq_ignore_ascii_case(start))
        && ends.is_some_and(|found| found.eq_ignore_ascii_case(end))
}

/// Media type of an answer: the first that the client accepts by name, or else that of its request.
pub(super) fn of_answer(headers: &HeaderMap) -> Media {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let accepted = accepted.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let named = |one: &[u8]| match essence(one).eq_ignore_ascii_case(JSON) {
        true => Some(Media::Json),
        false => protobuf(one),
    };
    let sent = || protobuf(headers.get(header::CONTENT_TYPE)?.as_bytes());
    let chosen = accepted.take(ACCEPTED).find_map(named).or_else(sent);
    chosen.unwrap_or(Media::Json)
}

/// Response in a media type.
pub(super) fn response(code: StatusCode, media: Media, response: Response) -> HttpResponse {
    match media {
        Media::Json => (code, axum::Json(json_response(response))).into_response(),
        Media::Protobuf(name) => {
            let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(name))];
            (code, kind, response.encode_to_vec()).into_response()
        }
    }
}

fn protobuf(value: &[u8]) -> Option<Media> {
    let mime = essence(value);
    let name = PROTOBUF
        .iter()
        .find(|name| mime.eq_ignore_ascii_case(name.as_bytes()))?;
    Some(Media::Protobuf(name))
}

/// Media type without its parameters.
fn essence(value: &[u8]) -> &[u8] {
    let essence = value.split(|byte| *byte == b';').next();
    essence.unwrap_or_default().trim_ascii()
}

/// Response as proto3 JSON, without fields at their default.
fn json_response(response: Response) -> Value {
    let Response {
        status,
        message,
        rejected,
        accepted,
        rejected_count,
        warnings,
        warning_count,
    } = response;
    let rejected = rejected.into_iter().map(|event| {
        present([
            ("index", json!(event.index)),
            ("code", json!(event.code().as_str_name())),
            ("id", json!(event.id)),
            ("reason", json!(event.reason)),
            ("retryable", json!(event.retryable)),
        ])
    });
    present([
        ("status", json!(status)),
        ("message", json!(message)),
        ("rejected", rejected.collect()),
        ("accepted", json!(accepted)),
        ("rejectedCount", json!(rejected_count)),
        ("warnings", json!(warnings)),
        ("warningCount", json!(warning_count)),
    ])
}

/// Object of those members that are not at their default.
fn present<const N: usize>(members: [(&str, Value); N]) -> Value {
    let is_default = |value: &Value| match value {
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Null | Value::Object(_) => false,
    };
    let members = members.into_iter().filter(|(_, value)| !is_default(value));
    let members = members.map(|(name, value)| (name.to_owned(), value));
    Value::Object(members.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = http::HeaderName::try_from(*name).unwrap();
            (name, HeaderValue::try_from(*value).unwrap())
        });
        pairs.collect()
    }

    #[test]
    fn an_answer_has_the_type_that_is_accepted_or_that_of_the_request() {
        let x_protobuf = Media::Protobuf("application/x-protobuf");
        let protobuf = Media::Protobuf("application/protobuf");
        for (kind, accept, media) in [
            ("application/json", "*/*", Media::Json),
            ("application/x-protobuf", "*/*", x_protobuf),
            ("application/protobuf; charset=x", "", protobuf),
            (
                "application/x-protobuf",
                "application/json, */*",
                Media::Json,
            ),
            ("application/json", "application/protobuf", protobuf),
            ("application/x-protobuf", "text/html", x_protobuf),
            (
                "text/plain",
                "text/html;q=1, Application/X-Protobuf;q=0.9",
                x_protobuf,
            ),
        ] {
            let asked = headers(&[("content-type", kind), ("accept", accept)]);
            assert_eq!(of_answer(&asked), media, "{kind} {accept}");
        }
    }

    #[test]
    fn what_needs_no_permission_of_a_browser_is_json_only_of_pages_that_may_send() {
        let none = Extensions::new();
        let is = |pairs: &[(&str, &str)]| is_json(&headers(pairs), &none);
        let json = ("content-type", "application/json; charset=utf-8");
        let page = ("origin", "https://shop.example");
        assert!(is(&[]) && is(&[json]) && is(&[json, page]));
        assert!(!is(&[page]));
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "",
        ] {
            assert!(!is(&[("content-type", kind)]), "{kind}");
            assert!(!is(&[("content-type", kind), page]), "{kind}");
        }
    }
}
