//! Access to operations: which requests the operations listener answers.
//!
//! On a loopback address nothing is asked. A web page in a browser on this machine can reach that address, too, so the
//! Host header has to name this machine, which a page under a name of its own can't do (DNS rebinding), and what changes
//! something has to come from a program and not from a page (CSRF). Anywhere else, and wherever a token is configured, a
//! request has to prove that it comes from an operator.

mod hosts;
pub mod token;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};
use tonic::Status;

use crate::listen::Refused;
use crate::tls::PeerCertificate;
use hosts::Hosts;
pub use hosts::is_loopback;
use token::Tokens;
pub use token::{TokenError, TokenSource};

/// Path of taps.
pub(super) const TAP: &str = "/tap";

/// Options of the operations listener.
#[derive(Debug, Clone)]
pub struct Options {
    /// Listen address; port 0 picks a free port.
    pub listen: SocketAddr,
    /// Host names that requests may be for, beside those of loopback.
    pub hosts: Vec<String>,
    /// Where the bearer token is. An address beyond loopback needs one, or names of certificates.
    pub token: Option<TokenSource>,
    /// Names in verified certificates of clients that may ask without a token.
    pub certificates: Vec<String>,
    /// Serves operations on the ports of events as well, as earlier releases did.
    pub legacy: bool,
    /// Names of fields that taps mask, beside the usual ones.
    pub personal: Vec<String>,
}

impl Options {
    /// Options of a listener at this address, without a token.
    pub fn at(listen: SocketAddr) -> Self {
        Options {
            listen,
            hosts: Vec::new(),
            token: None,
            certificates: Vec::new(),
            legacy: false,
            personal: Vec::new(),
        }
    }
}

/// Error of options that would let anybody in, or nobody.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The address is not a loopback address, and nothing is asked of who comes there.
    #[error(
        "operations on {0} can be reached from other machines, so they need a token: write one of at least {least} \
         characters (openssl rand -hex 32) into a file and name it with --ops-token-file (EVENT_GRPC_OPS_TOKEN_FILE), or \
         set EVENT_GRPC_OPS_TOKEN; or name the client certificates that may ask (--ops-certificate); or listen on a \
         loopback address (--ops-listen 127.0.0.1:8018)",
        least = token::SHORTEST
    )]
    Open(SocketAddr),
    /// Certificates of clients are named, and none is verified.
    #[error(
        "--ops-certificate names client certificates, which only TLS with --tls-client-ca verifies"
    )]
    Unverified,
    /// The token can't be used.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// Access to operations.
#[derive(Debug, Clone)]
pub struct Access {
    /// Hosts that requests may be for, on a loopback address.
    hosts: Option<Hosts>,
    /// Tokens, if one can be given.
    tokens: Option<Tokens>,
    /// Names of the client certificates that are as good as a token.
    certificates: Arc<[String]>,
}

/// Proof that a request comes from an operator. A request that is allowed has it among its extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// None is asked, or the request needs none.
    Needless,
    /// A bearer token that is known.
    Token,
    /// A certificate of a listed name, which the listener has verified.
    Certificate,
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Denied {
    Host,
    CrossSite,
    NoToken,
    WrongToken,
    Certificate,
}

impl Access {
    /// Access to a listener with these options. `verified` tells if it verifies the certificates of clients.
    pub fn new(options: &Options, verified: bool) -> Result<Self, AccessError> {
        let loopback = is_loopback(options.listen.ip());
        if !loopback && options.token.is_none() && options.certificates.is_empty() {
            return Err(AccessError::Open(options.listen));
        }
        if !verified && !options.certificates.is_empty() {
            return Err(AccessError::Unverified);
        }
        Ok(Access {
            hosts: loopback.then(|| Hosts::new(&options.hosts)),
            tokens: options.token.clone().map(Tokens::read).transpose()?,
            certificates: options.certificates.as_slice().into(),
        })
    }

    /// Reads the file of tokens again whenever it changes, until it is dropped. Ends at once if there is no such file.
    pub async fn follow(self) {
        if let Some(tokens) = self.tokens {
            tokens.follow().await;
        }
    }

    /// Checks a request: what it proves, or the answer, if it is refused.
    pub(super) fn check(&self, request: &Request) -> Result<Proof, Box<Response>> {
        let allowed = self.hosts(request).and_then(|()| {
            not_from_a_page(request)?;
            self.proof(request)
        });
        allowed.map_err(|denied| Box::new(denied.answer(request)))
    }

    fn hosts(&self, request: &Request) -> Result<(), Denied> {
        match &self.hosts {
            Some(hosts) if !hosts.allow(request) => Err(Denied::Host),
            _ => Ok(()),
        }
    }

    fn proof(&self, request: &Request) -> Result<Proof, Denied> {
        let asked = self.tokens.is_some() || !self.certificates.is_empty();
        if !asked || is_for_everybody(request) {
            return Ok(Proof::Needless);
        }
        let certificate = request.extensions().get::<PeerCertificate>();
        if certificate.is_some_and(|shown| self.certificates.iter().any(|n| n == shown.name())) {
            return Ok(Proof::Certificate);
        }
        match (&self.tokens, token::bearer(request.headers())) {
            (None, _) => Err(Denied::Certificate),
            (Some(_), None) => Err(Denied::NoToken),
            (Some(tokens), Some(given)) if tokens.have(given) => Ok(Proof::Token),
            (Some(_), Some(_)) => Err(Denied::WrongToken),
        }
    }
}

/// True for what says nothing but if the process lives and wants traffic: the checks of orchestrators can't give tokens.
fn is_for_everybody(request: &Request) -> bool {
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    let path = request.uri().path();
    reads && ["/livez", "/heartbeat", "/heartbeat/"].contains(&path)
}

/// Refuses what changes something if a browser says that a page sends it. A tap, of which there are few, is taken from others by
/// who opens it.
fn not_from_a_page(request: &Request) -> Result<(), Denied> {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS];
    if safe.contains(request.method()) && request.uri().path() != TAP {
        return Ok(());
    }
    let headers = request.headers();
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let elsewhere = matches!(site, Some(b"cross-site" | b"same-site"));
    match elsewhere || headers.contains_key(header::ORIGIN) {
        true => Err(Denied::CrossSite),
        false => Ok(()),
    }
}

impl Denied {
    fn reason(self) -> &'static str {
        match self {
            Denied::Host => "host",
            Denied::CrossSite => "cross_site",
            Denied::NoToken => "no_token",
            Denied::WrongToken => "wrong_token",
            Denied::Certificate => "certificate",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Denied::Host => {
                "the Host header names another host than this listener's; the option --ops-host allows further names"
            }
            Denied::CrossSite => "web pages may not change anything here, nor open a tap",
            Denied::NoToken => "a bearer token is required: Authorization: Bearer TOKEN",
            Denied::WrongToken => "the bearer token is not one of this instance's",
            Denied::Certificate => {
                "a client certificate is required that the option --ops-certificate names"
            }
        }
    }

    fn answer(self, request: &Request) -> Response {
        let code = match self {
            Denied::Host | Denied::CrossSite | Denied::Certificate => StatusCode::FORBIDDEN,
            Denied::NoToken | Denied::WrongToken => StatusCode::UNAUTHORIZED,
        };
        let text = self.text();
        let mut response = if is_grpc(request) {
            let status = match code {
                StatusCode::FORBIDDEN => Status::permission_denied(text),
                _ => Status::unauthenticated(text),
            };
            status.into_http()
        } else {
            (code, axum::Json(serde_json::json!({ "error": text }))).into_response()
        };
        if code == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer");
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        let refused = Refused::because(self.reason(), text);
        response.extensions_mut().insert(refused);
        response
    }
}

/// True if a request is a gRPC call.
pub(super) fn is_grpc(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

#[cfg(test)]
mod tests;
