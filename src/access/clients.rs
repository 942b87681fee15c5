//! Clients in force: the key file, checked and made ready to be asked.

use std::collections::HashMap;
use std::sync::Arc;

use subtle::ConstantTimeEq as _;

use super::certificates::Certificates;
use super::denied::{Denied, Reason};
use super::key::{KeyDigest, PresentedKey, is_id};
use super::known::Known;
use super::written::{BadFile, Moment, Written, WrittenKey, sha256};
use crate::contract::Pipeline;

/// Clients and keys of a key file.
#[derive(Debug, Default)]
pub(super) struct Clients {
    by_name: HashMap<String, Arc<Known>>,
    keys: HashMap<String, Key>,
    pub(super) certificates: Certificates,
    /// What was found odd and harms nobody, for the operator.
    pub(super) odd: Vec<String>,
}

/// Key in force, or one that was.
struct Key {
    digest: KeyDigest,
    expires: Option<Moment>,
    revoked: Option<Moment>,
    client: Arc<Known>,
}

impl Clients {
    /// Clients of a key file. `before` are those that were in force, whose rates go on.
    ///
    /// # Errors
    ///
    /// If the file contradicts itself, or something in it can't be right.
    pub(super) fn new(
        written: &Written,
        pipeline: &Pipeline,
        before: Option<&Clients>,
    ) -> Result<Self, BadFile> {
        let mut clients = Clients::default();
        if written.clients.is_empty() {
            let odd = "there is no client in it: every key is refused; add one with: event-grpc keys new NAME";
            clients.odd.push(odd.to_owned());
        }
        for (name, client) in &written.clients {
            let wrong = |text: String| BadFile(format!("client `{name}`: {text}"));
            let earlier = before.and_then(|before| before.by_name.get(name));
            let known = Known::new(name, client, pipeline, earlier, &mut clients.odd);
            let known = Arc::new(known.map_err(wrong)?);
            for key in &client.keys {
                let ready = Key::new(key, &known).map_err(wrong)?;
                if clients.keys.insert(key.id.clone(), ready).is_some() {
                    return Err(wrong(format!(
                        "the id {} is that of another key, too",
                        key.id
                    )));
                }
            }
            for certificate in &client.certificates {
                clients
                    .certificates
                    .add(certificate, &known)
                    .map_err(wrong)?;
            }
            clients.by_name.insert(name.clone(), known);
        }
        Ok(clients)
    }

    /// Number of clients, and of keys and certificates that are not revoked.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let live = self.keys.values().filter(|key| key.revoked.is_none());
        (self.by_name.len(), live.count(), self.certificates.live())
    }

    /// The client with this name.
    pub(super) fn named(&self, name: &str) -> Option<&Arc<Known>> {
        self.by_name.get(name)
    }

    /// The client that a key is of. An id that no key has costs the same as a wrong secret.
    pub(super) fn of_key(
        &self,
        presented: PresentedKey<'_>,
    ) -> Result<&Arc<Known>, (Denied, Option<&Arc<Known>>)> {
        const NONE: KeyDigest = [0; 32];
        let key = self.keys.get(presented.id);
        let expected = key.map_or(&NONE, |key| &key.digest);
        let same = bool::from(presented.digest().ct_eq(expected));
        let Some(key) = key.filter(|_| same) else {
            let text = "the key is not known; it may be of another environment, or removed";
            return Err((Reason::Unknown.because(text), None));
        };
        let ended = |denied: Denied| Err((denied, Some(&key.client)));
        if let Some(revoked) = key.revoked {
            let text = format!("the key {} was revoked at {revoked}", presented.id);
            return ended(Reason::Revoked.because(text));
        }
        if let Some(expires) = key.expires.filter(|expires| expires.is_past()) {
            let text = format!("the key {} expired at {expires}", presented.id);
            return ended(Reason::Expired.because(text));
        }
        Ok(&key.client)
    }
}

impl Key {
    fn new(written: &WrittenKey, client: &Arc<Known>) -> Result<Self, String> {
        if !is_id(&written.id) {
            return Err(format!(
                "`{}` is not the id of a key: 12 letters and digits",
                written.id
            ));
        }
        let digest = sha256(&written.sha256).ok_or_else(|| {
            format!(
                "the sha256 of key {} is not 64 hexadecimal digits",
                written.id
            )
        })?;
        Ok(Key {
            digest,
            expires: written.expires,
            revoked: written.revoked,
            client: Arc::clone(client),
        })
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Key").field(&self.client.client).finish()
    }
}
