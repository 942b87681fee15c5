//! Client: who sent a request, as far as it was proved.
//!
//! Whatever checks a request's proof puts the client among the request's extensions; intake takes it from there. A
//! request without one comes from an unknown sender.

use std::sync::Arc;

/// Maximum length of a client's name, in bytes.
pub const LONGEST_NAME: usize = 64;

/// Sender of a request, by the stable name that its keys have in common; cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Client(Option<Arc<str>>);

impl Client {
    /// A sender whose name is proved. None if it is no name: empty, longer than [`LONGEST_NAME`], or with anything but
    /// lower-case letters, digits, `-`, `_` and `.`.
    pub fn named(name: &str) -> Option<Self> {
        let fits =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
        let is_name = !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(fits);
        is_name.then(|| Client(Some(name.into())))
    }

    /// Name; empty if the sender is unknown.
    pub fn name(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// True if nothing proves who it is.
    pub fn is_unknown(&self) -> bool {
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        let long = "a".repeat(LONGEST_NAME + 1);
        for wrong in ["", "Shop", "a b", "a/b", "é", &long] {
            assert_eq!(Client::named(wrong), None, "{wrong}");
        }
        let shop = Client::named("shop-web_2.0");
        assert_eq!(shop.as_ref().map(Client::name), Some("shop-web_2.0"));
        assert_eq!(Client::default().name(), "");
    }
}
