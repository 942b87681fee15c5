//! Webhook authentication: signatures over the raw body, tokens, passwords, and secrets in the path.

mod head;
mod key;
mod signature;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderMap;

pub use self::head::Unproved;
use self::head::credentials;
use self::key::Key;
pub use self::key::{BadSecret, LEAST_IN_PATH};
use self::signature::Claim;
use crate::contract::{Scheme, Verify};
use crate::identity::Declared;

/// Verifier of a source's requests.
pub struct Verifier {
    scheme: Scheme,
    /// Keys, one for each accepted secret; none while the source is disabled.
    keys: Vec<Key>,
    /// True if the operator opened the source, so that nothing is verified.
    open: bool,
}

/// Proof in a request's head.
#[derive(Debug)]
pub enum Proof {
    /// The head proves it.
    Done,
    /// The body must have one of these signatures, which is still to be verified.
    Signature(Claim),
}

impl Verifier {
    /// Creates a verifier with the secrets in the environment. Without the first one it accepts nothing, unless it is
    /// `open`. A secret that can't be used is an error.
    pub fn new(
        verify: &Verify,
        open: bool,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> Result<Self, BadSecret> {
        let secret = |name: &str| variable(name).filter(|secret| !secret.is_empty());
        let mut keys = Vec::new();
        if let Some(present) = secret(verify.variable) {
            keys.push(Key::new(verify.variable, &verify.scheme, &present)?);
            let previous = format!("{}_PREVIOUS", verify.variable);
            if let Some(secret) = secret(&previous) {
                keys.push(Key::new(&previous, &verify.scheme, &secret)?);
            }
        }
        Ok(Verifier {
            scheme: verify.scheme,
            keys,
            open,
        })
    }

    /// True if there is no secret, so that nothing can be verified, and the source isn't opened.
    pub fn is_off(&self) -> bool {
        self.keys.is_empty() && !self.open
    }

    /// True if a request that is taken has proved where it comes from.
    pub fn proves(&self) -> bool {
        !self.open
    }

    /// True if bodies are read before their request is proved.
    pub fn reads_first(&self) -> bool {
        matches!(self.scheme, Scheme::Hmac(_)) && !self.open
    }

    /// True if a secret is expected behind the source's path.
    pub fn is_in_path(&self) -> bool {
        self.scheme == Scheme::Path
    }

    /// Header that holds a signature, which isn't passed on.
    pub fn signature_header(&self) -> Option<&'static str> {
        match self.scheme {
            Scheme::Hmac(signature) => Some(signature.header),
            Scheme::Bearer | Scheme::Basic | Scheme::Path => None,
        }
    }

    /// Challenge of HTTP for requests without credentials.
    pub fn challenge(&self) -> Option<&'static str> {
        match self.scheme {
            Scheme::Hmac(_) | Scheme::Path => None,
            Scheme::Bearer => Some("Bearer"),
            Scheme::Basic => Some("Basic realm=\"event-grpc\""),
        }
    }

    /// Reads the proof in the head of a request: its headers, and the segment behind the source's path. A signature is
    /// checked by [`Verifier::verify`] only. `now_ms` is the server's time.
    pub fn read(&self, headers: &HeaderMap, segment: &str, now_ms: u64) -> Result<Proof, Unproved> {
        if self.open {
            return Ok(Proof::Done);
        }
        match &self.scheme {
            Scheme::Hmac(signature) => {
                signature::read(signature, headers, now_ms).map(Proof::Signature)
            }
            Scheme::Bearer => self.same(credentials(headers, "bearer")?.as_bytes()),
            Scheme::Basic => {
                let encoded = credentials(headers, "basic")?;
                self.same(&BASE64.decode(encoded).map_err(|_| Unproved)?)
            }
            Scheme::Path => self.same(segment.as_bytes()),
        }
    }

    /// Checks the proof against the body.
    pub fn verify(&self, proof: &Proof, body: &[u8]) -> Result<(), Unproved> {
        match proof {
            Proof::Done => Ok(()),
            Proof::Signature(claim) => self.any(|key| claim.is_of(key, body)),
        }
    }

    fn same(&self, text: &[u8]) -> Result<Proof, Unproved> {
        self.any(|key| key.is_secret(text)).map(|()| Proof::Done)
    }

    /// Tries all keys, so that the time doesn't tell which one matched.
    fn any(&self, accepts: impl Fn(&Key) -> bool) -> Result<(), Unproved> {
        let accepted = self.keys.iter().filter(|key| accepts(key)).count();
        if accepted > 0 { Ok(()) } else { Err(Unproved) }
    }
}

impl Proof {
    /// What is signed beside the body, if a time is among it: a request that says the same is the same request, sent
    /// again by somebody who may not be its sender.
    pub fn signed_once(&self) -> Option<Declared> {
        match self {
            Proof::Done => None,
            Proof::Signature(claim) => claim.once(),
        }
    }
}

// Secrets are never shown.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Verifier");
        shown
            .field("scheme", &self.scheme)
            .field("keys", &self.keys.len())
            .field("open", &self.open);
        shown.finish()
    }
}

#[cfg(test)]
mod tests;
