//! Facts of a model that are being collected.

use std::collections::BTreeMap;

use super::kind::Kind;

/// Facts by kind and subject: `queue orders_q`, or `bind orders_q shop.dx order`.
pub(crate) type Contracts = BTreeMap<String, String>;

/// Facts that are being collected.
pub(super) struct Facts(pub(super) Contracts);

impl Facts {
    /// Adds a fact.
    pub(super) fn add(&mut self, kind: &Kind, subject: &[&str], value: impl Into<String>) {
        let mut key = kind.word.to_owned();
        for name in subject {
            key.push(' ');
            key.push_str(&word(name));
        }
        self.0.insert(key, value.into());
    }
}

/// A name as one word: quoted if it is empty or has a space in it.
fn word(name: &str) -> String {
    match name.is_empty() || name.contains([' ', '"', '\n']) {
        true => format!("{name:?}").replace(' ', "\\u{20}"),
        false => name.to_owned(),
    }
}
