//! One place that messages are sent to, with its address and headers as the server's environment has them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use http_body_util::Full;
use percent_encoding::percent_decode_str;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::RequestsError;
use super::answer::{self, RequestError};
use super::client::Client;
use super::pace::{Pace, Turn};
use crate::contract::headers::JSON;
use crate::contract::{self, Piece, Request, Template};
use crate::sink::Fault;

/// A secret shorter than this is a word that occurs by chance.
const SHORTEST_SECRET: usize = 4;

/// How long the rest of an answer is waited for once its status is there.
const REST_OF_ANSWER: Duration = Duration::from_secs(2);

/// One place that messages are sent to.
#[derive(Debug)]
pub struct Target {
    request: &'static Request,
    name: &'static str,
    client: Client,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    idempotency_key: Option<HeaderName>,
    secrets: Vec<String>,
    /// Scheme, host and path, for people.
    shown: String,
    pace: Pace,
    /// How many messages it has taken.
    taken: AtomicU64,
}

/// What is wrong with a target; the values of variables are not shown.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The address.
    #[error(
        "the URL of {target} ({variables}) is none: it begins with https:// or http:// and names a host"
    )]
    Url {
        /// The target's name.
        target: &'static str,
        /// The variables that it is made of.
        variables: String,
    },
    /// A header.
    #[error("the header `{header}` of {target} ({variables}) holds what a header can't")]
    Header {
        /// The target's name.
        target: &'static str,
        /// The header's name.
        header: &'static str,
        /// The variables that it is made of.
        variables: String,
    },
}

impl Target {
    /// A target with the values of its variables.
    pub(super) fn new(
        request: &'static Request,
        spec: &'static contract::Target,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, RequestsError> {
        let bad_url = || TargetError::Url {
            target: spec.name,
            variables: variables(spec.url),
        };
        let mut url = Url::parse(&filled(spec.url, variable)).map_err(|_| bad_url())?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(bad_url().into());
        }
        url.set_fragment(None);
        let mut secrets = secrets(&url);

        let mut headers = HeaderMap::new();
        let agent = concat!("event-grpc/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        if let Some(account) = account(&url) {
            let mut value = HeaderValue::from_str(&format!("Basic {account}"))
                .unwrap_or(HeaderValue::from_static("Basic"));
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
            secrets.push(account);
        }
        for (name, template) in spec.headers {
            let bad = || TargetError::Header {
                target: spec.name,
                header: name,
                variables: variables(template),
            };
            let text = filled(template, variable);
            let mut value = HeaderValue::from_str(&text).map_err(|_| bad())?;
            value.set_sensitive(true);
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            headers.insert(key, value);
            secrets.push(text);
            let values = template.iter().filter_map(|piece| match piece {
                Piece::Variable(name) => variable(name),
                Piece::Text(_) => None,
            });
            secrets.extend(values);
        }
        secrets.retain(|secret| secret.len() >= SHORTEST_SECRET);
        // The longest first, so that a part of one doesn't hide the rest of it.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));

        // Without the account, which no request line holds.
        url.set_username("").map_err(|()| bad_url())?;
        url.set_password(None).map_err(|()| bad_url())?;
        let uri: Uri = url.as_str().parse().map_err(|_| bad_url())?;
        url.set_query(None);
        let limit = Duration::from_millis(u64::from(request.timeout_ms));
        Ok(Target {
            request,
            name: spec.name,
            client: Client::new(url.scheme() == "https", limit)?,
            method: Method::from_bytes(spec.method.as_bytes()).map_err(|_| bad_url())?,
            uri,
            headers,
            idempotency_key: request.idempotency_key.and_then(|name| name.parse().ok()),
            secrets,
            shown: url.to_string(),
            pace: Pace::new(request.concurrency, request.rate),
            taken: AtomicU64::new(0),
        })
    }

    /// Its name in `pipeline.yaml`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many messages it has taken since the start.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    /// Waits until one more attempt may be made.
    pub async fn turn(&self) -> Turn {
        self.pace.turn().await
    }

    /// Sends a body once. The `key` says to the target that it is the same message, should it come again.
    pub async fn send(&self, turn: Turn, body: Bytes, key: &str) -> Result<(), RequestError> {
        let result = self.exchange(body, key).await;
        match &result {
            Ok(()) => {
                self.taken.fetch_add(1, Ordering::AcqRel);
            }
            Err(error) => {
                if let Some(time) = error.retry_after {
                    self.pace.hold(time);
                }
            }
        }
        drop(turn);
        result
    }

    async fn exchange(&self, body: Bytes, key: &str) -> Result<(), RequestError> {
        let mut request = http::Request::new(Full::new(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        if let Some(name) = &self.idempotency_key {
            request.headers_mut().insert(name, header_value(key));
        }
        let limit = Duration::from_millis(u64::from(self.request.timeout_ms));
        let deadline = Instant::now() + limit;
        let (head, body) = match timeout_at(deadline, self.client.send(request)).await {
            Ok(Ok(response)) => response.into_parts(),
            Ok(Err(error)) => {
                let fault = match error.is_connect() {
                    true => Fault::Destination,
                    false => Fault::Transient,
                };
                let message = format!("{}: {}", self.shown, chain(&error));
                return Err(RequestError::unanswered(fault, message));
            }
            Err(_) => {
                let message = format!("{} did not answer within {limit:?}", self.shown);
                return Err(RequestError::unanswered(Fault::Transient, message));
            }
        };
        // The status has decided. What follows it is for people, and for the connection to be used again.
        let mut said = Vec::new();
        let patience = deadline.min(Instant::now() + REST_OF_ANSWER);
        timeout_at(patience, answer::beginning(body, &mut said))
            .await
            .ok();
        let Some(fault) = answer::fault(self.request, head.status) else {
            return Ok(());
        };
        let said = answer::shown(&said, &self.secrets);
        let separator = if said.is_empty() { "" } else { ": " };
        Err(RequestError {
            fault,
            status: Some(head.status.as_u16()),
            retry_after: (fault == Fault::Transient)
                .then(|| answer::retry_after(&head.headers, chrono::Utc::now()))
                .flatten(),
            message: format!("{} answered {}{separator}{said}", self.shown, head.status),
        })
    }
}

/// An id as a header's value. Ids of senders may hold anything; what a header can't hold is escaped.
fn header_value(key: &str) -> HeaderValue {
    HeaderValue::from_str(key).unwrap_or_else(|_| {
        let escaped: String = key.escape_default().collect();
        HeaderValue::from_str(&escaped).unwrap_or(HeaderValue::from_static("unprintable"))
    })
}

/// The account in a URL, as the header about it has it.
fn account(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let password = url.password().unwrap_or_default();
    let pair = format!("{}:{}", decoded(url.username()), decoded(password));
    Some(STANDARD.encode(pair))
}

/// What is secret in a URL: the password, the query and the values in it, as written and as meant.
fn secrets(url: &Url) -> Vec<String> {
    let query = url.query().unwrap_or_default();
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    let written = url
        .password()
        .into_iter()
        .chain([query])
        .chain(values.map(|(_, value)| value));
    written
        .flat_map(|text| [text.to_owned(), decoded(text)])
        .collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn filled(template: Template, variable: &dyn Fn(&str) -> Option<String>) -> String {
    template
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Variable(name) => variable(name).unwrap_or_default(),
        })
        .collect()
}

fn variables(template: Template) -> String {
    let names: Vec<&str> = template
        .iter()
        .filter_map(|piece| match piece {
            Piece::Variable(name) => Some(*name),
            Piece::Text(_) => None,
        })
        .collect();
    match names.as_slice() {
        [] => "as written".to_owned(),
        names => names.join(", "),
    }
}

/// An error with its causes, which hold neither addresses nor headers.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text.chars().take(300).collect()
}
