//! CORS: what browsers are told of the pages that may send to a source and read its answers.
//!
//! It is no access control: a request of another page, or of none, is judged like any other, and only its answer stays
//! without these headers. The layer stands around everything else of a route, so that refusals have them too.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response as HttpResponse;
use axum::routing::MethodRouter;
use http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};

use super::origin::Origin;
use crate::contract::{Pipeline, Source};
use crate::listen::{Refused, of_source};

/// Variable that replaces the origins of a source, whose name in capitals follows.
const VARIABLE: &str = "EVENT_GRPC_CORS_";

/// How long a browser may remember a preflight's answer, in seconds, unless it is declared. It is the most that Chromium
/// does.
const MAX_AGE_S: u32 = 7_200;

/// Request headers that a page may set beside those that need no permission.
const ALLOWED: HeaderValue = HeaderValue::from_static(
    "authorization, content-encoding, content-type, grpc-encoding, grpc-timeout, traceparent, x-api-key, x-grpc-web, x-user-agent",
);

/// Headers of an answer that a page may read beside those that need no permission.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("retry-after, grpc-status, grpc-message, grpc-status-details-bin");

const POST: HeaderValue = HeaderValue::from_static("POST");
const ORIGIN: HeaderValue = HeaderValue::from_static("origin");
const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// Origins whose pages may send to a source, and what their browsers are told.
#[derive(Debug)]
pub struct Cors {
    source: &'static str,
    origins: Vec<Origin>,
    max_age: HeaderValue,
    credentials: bool,
}

/// A list of origins is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {entry:?} is no origin of a web page: {reason}")]
pub struct BadOrigin {
    place: String,
    entry: String,
    reason: &'static str,
}

/// Marks the request of a page that may send, among the extensions.
#[derive(Debug, Clone, Copy)]
struct AllowedPage;

/// Page that a request comes from, as its browser says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// No page: not a browser, as far as it can be told.
    None,
    /// A page whose origin is listed.
    Allowed,
    /// Another page.
    Foreign,
}

/// True for a variable that replaces the origins of a source.
pub fn is_variable(name: &str) -> bool {
    name.starts_with(VARIABLE)
}

/// Warns of variables with origins for a source that there isn't.
pub fn warn_of_unknown<'a>(variables: impl Iterator<Item = &'a str>, pipeline: &Pipeline) {
    for variable in variables.filter(|variable| is_variable(variable)) {
        let known: Vec<String> = pipeline
            .sources
            .iter()
            .map(|s| variable_of(s.name))
            .collect();
        if !known.iter().any(|known| known == variable) {
            let known = known.join(", ");
            tracing::warn!(
                variable,
                known,
                "A variable with origins of pages has no effect: it ends with no source's name."
            );
        }
    }
}

impl Cors {
    /// CORS of a source: the origins of its variable, or else those that are declared; none without origins.
    ///
    /// # Errors
    ///
    /// If one of them is no origin, or `*` is beside others or beside credentials.
    pub fn of(
        source: &Source,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Arc<Self>>, BadOrigin> {
        let name = variable_of(source.name);
        let set = variable(&name);
        let declared = source.cors.as_ref();
        let (place, entries): (String, Vec<&str>) = match (&set, declared) {
            (Some(text), _) => (name, text.split(',').map(str::trim).collect()),
            (None, Some(cors)) => (
                format!("`cors` of the source {}", source.name),
                cors.origins.to_vec(),
            ),
            (None, None) => return Ok(None),
        };
        let entries = entries.into_iter().filter(|entry| !entry.is_empty());
        let entries: Vec<&str> = entries.collect();
        let credentials = declared.is_some_and(|cors| cors.credentials);
        let mut origins = Vec::with_capacity(entries.len());
        for entry in &entries {
            let origin = Origin::parse(entry).and_then(|origin| match origin {
                Origin::Any if credentials => Err("`*` can't be allowed with credentials"),
                Origin::Any if entries.len() > 1 => Err("`*` stands alone"),
                origin => Ok(origin),
            });
            origins.push(origin.map_err(|reason| BadOrigin {
                place: place.clone(),
                entry: (*entry).to_owned(),
                reason,
            })?);
        }
        let max_age = declared.map_or(MAX_AGE_S, |cors| cors.max_age_s);
        Ok((!origins.is_empty()).then(|| {
            Arc::new(Cors {
                source: source.name,
                origins,
                max_age: max_age.into(),
                credentials,
            })
        }))
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        let origin = origin.as_bytes();
        self.origins.iter().any(|allowed| allowed.matches(origin))
    }

    /// Answer to a preflight of a page that may send.
    fn preflight(&self) -> HttpResponse {
        let mut response = HttpResponse::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, POST);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, self.max_age.clone());
        response
    }

    /// Lets a page read an answer.
    fn let_read(&self, origin: HeaderValue, headers: &mut HeaderMap) {
        let allowed = if self.is_any() { ANY } else { origin };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if self.credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
    }

    fn is_any(&self) -> bool {
        self.origins.contains(&Origin::Any)
    }
}

/// Puts CORS around everything else of a route. It has to be the outermost layer.
pub(super) fn around(cors: Option<&Arc<Cors>>, route: MethodRouter) -> MethodRouter {
    match cors {
        None => route,
        Some(cors) => route.layer(from_fn_with_state(Arc::clone(cors), answer)),
    }
}

/// Page that a request comes from.
pub(super) fn page(headers: &HeaderMap, extensions: &Extensions) -> Page {
    match extensions.get::<AllowedPage>() {
        Some(AllowedPage) => Page::Allowed,
        None if headers.contains_key(header::ORIGIN) => Page::Foreign,
        None => Page::None,
    }
}

async fn answer(State(cors): State<Arc<Cors>>, mut request: Request, next: Next) -> HttpResponse {
    let headers = request.headers();
    let origin = headers.get(header::ORIGIN).cloned();
    let is_preflight = request.method() == Method::OPTIONS
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match origin {
        Some(origin) if cors.allows(&origin) => {
            let mut response = if is_preflight {
                cors.preflight()
            } else {
                request.extensions_mut().insert(AllowedPage);
                let mut response = next.run(request).await;
                let headers = response.headers_mut();
                headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
                response
            };
            cors.let_read(origin, response.headers_mut());
            response
        }
        Some(origin) if is_preflight => refused(cors.source, &origin, next.run(request).await),
        _ => next.run(request).await,
    };
    if !cors.is_any() {
        response.headers_mut().append(header::VARY, ORIGIN);
    }
    response
}

/// Counts the preflight of a page that may not send: its browser won't send the request itself.
fn refused(source: &'static str, origin: &HeaderValue, mut response: HttpResponse) -> HttpResponse {
    const SHOWN: usize = 100;
    let origin = String::from_utf8_lossy(origin.as_bytes());
    let origin: String = origin.chars().take(SHOWN).collect();
    let text = format!("pages of {origin:?} may not send to this source");
    let refused = Refused::because("origin", text);
    response.extensions_mut().insert(refused);
    of_source(response, source)
}

/// Variable that replaces the origins of a source.
pub fn variable_of(source: &str) -> String {
    let capital = |c: char| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_uppercase(),
        false => '_',
    };
    VARIABLE
        .chars()
        .chain(source.chars().map(capital))
        .collect()
}
