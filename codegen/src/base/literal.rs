//! Texts as Rust literals.

/// A Rust string literal.
pub fn literal(text: &str) -> String {
    format!("{text:?}")
}

/// A raw Rust string literal, for text of several lines.
pub fn raw_literal(text: &str) -> String {
    let mut fence = String::from("#");
    while text.contains(&format!("\"{fence}")) {
        fence.push('#');
    }
    format!("r{fence}\"{text}\"{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_literal_fences_what_it_holds() {
        assert_eq!(raw_literal("a"), "r#\"a\"#");
        assert_eq!(raw_literal("\"#"), "r##\"\"#\"##");
    }
}
