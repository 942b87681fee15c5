//! Names in generated Rust: made from proto names and column names, valid, and different from one another.

use std::collections::BTreeSet;

pub use crate::base::literal::literal;
use crate::base::names::snake_case;

/// Words that a generated binding can't be called; those that no raw identifier can be are among them.
const KEYWORDS: &[&str] = &[
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "_",
];

/// Names that are taken in one scope.
#[derive(Debug, Clone, Default)]
pub struct Taken(BTreeSet<String>);

impl Taken {
    /// A scope in which these names are already in use.
    pub fn with(names: &[&str]) -> Self {
        Taken(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// This name, with underscores behind it where it is a keyword or taken.
    pub fn claim(&mut self, name: String) -> String {
        let mut free = name;
        while KEYWORDS.contains(&free.as_str()) || self.0.contains(&free) {
            free.push('_');
        }
        self.0.insert(free.clone());
        free
    }
}

/// `currentURL` to `current_url`, `OTPVerifiedEvent` to `otp_verified_event`; anything that is neither letter
/// nor digit becomes an underscore.
pub fn snake(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let mut out = snake_case(&plain);
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, '_');
    }
    out
}

/// `AddToCartEvent` to `ADD_TO_CART_EVENT`.
pub fn constant(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

/// `add_to_cart` or `event.Header` to `AddToCart` and `EventHeader`; capitals stay.
pub fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut chars = word.chars();
        if let Some(first) = chars.next() {
            out.push(first.to_ascii_uppercase());
            out.push_str(chars.as_str());
        }
    }
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) {
        out.insert(0, 'X');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snake_case_splits_words_and_keeps_abbreviations_together() {
        for (name, expected) in [
            ("sessionId", "session_id"),
            ("currentURL", "current_url"),
            ("OTPVerifiedEvent", "otp_verified_event"),
            ("testParam1", "test_param1"),
            ("enterPWAProductPageEvent", "enter_pwa_product_page_event"),
            ("utm_source", "utm_source"),
            ("a-b c", "a_b_c"),
            ("2nd", "_2nd"),
        ] {
            assert_eq!(snake(name), expected);
        }
        assert_eq!(constant("LaunchEvent"), "LAUNCH_EVENT");
        assert_eq!(camel("post_log"), "PostLog");
    }

    #[test]
    fn a_claimed_name_is_neither_a_keyword_nor_taken() {
        let mut taken = Taken::with(&["header"]);
        assert_eq!(taken.claim("type".into()), "type_");
        assert_eq!(taken.claim("header".into()), "header_");
        assert_eq!(taken.claim("header".into()), "header__");
        assert_eq!(taken.claim("id".into()), "id");
    }
}
