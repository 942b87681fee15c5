//! Text as Markdown wants it.

/// Code within a sentence or a cell of a table; nothing for no text.
pub(crate) fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("`{}`", text.replace('|', "\\|")),
    }
}
