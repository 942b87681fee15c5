//! Webhook authentication: signatures over the raw body, tokens and passwords.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, header};
use sha2::Sha256;

use crate::contract::{Encoding, Scheme, Verify};

type Hmac256 = Hmac<Sha256>;

/// Verifier of a source's requests.
pub struct Verifier {
    scheme: Scheme,
    /// Keys, one for each accepted secret; none while the source is disabled.
    keys: Vec<Key>,
}

/// Secret, as the key of a MAC.
struct Key {
    mac: Hmac256,
    /// MAC of the secret itself, which tells if another text is the secret without comparing the two.
    own: Vec<u8>,
}

/// Proof in a request's headers.
#[derive(Debug)]
pub enum Proof {
    /// The headers prove it.
    Done,
    /// The body must have this signature, which is still to be verified.
    Signature(Vec<u8>),
}

/// The request doesn't prove its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unproved;

impl Verifier {
    /// Creates a verifier with the secrets in the environment. Without the first one it accepts nothing.
    pub fn new(verify: &Verify, variable: &impl Fn(&str) -> Option<String>) -> Self {
        let secret = |name: &str| variable(name).filter(|secret| !secret.is_empty());
        let keys = match secret(verify.variable) {
            None => Vec::new(),
            Some(present) => {
                let previous = secret(&format!("{}_PREVIOUS", verify.variable));
                let secrets = [Some(present), previous];
                secrets
                    .into_iter()
                    .flatten()
                    .filter_map(|s| Key::new(&s))
                    .collect()
            }
        };
        Verifier {
            scheme: verify.scheme,
            keys,
        }
    }

    /// True if there is no secret, so that nothing can be verified.
    pub fn is_off(&self) -> bool {
        self.keys.is_empty()
    }

    /// Header that holds a signature, which isn't passed on.
    pub fn signature_header(&self) -> Option<&'static str> {
        match self.scheme {
            Scheme::Hmac { header, .. } => Some(header),
            Scheme::Bearer | Scheme::Basic => None,
        }
    }

    /// Challenge of HTTP for requests without credentials.
    pub fn challenge(&self) -> Option<&'static str> {
        match self.scheme {
            Scheme::Hmac { .. } => None,
            Scheme::Bearer => Some("Bearer"),
            Scheme::Basic => Some("Basic realm=\"event-grpc\""),
        }
    }

    /// Reads the proof in the headers. A signature is checked by [`Verifier::verify`] only.
    pub fn read(&self, headers: &HeaderMap) -> Result<Proof, Unproved> {
        match self.scheme {
            Scheme::Hmac {
                header,
                encoding,
                prefix,
            } => {
                let text = single(headers, header)?;
                let signature = text.trim().strip_prefix(prefix).ok_or(Unproved)?;
                let signature = match encoding {
                    Encoding::Hex => hex(signature),
                    Encoding::Base64 => BASE64.decode(signature).ok(),
                };
                signature.map(Proof::Signature).ok_or(Unproved)
            }
            Scheme::Bearer => self.same(credentials(headers, "bearer")?.as_bytes()),
            Scheme::Basic => {
                let encoded = credentials(headers, "basic")?;
                self.same(&BASE64.decode(encoded).map_err(|_| Unproved)?)
            }
        }
    }

    /// Checks the proof against the body.
    pub fn verify(&self, proof: &Proof, body: &[u8]) -> Result<(), Unproved> {
        match proof {
            Proof::Done => Ok(()),
            Proof::Signature(signature) => self.any(|key| key.signs(body, signature)),
        }
    }

    fn same(&self, text: &[u8]) -> Result<Proof, Unproved> {
        self.any(|key| key.signs(text, &key.own))
            .map(|()| Proof::Done)
    }

    /// Tries all keys, so that the time doesn't tell which one matched.
    fn any(&self, accepts: impl Fn(&Key) -> bool) -> Result<(), Unproved> {
        let accepted = self.keys.iter().filter(|key| accepts(key)).count();
        if accepted > 0 { Ok(()) } else { Err(Unproved) }
    }
}

// Secrets are never shown.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Verifier");
        shown
            .field("scheme", &self.scheme)
            .field("keys", &self.keys.len());
        shown.finish()
    }
}

// === impl Key ===

impl Key {
    fn new(secret: &str) -> Option<Self> {
        // HMAC accepts keys of any length, so this never fails.
        let mac = Hmac256::new_from_slice(secret.as_bytes()).ok()?;
        let own = mac.clone().chain_update(secret).finalize();
        Some(Key {
            mac,
            own: own.into_bytes().to_vec(),
        })
    }

    /// True if this is the MAC of the message; in constant time.
    fn signs(&self, message: &[u8], signature: &[u8]) -> bool {
        let mac = self.mac.clone().chain_update(message);
        mac.verify_slice(signature).is_ok()
    }
}

/// Value of a header that occurs exactly once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Unproved> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Unproved),
        _ => Err(Unproved),
    }
}

/// Credentials that follow the scheme in `Authorization`.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Result<&'a str, Unproved> {
    let text = single(headers, header::AUTHORIZATION.as_str())?;
    let (name, credentials) = text.trim().split_once(' ').ok_or(Unproved)?;
    match name.eq_ignore_ascii_case(scheme) {
        true => Ok(credentials.trim_start()),
        false => Err(Unproved),
    }
}

/// Decodes hexadecimal digits.
fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let digit = |c: u8| {
        char::from(c)
            .to_digit(16)
            .and_then(|d| u8::try_from(d).ok())
    };
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests;
