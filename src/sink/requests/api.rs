//! HTTP API of a target: address and headers, with values from the server's environment.

use std::path::PathBuf;
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
use crate::contract::headers::JSON;
use crate::contract::headers::TRACE;
use crate::contract::{self, Piece, Request, Template};
use crate::http_client::{Client, chain};
use crate::sink::Fault;
use crate::tls::{Names, Options};
use crate::trace::Span;

/// Variable that names a file of authorities, which are trusted beside this machine's.
pub const REQUESTS_CA: &str = "EVENT_GRPC_REQUESTS_CA";

/// What the options of TLS are called.
const NAMES: Names = Names {
    ca: REQUESTS_CA,
    certificate: "which requests don't have",
    server_name: "name it by one of its names in the target's URL",
};

/// Minimum length of a secret to be masked; a shorter one is a word that occurs by chance.
const SHORTEST_SECRET: usize = 4;

/// Timeout of the rest of an answer once its status is there.
const REST_OF_ANSWER: Duration = Duration::from_secs(2);

/// HTTP API of a target.
pub(super) struct Api {
    request: &'static Request,
    client: Client,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    idempotency_key: Option<HeaderName>,
    secrets: Vec<String>,
    /// Scheme, host and the plain words of the path, for people.
    shown: String,
}

/// Invalid configuration of a target; the values of variables are not shown.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Invalid URL.
    #[error(
        "the URL of {target} ({variables}) is invalid: it must begin with https:// or http:// and name a host"
    )]
    Url {
        /// Name of the target.
        target: &'static str,
        /// Variables that make up the URL.
        variables: String,
    },
    /// Invalid header.
    #[error(
        "the header `{header}` of {target} ({variables}) holds a character that an HTTP header can't"
    )]
    Header {
        /// Name of the target.
        target: &'static str,
        /// Name of the header.
        header: &'static str,
        /// Variables that make up the header.
        variables: String,
    },
}

impl Api {
    /// Creates it with the values of its variables.
    pub(super) fn new(
        request: &'static Request,
        spec: &'static contract::Target,
        (method, url): (&'static str, Template),
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, RequestsError> {
        let bad_url = || TargetError::Url {
            target: spec.name,
            variables: variables(url),
        };
        let mut url = Url::parse(&filled(url, variable)).map_err(|_| bad_url())?;
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
        let shown = shown(&mut url);
        let tls = || Options {
            ca: variable(REQUESTS_CA).map(PathBuf::from),
            machine_too: true,
            ..Options::new(&NAMES)
        };
        let limit = Duration::from_millis(u64::from(request.timeout_ms));
        Ok(Api {
            request,
            client: Client::new((url.scheme() == "https").then(tls), limit)?,
            method: Method::from_bytes(method.as_bytes()).map_err(|_| bad_url())?,
            uri,
            headers,
            idempotency_key: request.idempotency_key.and_then(|name| name.parse().ok()),
            secrets,
            shown,
        })
    }

    /// Connects without sending a request, or says why it can't.
    pub(super) async fn reach(&self) -> Result<(), String> {
        self.client.connect(self.uri.clone()).await
    }

    /// Address for people.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// HTTP method of its requests.
    pub(super) fn method(&self) -> &str {
        self.method.as_str()
    }

    /// Sends a body once, in a span if that is recorded.
    pub(super) async fn exchange(
        &self,
        body: Bytes,
        key: &str,
        mut span: Option<&mut Span>,
    ) -> Result<(), RequestError> {
        let mut request = http::Request::new(Full::new(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        if let Some(name) = &self.idempotency_key {
            request.headers_mut().insert(name, header_value(key));
        }
        if let Some(span) = &mut span {
            self.describe(span);
            let context = span.context().map(|context| context.to_string());
            if let Some(value) = context.and_then(|text| HeaderValue::try_from(text).ok()) {
                request.headers_mut().insert(TRACE, value);
            }
        }
        let limit = Duration::from_millis(u64::from(self.request.timeout_ms));
        let deadline = Instant::now() + limit;
        let (head, body) = match timeout_at(deadline, self.client.send(request)).await {
            Ok(Ok(response)) => response.into_parts(),
            Ok(Err(error)) => {
                let untrusted = crate::tls::refusal(&error, &NAMES);
                let fault = match error.is_connect() || untrusted.is_some() {
                    true => Fault::Destination,
                    false => Fault::Transient,
                };
                let why = untrusted.unwrap_or_else(|| chain(&error));
                let message = format!("{}: {why}", self.shown);
                return Err(RequestError::unanswered(fault, message));
            }
            Err(_) => {
                let message = format!("{} did not answer within {limit:?}", self.shown);
                return Err(RequestError::unanswered(Fault::Transient, message));
            }
        };
        if let Some(span) = span {
            span.set("http.response.status_code", head.status.as_u16());
        }
        // The status has decided. The rest is for the error message, and for the connection to be reused.
        let mut said = Vec::new();
        let time_limit = deadline.min(Instant::now() + REST_OF_ANSWER);
        timeout_at(time_limit, answer::beginning(body, &mut said))
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

    /// Sets the attributes of the span of a request: of its URL what people may see.
    fn describe(&self, span: &mut Span) {
        span.set("http.request.method", self.method.to_string());
        span.set("url.full", self.shown.clone());
        span.set(
            "server.address",
            self.uri.host().unwrap_or_default().to_owned(),
        );
        let usual = if self.uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        span.set("server.port", self.uri.port_u16().unwrap_or(usual));
    }
}

/// Id as a header's value. Ids of senders may hold anything; characters that a header can't hold are escaped.
fn header_value(key: &str) -> HeaderValue {
    HeaderValue::from_str(key).unwrap_or_else(|_| {
        let escaped: String = key.escape_default().collect();
        HeaderValue::from_str(&escaped).unwrap_or(HeaderValue::from_static("unprintable"))
    })
}

/// Account in a URL, as the Authorization header has it.
fn account(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let password = url.password().unwrap_or_default();
    let pair = format!("{}:{}", decoded(url.username()), decoded(password));
    Some(STANDARD.encode(pair))
}

/// URL for people.
fn shown(url: &mut Url) -> String {
    let path = shown_path(url.path());
    url.set_path("/");
    format!("{}{}", url.as_str().trim_end_matches('/'), path)
}

/// Path of a URL for people. Some APIs have a token as a segment of it; only what reads like a word or a version is shown.
pub fn shown_path(path: &str) -> String {
    let segments = path.split('/');
    let shown = segments.map(|segment| if is_plain(segment) { segment } else { "***" });
    shown.collect::<Vec<_>>().join("/")
}

/// True for a segment of a path that is no token: a short word in lower case, or a version.
fn is_plain(segment: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || "-_.".contains(c);
    let is_version = segment.strip_prefix('v').is_some_and(|number| {
        number.len() <= 4 && number.chars().all(|c| c.is_ascii_digit() || c == '.')
    });
    segment.len() <= 20 && segment.chars().all(is_word) || is_version
}

/// Secrets in a URL: the password, the query and the values in it, and segments of the path that may be tokens, as
/// written and decoded.
fn secrets(url: &Url) -> Vec<String> {
    let query = url.query().unwrap_or_default();
    let values = query.split('&').filter_map(|pair| pair.split_once('='));
    let written = url
        .password()
        .into_iter()
        .chain([query])
        .chain(values.map(|(_, value)| value))
        .chain(url.path().split('/').filter(|segment| !is_plain(segment)));
    written
        .flat_map(|text| [text.to_owned(), decoded(text)])
        .collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Text of a template with the values of its variables.
pub(super) fn filled(template: Template, variable: &dyn Fn(&str) -> Option<String>) -> String {
    template
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => (*text).to_owned(),
            Piece::Variable(name) => variable(name).unwrap_or_default(),
        })
        .collect()
}

/// Names of the variables of a template.
pub(super) fn variables(template: Template) -> String {
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
