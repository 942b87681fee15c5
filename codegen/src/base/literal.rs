//! Texts as Rust literals.

/// A Rust string literal.
pub fn literal(text: &str) -> String {
    format!("{text:?}")
}
