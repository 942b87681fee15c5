//! The code blocks of the README's walk, so that the test makes what the README shows and nothing else.

use std::path::Path;

/// The section that users walk through.
const SECTION: &str = "## Add an event type";

/// Instructions of the section, and the output that it promises.
pub(super) struct Walk {
    /// The new message.
    pub(super) message: String,
    /// The variant of the oneof.
    pub(super) variant: String,
    /// The typed table.
    pub(super) table: String,
    /// Diagnostic for a column whose declared type is wrong.
    pub(super) complaint: String,
}

/// Reads the section of the project's README.
pub(super) fn walk(project: &Path) -> Walk {
    let text = std::fs::read_to_string(project.join("README.md")).unwrap();
    let section = text
        .split_once(&format!("\n{SECTION}\n"))
        .unwrap_or_else(|| panic!("README.md has no section `{SECTION}`"))
        .1;
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = blocks(section);
    let block = |language: &str, starts: &str| {
        let found = blocks
            .iter()
            .find(|(of, text)| *of == language && text.contains(starts));
        let Some((_, text)) = found else {
            panic!("README.md, `{SECTION}`: there is no ```{language} block with `{starts}`");
        };
        text.clone()
    };
    Walk {
        message: block("proto", "message WishlistAddedEvent {"),
        variant: block("proto", "WishlistAddedEvent wishlistAddedEvent ="),
        table: block("yaml", "  wishlist:"),
        complaint: block("", "EG047"),
    }
}

/// Language and text of each code block.
pub(crate) fn blocks(section: &str) -> Vec<(&str, String)> {
    let mut found = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in section.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language, String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}
