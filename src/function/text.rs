//! Functions over texts.

use std::borrow::Cow;

use crate::protobuf::first_name;

/// Text, borrowed or owned.
pub fn cow<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
    text.into()
}

/// Upper case.
pub fn upper(text: &str) -> String {
    text.to_uppercase()
}

/// Lower case.
pub fn lower(text: &str) -> String {
    text.to_lowercase()
}

/// An address without its query and fragment.
pub fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// The name of an enum's value; an unknown one's number.
pub fn enum_name(names: &'static [(i32, &'static str)], number: i32) -> Cow<'static, str> {
    match first_name(names, number) {
        Some(name) => Cow::Borrowed(name),
        None => Cow::Owned(number.to_string()),
    }
}

/// The beginning of a text, for errors.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_address_ends_before_its_query() {
        assert_eq!(
            without_query("https://a.example/b?c=d#e"),
            "https://a.example/b"
        );
        assert_eq!(
            without_query("https://a.example/b#e?c"),
            "https://a.example/b"
        );
        assert_eq!(without_query(""), "");
    }
}
