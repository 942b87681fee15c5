//! Secret of a webhook, as the key of a MAC.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::contract::{Scheme, SecretForm, Signature};

/// Minimum length of a secret in a path, in characters.
pub const LEAST_IN_PATH: usize = 16;

/// What a secret in base64 begins with.
const BASE64_MARK: &str = "whsec_";

/// Secret, as the key of a MAC.
pub(super) struct Key {
    mac: Hmac<Sha256>,
    /// MAC of the secret itself, which tells if another text is the secret without comparing the two.
    own: Vec<u8>,
}

/// A secret that can't be used. The secret isn't shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the secret in {variable} can't be used: {why}")]
pub struct BadSecret {
    /// The environment variable.
    pub variable: String,
    /// What is wrong, and what would do.
    pub why: &'static str,
}

impl Key {
    /// Creates the key of a secret that is used in this way.
    pub(super) fn new(variable: &str, scheme: &Scheme, secret: &str) -> Result<Self, BadSecret> {
        let bad = |why| BadSecret {
            variable: variable.to_owned(),
            why,
        };
        let in_base64 = |signature: &Signature| signature.secret == SecretForm::Base64;
        let bytes = match scheme {
            Scheme::Hmac(signature) if in_base64(signature) => {
                let text = secret.strip_prefix(BASE64_MARK).unwrap_or(secret);
                let not_base64 = "it should be base64, behind whsec_";
                BASE64.decode(text).map_err(|_| bad(not_base64))?
            }
            Scheme::Path if !fits_in_path(secret) => {
                return Err(bad(
                    "a secret in a path has at least 16 characters, which are letters, digits or -._~; `openssl rand -hex 32` makes one",
                ));
            }
            _ => secret.as_bytes().to_vec(),
        };
        // HMAC accepts keys of any length, so this never fails.
        let mac = Hmac::new_from_slice(&bytes).map_err(|_| bad("it is no key of an HMAC"))?;
        let own = Hmac::<Sha256>::clone(&mac).chain_update(secret).finalize();
        Ok(Key {
            mac,
            own: own.into_bytes().to_vec(),
        })
    }

    /// True if this is the MAC of the pieces, one behind the other; in constant time.
    pub(super) fn signs<'a>(
        &self,
        pieces: impl Iterator<Item = &'a [u8]>,
        signature: &[u8],
    ) -> bool {
        let mut mac = self.mac.clone();
        for piece in pieces {
            mac.update(piece);
        }
        mac.verify_slice(signature).is_ok()
    }

    /// True if a text is the secret; in constant time.
    pub(super) fn is_secret(&self, text: &[u8]) -> bool {
        self.signs([text].into_iter(), &self.own)
    }
}

/// True if a text stands in a path as it is, and is long enough.
fn fits_in_path(secret: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    secret.len() >= LEAST_IN_PATH && secret.chars().all(plain)
}
