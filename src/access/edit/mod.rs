//! Editing of a key file by commands: new keys and revocations, as lines of the text, so that comments stay.
//!
//! The edited text is read again and must be the old file with that one change, whatever the old one looks like.

mod lines;
mod store;

use lines::{Lines, client_text, key_text};
pub use store::{StoreError, change};

use super::clients::Clients;
use super::written::{self, BadFile, Moment, Written, WrittenClient, WrittenKey};
use crate::contract::Pipeline;

/// A key file can't be changed as wanted.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file, or what it would be, can't be used.
    #[error(transparent)]
    Bad(#[from] BadFile),
    /// No key has this id.
    #[error("no key has the id {0:?}; `event-grpc keys list` shows them")]
    NoKey(String),
    /// The key is revoked already.
    #[error("the key {id} was revoked at {at} already")]
    Revoked {
        /// Its id.
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
    let bytes = super::key::digest(key);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of a key file with one more key. A client that isn't there is added with `settings`; if there are settings for
/// one that is there, that is an error.
pub fn add(
    text: &str,
    client: &str,
    key: WrittenKey,
    settings: Option<WrittenClient>,
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
            let mut with_key = settings.clone();
            with_key.keys.push(key.clone());
            let by_hand = client_text(client, &with_key, 2);
            lines.add_client(by_hand.clone());
            by_hand
        }
        false => {
            lines.add_key(client, &key);
            key_text(&key, 6)
        }
    };
    wanted
        .clients
        .entry(client.to_owned())
        .or_insert(settings)
        .keys
        .push(key);
    edited(lines, &wanted, by_hand)
}

/// The text of a key file in which a key is revoked.
pub fn revoke(text: &str, id: &str, at: Moment) -> Result<String, EditError> {
    let mut wanted = written::read(text)?;
    let mut keys = wanted
        .clients
        .values_mut()
        .flat_map(|client| &mut client.keys);
    let Some(key) = keys.find(|key| key.id == id) else {
        return Err(EditError::NoKey(id.to_owned()));
    };
    if let Some(at) = key.revoked {
        let id = id.to_owned();
        return Err(EditError::Revoked { id, at });
    }
    key.revoked = Some(at);
    let mut lines = Lines::of(text);
    lines.revoke(id, at);
    edited(
        lines,
        &wanted,
        format!("revoked: {at}    # beside id: {id}"),
    )
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
