//! The question before something is done to many letters.

use std::io::{IsTerminal as _, Write as _};

/// Whether to go on. One letter needs no question; without a terminal there is nobody to ask.
pub(super) fn go_on(what: &str, letters: usize, yes: bool) -> anyhow::Result<bool> {
    if yes || letters <= 1 {
        return Ok(true);
    }
    anyhow::ensure!(
        std::io::stdin().is_terminal(),
        "{letters} letters are selected; --yes {what}s them without a question, --dry-run shows them"
    );
    let mut out = std::io::stderr();
    write!(out, "{what} {letters} dead letters? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
