//! Client certificates of the key file: which client a verified certificate is of.
//!
//! The handshake has proved that the sender holds the certificate's private key, and that an authority of
//! `--tls-client-ca` signed it. What is here only says whose it is, so that nothing of it is secret.

use std::collections::HashMap;
use std::sync::Arc;

use super::denied::{Denied, Reason};
use super::known::Known;
use super::written::{self, Moment, WrittenCertificate};
use crate::tls::PeerCertificate;

/// Maximum length of a name in bytes; the listeners take no longer ones from certificates.
const LONGEST_NAME: usize = 256;

/// Certificates of all clients.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    by_sha256: HashMap<[u8; 32], Certificate>,
    by_name: HashMap<String, Certificate>,
}

/// What is known of a certificate, or of all that have one name.
#[derive(Debug)]
struct Certificate {
    expires: Option<Moment>,
    revoked: Option<Moment>,
    client: Arc<Known>,
}

impl Certificates {
    /// Adds one of a client.
    ///
    /// # Errors
    ///
    /// If it names no certificate, or one that is listed already.
    pub(super) fn add(
        &mut self,
        written: &WrittenCertificate,
        client: &Arc<Known>,
    ) -> Result<(), String> {
        let certificate = Certificate {
            expires: written.expires,
            revoked: written.revoked,
            client: Arc::clone(client),
        };
        let before = match (&written.sha256, &written.name) {
            (Some(text), None) => {
                let sha256 = fingerprint(text).ok_or_else(|| {
                    format!("the sha256 `{text}` of a certificate is not 64 hexadecimal digits")
                })?;
                self.by_sha256.insert(sha256, certificate)
            }
            (None, Some(name)) if is_name(name) => self.by_name.insert(name.clone(), certificate),
            (None, Some(_)) => {
                return Err(format!(
                    "the name of a certificate has 1 to {LONGEST_NAME} bytes and no control characters"
                ));
            }
            _ => return Err("a certificate has either `sha256` or `name`".to_owned()),
        };
        match before {
            None => Ok(()),
            Some(before) => Err(format!(
                "the certificate `{}` is listed for client `{}`, too",
                written.word(),
                before.client.client.name()
            )),
        }
    }

    /// Number of those that are not revoked.
    pub(super) fn live(&self) -> usize {
        let all = self.by_sha256.values().chain(self.by_name.values());
        all.filter(|one| one.revoked.is_none()).count()
    }

    /// True if none is listed.
    pub(super) fn is_empty(&self) -> bool {
        self.by_sha256.is_empty() && self.by_name.is_empty()
    }

    /// The client that a verified certificate is of; none if it is of no client. What is said of the certificate itself
    /// comes before what is said of its name, so that one of many with a name can be revoked.
    pub(super) fn client(
        &self,
        shown: &PeerCertificate,
    ) -> Result<Option<&Arc<Known>>, (Denied, &Arc<Known>)> {
        let found = self.by_sha256.get(shown.sha256());
        let Some(found) = found.or_else(|| self.by_name.get(shown.name())) else {
            return Ok(None);
        };
        let name = found.client.client.name();
        if let Some(revoked) = found.revoked {
            let text = format!("the client certificate of {name} was revoked at {revoked}");
            return Err((Reason::Revoked.because(text), &found.client));
        }
        if let Some(expires) = found.expires.filter(|expires| expires.is_past()) {
            let text = format!("the client certificate of {name} expired at {expires}");
            return Err((Reason::Expired.because(text), &found.client));
        }
        Ok(Some(&found.client))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.chars().any(char::is_control)
}

/// Reads a fingerprint: 64 hexadecimal digits, with colons between bytes or without, as OpenSSL prints it.
fn fingerprint(text: &str) -> Option<[u8; 32]> {
    written::sha256(&text.replace(':', ""))
}
