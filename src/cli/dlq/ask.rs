//! Confirmation before many dead letters are changed.

use std::io::{IsTerminal as _, Write as _};

/// Asks for confirmation. One dead letter needs none; without a terminal --yes is required.
pub(super) fn go_on(what: &str, letters: usize, yes: bool) -> anyhow::Result<bool> {
    if yes || letters <= 1 {
        return Ok(true);
    }
    anyhow::ensure!(
        std::io::stdin().is_terminal(),
        "{letters} dead letters are selected; --yes {what}s them without asking, --dry-run shows them"
    );
    let mut out = std::io::stderr();
    write!(out, "{what} {letters} dead letters? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
