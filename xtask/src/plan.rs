//! `cargo xtask plan`: a change of the declarations, for its reviewer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ValueEnum;
use event_grpc_codegen::review::{Severity, page};
use event_grpc_codegen::{Failure, review};

use crate::codegen;

/// Options of the command.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What is released: a commit; by default the last one that the main branch has as well
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// What it is printed as
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write it to this file instead of standard output
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

/// Prints the review. Exit codes: 0 if nothing hurts, 2 if something hurts and is meant, 1 if something is refused.
pub(crate) fn run(root: &Path, args: &Args) -> anyhow::Result<ExitCode> {
    let review = match review(root, args.base.as_deref()) {
        Ok(review) => review,
        Err(Failure::Mistakes(mistakes, sources)) => {
            codegen::show(&mistakes, &sources);
            return Ok(ExitCode::FAILURE);
        }
        Err(failure) => return Err(failure.into()),
    };
    let text = match args.format {
        Format::Text => page::text(&review),
        Format::Markdown => page::markdown(&review),
        Format::Json => serde_json::to_string_pretty(&review)? + "\n",
    };
    match &args.out {
        Some(path) => fs::write(path, text).with_context(|| path.display().to_string())?,
        None => print!("{text}"),
    }
    Ok(match review.severity {
        Severity::Safe => ExitCode::SUCCESS,
        Severity::Meant => ExitCode::from(2),
        Severity::Refused => ExitCode::FAILURE,
    })
}
