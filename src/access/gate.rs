//! Gate of a source: admits a request before its body is read, or says why not.

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, Request, Uri, header};

use super::credential::{Credential, find};
use super::denied::{Denied, Kind, Reason};
use super::files::{Access, InForce};
use super::jwt;
use super::known::Known;
use super::rule::Rule;
use super::sender::{Sender, count};
use super::written::Use;
use crate::client::Client;
use crate::contract::Source;
use crate::listen::Peer;
use crate::tls::PeerCertificate;

/// Gate of a source at a listener.
#[derive(Debug, Clone)]
pub struct Gate {
    access: Arc<Access>,
    source: &'static Source,
    rule: Rule,
}

/// A denial, and the client whose proof was good if there is one.
type Refused = (Denied, Option<Arc<Known>>);

impl Gate {
    /// Gate of a source at the listener with this name.
    pub fn new(access: &Arc<Access>, source: &'static Source, listener: &str) -> Self {
        Gate {
            access: Arc::clone(access),
            source,
            rule: access.rule(source, listener),
        }
    }

    /// Admits a request, whose body isn't touched. Its sender is among its extensions then, as a `Client`, and its key is
    /// in its URL no more.
    ///
    /// # Errors
    ///
    /// If its sender may not send it.
    pub fn admit<B>(&self, request: &mut Request<B>) -> Result<Sender, Denied> {
        if matches!(self.rule, Rule::Anybody | Rule::Local | Rule::Unverified) {
            return Ok(Sender::unrestricted(Client::of(request.extensions())));
        }
        let admitted = self
            .prove(request.headers(), request.uri(), request.extensions().get())
            .and_then(|known| {
                let Some(known) = known else {
                    return Ok(Sender::default());
                };
                let denied = |denied| (denied, Some(Arc::clone(&known)));
                // More than the source takes is refused for that, and would only use up the rate.
                let most = u64::from(self.source.pool.max_request);
                let announced = announced(request.headers()).min(most);
                Sender::new(Arc::clone(&known), self.source.name, announced).map_err(denied)
            });
        match admitted {
            Ok(sender) => {
                request.extensions_mut().insert(sender.client());
                without_query(request);
                Ok(sender)
            }
            Err((denied, known)) => {
                let peer = request.extensions().get::<Arc<Peer>>();
                let address = peer.map(|peer| peer.address().ip());
                let denied = self.bounded(denied, address);
                count(self.source.name, &denied, known.as_ref());
                if let Some(known) = known {
                    request.extensions_mut().insert(known.client.clone());
                }
                Err(denied)
            }
        }
    }

    /// The denial of a failed attempt, or that there were too many of them.
    fn bounded(&self, denied: Denied, address: Option<IpAddr>) -> Denied {
        let is_attempt = denied.reason.kind() == Kind::Unauthenticated;
        let (Some(address), true) = (address, is_attempt && denied.reason != Reason::Missing)
        else {
            return denied;
        };
        match self.access.failures().note(address) {
            Ok(()) => denied,
            Err(wait) => {
                let text = format!(
                    "there were too many failed attempts from this address; the last one: {denied}"
                );
                Reason::Failures.until(wait, text)
            }
        }
    }

    /// The client that a request is of; none if it proves nothing and needn't. What stands in the request decides alone;
    /// only without it, the certificate of its connection does.
    fn prove(
        &self,
        headers: &HeaderMap,
        uri: &Uri,
        certificate: Option<&PeerCertificate>,
    ) -> Result<Option<Arc<Known>>, Refused> {
        let unknown = |denied: Denied| (denied, None);
        if self.rule == Rule::Nobody {
            let text = "this source wants keys, and the server has none; its log says more";
            return Err(unknown(Reason::NoKeys.because(text)));
        }
        let in_force = self.access.in_force();
        let credential = find(headers, uri.query()).map_err(unknown)?;
        let known = match (&credential, certificate) {
            (Some(credential), _) => Some(known(&in_force, credential, self.access.expected())?),
            (None, Some(certificate)) => of_certificate(&in_force, certificate)?,
            (None, None) => None,
        };
        let Some(known) = known else {
            if self.rule == Rule::ClientsAndUnverified {
                return Ok(None);
            }
            let text = match certificate {
                None => "a key is missing: send it as authorization: Bearer KEY, or as x-api-key",
                Some(_) => {
                    "a key is missing, and the key file has no client with the certificate of this connection"
                }
            };
            return Err(unknown(Reason::Missing.because(text)));
        };
        match self.may(&known, credential.as_ref(), headers) {
            Ok(()) => Ok(Some(known)),
            Err(denied) => Err((denied, Some(known))),
        }
    }

    /// Checks what a client may do here. Without a credential it has proved itself by its certificate.
    fn may(
        &self,
        known: &Known,
        credential: Option<&Credential<'_>>,
        headers: &HeaderMap,
    ) -> Result<(), Denied> {
        let name = known.client.name();
        if let Some(expires) = known.expires.filter(|expires| expires.is_past()) {
            return Err(Reason::Expired.because(format!("client {name} expired at {expires}")));
        }
        if !known.may_send_to(self.source.name) {
            let source = self.source.name;
            return Err(Reason::Source
                .because(format!("client {name} may not send to the source {source}")));
        }
        let is_secret = known.purpose == Use::Secret;
        if is_secret && matches!(credential, Some(Credential::Key { in_url: true, .. })) {
            let text = "a secret key was in the URL, where logs and histories keep it: revoke it, and send another one as a header";
            return Err(Reason::InUrl.because(text));
        }
        let origin = headers.get(header::ORIGIN);
        let origin = origin.map(|origin| String::from_utf8_lossy(origin.as_bytes()));
        let is_key = matches!(credential, Some(Credential::Key { .. }));
        match (&known.origins, origin) {
            (Some(allowed), Some(origin)) if allowed.iter().any(|one| *one == *origin) => Ok(()),
            (Some(_), Some(_)) => Err(Reason::Origin.because(format!("client {name} may not send from this page's origin"))),
            (Some(_), None) => Err(Reason::Origin.because(format!("client {name} may send from pages of certain origins only, and the request names none"))),
            (None, Some(_)) if is_secret && is_key => Err(Reason::Origin.because(format!(
                "client {name} has secret keys, which don't belong into a page: revoke this one, and make a client with `use: public`"
            ))),
            // A browser shows its certificate for whatever page asks it to.
            (None, Some(_)) if credential.is_none() => Err(Reason::Origin.because(format!(
                "client {name} has a certificate, which is good for programs and for pages of the client's `origins`, and it has none"
            ))),
            (None, _) => Ok(()),
        }
    }
}

/// The client whose certificate a connection has, if it is of one.
fn of_certificate(
    in_force: &InForce,
    certificate: &PeerCertificate,
) -> Result<Option<Arc<Known>>, Refused> {
    let found = in_force.clients.certificates.client(certificate);
    let found = found.map_err(|(denied, known)| (denied, Some(Arc::clone(known))))?;
    Ok(found.map(Arc::clone))
}

/// The client whose key or token is right.
fn known(
    in_force: &InForce,
    credential: &Credential<'_>,
    expected: &jwt::Expected,
) -> Result<Arc<Known>, Refused> {
    let clients = &in_force.clients;
    match credential {
        Credential::Key { key, .. } => match clients.of_key(*key) {
            Ok(known) => Ok(Arc::clone(known)),
            Err((denied, known)) => Err((denied, known.map(Arc::clone))),
        },
        Credential::Token(token) => {
            let Some(jwks) = &in_force.jwks else {
                let text = "what is presented is no key, and this server takes no tokens";
                return Err((Reason::Malformed.because(text), None));
            };
            let name = jwt::verify(token, jwks, expected).map_err(|bad| {
                let reason = match bad {
                    jwt::BadToken::Expired => Reason::Expired,
                    _ => Reason::Token,
                };
                (reason.because(bad.to_string()), None)
            })?;
            let known = clients.named(&name).map(Arc::clone);
            known.ok_or_else(|| {
                let text = "the token is good, and the client that it names may not send: the key file has no such client";
                (Reason::Client.because(text), None)
            })
        }
    }
}

/// Announced size of a body; 0 if none is.
fn announced(headers: &HeaderMap) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    length.unwrap_or_default()
}

/// Removes the query, which may hold a key, so that nothing can log it any more.
fn without_query<B>(request: &mut Request<B>) {
    let uri = request.uri_mut();
    if uri.query().is_none() {
        return;
    }
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = parts
        .path_and_query
        .and_then(|both| both.path().parse().ok());
    *uri = Uri::from_parts(parts).unwrap_or_default();
}
