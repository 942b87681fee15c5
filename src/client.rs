//! Client: who sent a request, as far as it was proved.
//!
//! Whatever checks a request's proof puts the client among the request's extensions; intake takes it from there. A
//! request without one comes from an unknown sender.

use std::sync::Arc;

use http::Extensions;

/// Maximum length of a client's name, in bytes.
pub const LONGEST_NAME: usize = 64;

/// Sender of a request, by the stable name that its keys have in common; cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Client(Option<Arc<str>>);

impl Client {
    /// A sender whose name is proved. None if it is no name: empty, longer than [`LONGEST_NAME`], or with anything but
    /// lower-case letters, digits, `-`, `_` and `.`.
    pub fn named(name: &str) -> Option<Self> {
        is_name(name).then(|| Client(Some(name.into())))
    }

    /// Sender among a request's extensions.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Client>().cloned().unwrap_or_default()
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

/// True if a text can be a client's name; see [`Client::named`].
pub fn is_name(name: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_.".contains(&byte);
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(fits)
}

/// Client's name in the bytes of a field or header; empty if it is none.
pub fn name_in(bytes: &[u8]) -> &str {
    let name = std::str::from_utf8(bytes).unwrap_or_default();
    if is_name(name) { name } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        let long = "a".repeat(LONGEST_NAME + 1);
        for wrong in ["", "Shop", "a b", "a/b", "é", &long] {
            assert_eq!(Client::named(wrong), None, "{wrong}");
            assert_eq!(name_in(wrong.as_bytes()), "", "{wrong}");
        }
        let shop = Client::named("shop-web_2.0");
        assert_eq!(shop.as_ref().map(Client::name), Some("shop-web_2.0"));
        assert_eq!(name_in(b"shop-web_2.0"), "shop-web_2.0");
        assert_eq!(name_in(b"\xff"), "");
        assert_eq!(Client::default().name(), "");
    }
}
