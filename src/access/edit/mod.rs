//! Editing of a key file by commands: new keys, certificates and revocations, as lines of the text, so that comments stay.
//!
//! The edited text is read again and must be the old file with that one change, whatever the old one looks like.

mod lines;
mod store;

use lines::{Item, Lines, client_text};
pub use store::{StoreError, change};

use super::clients::Clients;
use super::written::{
    self, BadFile, Moment, Written, WrittenCertificate, WrittenClient, WrittenKey,
};
use crate::contract::Pipeline;

/// Minimum length of a fingerprint's beginning by which a certificate is found, in digits.
pub const SHORTEST: usize = 12;

/// A key file can't be changed as wanted.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file, or what it would be, can't be used.
    #[error(transparent)]
    Bad(#[from] BadFile),
    /// Nothing is found by this.
    #[error(
        "no key has the id {0:?}, and no certificate that name or fingerprint; `event-grpc keys list` shows them"
    )]
    NoKey(String),
    /// Several are found by this.
    #[error("{0:?} stands for several certificates; give the whole fingerprint, or edit the file")]
    Several(String),
    /// The key or the certificate is revoked already.
    #[error("{id} was revoked at {at} already")]
    Revoked {
        /// Its id, fingerprint or name.
        id: String,
        /// When it was revoked.
        at: Moment,
    },
    /// The client is there, and has settings of its own.
    #[error("client {0} is there already; to change what it may do, edit the file")]
    Settings(String),
    /// The file is written in a way that lines can't be added to.
    #[error(
        "the file is written in a way that this command can't add to; write this into it yourself:\n{0}"
    )]
    ByHand(String),
}

/// Checks a key file against a pipeline. Returns what has no effect.
///
/// # Errors
///
/// If it can't be used.
pub fn check(written: &Written, pipeline: &Pipeline) -> Result<Vec<String>, BadFile> {
    Clients::new(written, pipeline, None).map(|clients| clients.odd)
}

/// SHA-256 of a key, as a key file holds it.
pub fn digest(key: &str) -> String {
    hex(&super::key::digest(key))
}

/// A SHA-256 as a key file holds it.
pub fn hex(sha256: &[u8; 32]) -> String {
    sha256.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of a key file with one more key. A client that isn't there is added with `settings`; if there are settings for
/// one that is there, that is an error.
pub fn add(
    text: &str,
    client: &str,
    key: WrittenKey,
    settings: Option<WrittenClient>,
) -> Result<String, EditError> {
    let item = Item::of_key(&key);
    added(text, client, &item, settings, |client| {
        client.keys.push(key);
    })
}

/// The text of a key file with one more certificate; the rest is as with a key.
pub fn add_certificate(
    text: &str,
    client: &str,
    certificate: WrittenCertificate,
    settings: Option<WrittenClient>,
) -> Result<String, EditError> {
    let item = Item::of_certificate(&certificate);
    added(text, client, &item, settings, |client| {
        client.certificates.push(certificate);
    })
}

fn added(
    text: &str,
    client: &str,
    item: &Item,
    settings: Option<WrittenClient>,
    push: impl FnOnce(&mut WrittenClient),
) -> Result<String, EditError> {
    let mut wanted = written::read(text)?;
    let new = !wanted.clients.contains_key(client);
    if settings.is_some() && !new {
        return Err(EditError::Settings(client.to_owned()));
    }
    let settings = settings.unwrap_or_default();
    let mut lines = Lines::of(text);
    let by_hand = match new {
        true => {
            let by_hand = client_text(client, &settings, item, 2);
            lines.add_client(by_hand.clone());
            by_hand
        }
        false => {
            lines.add_item(client, item);
            item.text(6)
        }
    };
    push(wanted.clients.entry(client.to_owned()).or_insert(settings));
    edited(lines, &wanted, by_hand)
}

/// The text of a key file in which something is revoked: a key by its id, a certificate by its name, its fingerprint, or
/// the fingerprint's first twelve digits or more.
pub fn revoke(text: &str, id: &str, at: Moment) -> Result<String, EditError> {
    let mut wanted = written::read(text)?;
    let clients = || wanted.clients.values();
    let keys = clients().flat_map(|client| &client.keys);
    let is_key = keys.clone().any(|key| key.id == id);
    let (field, value) = if is_key {
        ("id", id.to_owned())
    } else {
        let all = clients().flat_map(|client| &client.certificates);
        let mut found = all.filter(|one| is_meant(one, id));
        let one = found.next();
        let one = one.ok_or_else(|| EditError::NoKey(id.to_owned()))?;
        if found.next().is_some() {
            return Err(EditError::Several(id.to_owned()));
        }
        match one.sha256 {
            Some(_) => ("sha256", one.word().to_owned()),
            None => ("name", one.word().to_owned()),
        }
    };
    for client in wanted.clients.values_mut() {
        let keys = client.keys.iter_mut();
        let keys = keys.filter(|key| is_key && key.id == id);
        let certificates = client.certificates.iter_mut();
        let certificates = certificates.filter(|one| !is_key && one.word() == value);
        let revoked = keys.map(|key| &mut key.revoked);
        for revoked in revoked.chain(certificates.map(|one| &mut one.revoked)) {
            if let Some(at) = *revoked {
                let id = value.clone();
                return Err(EditError::Revoked { id, at });
            }
            *revoked = Some(at);
        }
    }
    let mut lines = Lines::of(text);
    lines.revoke(field, &value, at);
    edited(
        lines,
        &wanted,
        format!("revoked: {at}    # beside {field}: {value}"),
    )
}

/// True if a certificate is meant by a text.
fn is_meant(certificate: &WrittenCertificate, text: &str) -> bool {
    let plain = |text: &str| text.replace(':', "").to_ascii_lowercase();
    if let Some(sha256) = &certificate.sha256 {
        let beginning = plain(text);
        return beginning.len() >= SHORTEST && plain(sha256).starts_with(&beginning);
    }
    certificate.name.as_deref() == Some(text)
}

/// The edited text, if it says what is wanted.
fn edited(lines: Lines, wanted: &Written, by_hand: String) -> Result<String, EditError> {
    let text = lines.text();
    match written::read(&text) {
        Ok(written) if written == *wanted => Ok(text),
        _ => Err(EditError::ByHand(by_hand)),
    }
}

#[cfg(test)]
mod tests;
