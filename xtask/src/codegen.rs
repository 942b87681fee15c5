//! `cargo xtask codegen`: writes `generated/` and `migrations/`, or checks that they are up to date.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use event_grpc_codegen::base::diagnostic::{Diagnostic, Sources};
use event_grpc_codegen::report::draw::{Style, render};
use event_grpc_codegen::report::sarif::sarif;
use event_grpc_codegen::{Failure, generate_since};

/// Where formatted source is kept for the next run, from the root.
const KEPT: &str = "target/codegen";

/// Generates against what is released, or against a base that is named; with `check` it writes nothing and fails if anything
/// would change.
pub(crate) fn run(
    root: &Path,
    check: bool,
    base: Option<&str>,
    report: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("this machine's clock is before 1970")?
        .as_secs();
    let write = |mistakes: &[Diagnostic], sources: &Sources| match report {
        Some(path) => {
            fs::write(path, sarif(mistakes, sources)).with_context(|| path.display().to_string())
        }
        None => Ok(()),
    };
    let tree = match generate_since(root, base, now, Some(&root.join(KEPT))) {
        Ok(tree) => tree,
        Err(Failure::Mistakes(mistakes, sources)) => {
            write(&mistakes, &sources)?;
            show(&mistakes, &sources);
            return Ok(ExitCode::FAILURE);
        }
        Err(failure) => return Err(failure.into()),
    };
    write(&[], &Sources::default())?;
    for note in tree.notes() {
        eprintln!("note: {note}");
    }
    if check {
        return Ok(match tree.check(root)? {
            None => ExitCode::SUCCESS,
            Some(diff) => {
                print!("{diff}");
                eprintln!("generated/ or migrations/ is stale; run: cargo xtask codegen");
                ExitCode::FAILURE
            }
        });
    }
    let changed = tree.write(root)?;
    for path in &changed {
        println!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

/// Draws mistakes on standard error.
pub(crate) fn show(mistakes: &[Diagnostic], sources: &Sources) {
    let style = Style {
        colour: std::io::stderr().is_terminal(),
        width: 110,
    };
    eprint!("{}", render(mistakes, sources, style));
}
